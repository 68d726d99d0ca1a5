"""Routes that packages take over from mixins."""

from __future__ import annotations

import pytest

from steamship.base.package_spec import RouteConflictError
from steamship.invocable import PackageMixin, PackageService, get, post
from steamship.invocable.serving import DefinitionError, describe


class Counting(PackageMixin):
    def __init__(self, start: int) -> None:
        self.count = start

    def instance_init(self) -> None:
        self.count += 100

    @post("count")
    def up(self, by: int = 1) -> int:
        """Count up."""
        self.count += by
        return self.count


class Quiet(PackageMixin):
    @get("quiet")
    def quiet(self) -> str:
        return "sh"


class Counter(PackageService):
    USED_MIXIN_CLASSES = [Counting]

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.add_mixin(Counting(10))
        self.add_mixin(Quiet())


def test_a_mixins_method_is_served_with_its_own_state(serve):
    """A route of a mixin calls the object that the constructor added, arguments checked as any."""
    instance = serve(Counter)
    assert instance.value("count", by="2") == 12
    assert instance.value("/count") == 13
    assert instance.post("count", by="x").status == 400


def test_used_mixins_are_in_the_class_spec():
    """A mixin named in USED_MIXIN_CLASSES is described, with its class as className."""
    spec = describe(Counter)["spec"]
    assert spec["usedMixins"] == [f"{__name__}.Counting"]
    count = next(m for m in spec["methods"] if m["path"] == "/count")
    assert (count["className"], count["doc"], count["args"][0]["name"]) == ("Counting", "Count up.", "by")


def test_a_mixin_that_only_the_constructor_adds_is_served(serve):
    """A route that the class itself does not know is found on the object."""
    assert serve(Counter).get("quiet").body == b"sh"
    assert "/quiet" not in {m["path"] for m in describe(Counter)["spec"]["methods"]}


def test_instance_init_reaches_the_mixins(serve):
    """Preparing an instance prepares its mixins, and the description says that there is work to do."""
    instance = serve(Counter)
    assert instance.post("__instance_init__").body == b"true"
    assert instance.value("count") == 111
    assert describe(Counter)["needsInit"] is True


def test_a_named_mixin_that_was_never_added_says_so(serve):
    """Calling a route of a mixin that the constructor did not add names what to call."""

    class Forgetful(PackageService):
        USED_MIXIN_CLASSES = [Counting]

    error = serve(Forgetful).post("count").error
    assert 'mixin "Counting", which this package never added' in error["message"]


def test_a_conflict_with_the_package_is_refused_at_deploy():
    """A mixin whose route the package has already is refused, naming both classes."""

    class Clash(PackageService):
        USED_MIXIN_CLASSES = [Quiet]

        @get("/quiet")
        def mine(self): ...

    with pytest.raises(
        DefinitionError, match='mixin "Quiet" brings the route "GET /quiet", which class "Clash"'
    ):
        describe(Clash)


def test_a_conflict_at_run_time_is_refused_unless_permitted():
    """Adding a mixin whose route is taken raises RouteConflictError, or replaces it when permitted."""

    class Mine(PackageService):
        @get("quiet")
        def mine(self):
            return "mine"

    package = Mine()
    with pytest.raises(RouteConflictError) as caught:
        package.add_mixin(Quiet())
    assert caught.value.existing_method_spec.class_name == "Mine"
    package.add_mixin(Quiet(), permit_overwrite_of_existing_methods=True)
    assert package._package_spec.get_method("GET", "quiet").class_name == "Quiet"
    assert Mine()._package_spec.get_method("GET", "quiet").class_name == "Mine"


def test_a_subclass_may_replace_a_mixins_route():
    """A subclass of a package with mixins may serve a mixin's route itself."""

    class Own(Counter):
        @post("count")
        def mine(self) -> int:
            return -1

    assert next(m for m in describe(Own)["spec"]["methods"] if m["path"] == "/count")["className"] == "Own"
