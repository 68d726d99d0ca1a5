"""Which routes a class ends up with."""

from __future__ import annotations

import pytest

from steamship.base.package_spec import MethodSpec
from steamship.invocable import PackageService, get, post
from steamship.invocable.class_spec import class_spec
from steamship.invocable.definition import DefinitionError


class Base(PackageService):
    @post("paint", public=True, timeout=10, colours=["red"])
    def paint(self) -> str:
        return "base"

    @get("wall")
    def wall(self) -> str:
        return "base wall"


class Child(Base):
    def paint(self) -> str:
        return "child"

    @get("/wall")
    def other_wall(self) -> str:
        return "child wall"


def routes(cls: type) -> list[str]:
    return [f"{m.verb} {m.path}" for m in class_spec(cls).methods if not m.path.startswith("/__")]


@pytest.mark.parametrize(
    ("written", "path"),
    [("", "/"), ("a", "/a"), ("/a", "/a"), ("//a//b", "/a/b"), (None, "/"), ("a/", "/a/")],
)
def test_paths_have_one_leading_slash(written, path):
    """A path starts with one slash and has no doubled ones."""
    assert MethodSpec.clean_path(written) == path


def test_options_keep_plain_values_only():
    """A method's config keeps the str, bool, int and float options of its decorator."""
    assert class_spec(Base).get_method("POST", "paint").config == {"public": True, "timeout": 10}


def test_a_decorator_returns_the_function_itself():
    """A decorated method is the plain function that the author wrote."""
    assert Base.paint(None) == "base"
    assert Base.paint.__qualname__ == "Base.paint"


def test_an_override_without_decorator_keeps_the_route(serve):
    """A subclass that overrides a method serves its own code at the inherited route."""
    assert serve(Child).post("paint").body == b"child"


def test_a_subclass_replaces_a_route_by_path(serve):
    """A method of a subclass takes over a route of its base, whatever its name."""
    assert serve(Child).get("wall").body == b"child wall"
    assert routes(Child) == ["POST /paint", "GET /wall"]


def test_a_base_does_not_change_with_its_subclass():
    """The routes of a base class are not touched by those of a subclass."""
    assert class_spec(Base).get_method("GET", "wall").func_binding == "wall"


def test_the_nearer_of_two_bases_wins(serve):
    """Where two bases serve one route, the first in Python's own order answers."""

    class Left(PackageService):
        @post("x")
        def left(self):
            return "left"

    class Right(PackageService):
        @post("x")
        def right(self):
            return "right"

    class Both(Left, Right):
        pass

    assert serve(Both).post("x").body == b"left"


def test_two_methods_with_one_route_are_refused():
    """Two methods of one class with the same verb and path are named in the refusal."""

    class Twice(PackageService):
        @post("x")
        def one(self): ...

        @post("/x")
        def two(self): ...

    with pytest.raises(DefinitionError, match='"one" and "two" of class "Twice" both serve "POST /x"'):
        class_spec(Twice)


def test_one_method_may_have_two_routes(serve):
    """A method decorated twice answers at both routes."""

    class Both(PackageService):
        @get("x")
        @post("y")
        def it(self):
            return "it"

    instance = serve(Both)
    assert instance.get("x").body == instance.post("y").body == b"it"


def test_a_route_can_be_taken_away(serve):
    """A subclass that sets an inherited method to None no longer serves it."""

    class Without(Base):
        paint = None

    assert routes(Without) == ["GET /wall"]
    assert serve(Without).post("paint").status == 404


def test_static_and_class_methods_can_be_routes(serve):
    """Static and class methods are served like others."""

    class Kinds(PackageService):
        @post("static")
        @staticmethod
        def static(a: int) -> int:
            return a + 1

        @classmethod
        @post("cls")
        def cls_method(cls, a: int) -> str:
            return f"{cls.__name__}{a}"

    instance = serve(Kinds)
    assert instance.value("static", a=1) == 2
    assert instance.post("cls", a=1).body == b"Kinds1"
