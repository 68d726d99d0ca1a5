"""One instance of a package, served."""

from __future__ import annotations

import asyncio
import threading
import types

import pytest

from steamship.base.call_scope import CallCredentials, CallScope, current_context
from steamship.invocable import InvocationContext, PackageService, get, post
from steamship.invocable.serving import DefinitionError, find_class


class Recorder(PackageService):
    constructed = 0

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        type(self).constructed += 1
        self.at_start = self.context

    @post("who")
    def who(self):
        return {
            "headers": self.context.headers,
            "user": self.context.user_id,
            "url": self.context.invocable_url,
        }

    @post("start")
    def start(self):
        return self.at_start.headers

    @post("later")
    async def later(self, name: str):
        before = self.context.headers
        await asyncio.sleep(0)
        return {"name": name, "before": before, "after": self.context.headers}

    @get("numbers")
    def numbers(self, up_to: int):
        yield from range(up_to)

    @get("async_numbers")
    async def async_numbers(self, up_to: int):
        for i in range(up_to):
            yield i

    @post("loop")
    async def loop(self):
        return id(asyncio.get_running_loop())

    @post("thread")
    def thread(self):
        seen = []
        thread = threading.Thread(target=lambda: seen.append(current_context()))
        thread.start()
        thread.join()
        return seen


def test_the_object_is_made_once_and_serves_every_call(serve):
    """The class is constructed at the first call and keeps its object."""
    Recorder.constructed = 0
    instance = serve(Recorder)
    assert Recorder.constructed == 0
    instance.post("who")
    instance.post("who")
    assert Recorder.constructed == 1


def test_an_object_that_is_empty_serves_every_call_too(serve):
    """An author's class may have a length of nothing: its one object still keeps its state."""

    class Shelf(PackageService):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.calls = 0

        def __len__(self):
            return 0

        @post("count")
        def count(self) -> int:
            self.calls += 1
            return self.calls

    shelf = serve(Shelf)
    assert [shelf.value("/count") for _ in range(2)] == [1, 2]


def test_the_context_belongs_to_the_call(serve):
    """`self.context` has the headers of the current call and what is the instance's own."""
    instance = serve(Recorder)
    for name in ("a", "b"):
        outcome = instance.call("POST", "who", {}, headers=[["x-name", name]])
        assert outcome.body == (
            b'{"headers":{"x-name":"' + name.encode() + b'"},"user":"U1","url":"http://localhost:1/space/p/"}'
        )


def test_the_constructor_sees_no_call(serve):
    """The constructor's context has no headers: they are the first caller's alone."""
    outcome = serve(Recorder).call("POST", "start", {}, headers={"x-name": "a"})
    assert outcome.body == b"{}"


def test_async_methods_run_in_one_loop_with_their_calls_context(serve):
    """An `async def` runs to its end, sees its own call's context, and shares one loop with the others."""
    instance = serve(Recorder)
    for name in ("a", "b"):
        outcome = instance.call("POST", "later", {"name": name}, headers={"n": name})
        assert (
            outcome.body == f'{{"name":"{name}","before":{{"n":"{name}"}},"after":{{"n":"{name}"}}}}'.encode()
        )
    assert instance.value("loop") == instance.value("loop")


def test_generators_are_collected(serve):
    """What a generator yields arrives as a JSON array."""
    instance = serve(Recorder)
    assert instance.whole(instance.get("numbers", up_to="3")) == b"[0,\n1,\n2]"
    assert instance.whole(instance.get("async_numbers", up_to="3")) == b"[0,\n1,\n2]"


def test_no_context_outlives_its_call(serve):
    """After a call, and in a thread of its own, there is no current context."""
    instance = serve(Recorder)
    assert instance.value("thread") == [None]
    assert current_context() is None


def test_credentials_follow_the_call():
    """Key and request id are those of the current call; outside one the last key, and no request id."""
    credentials = CallCredentials()
    assert (credentials.key, credentials.request_id) == (None, None)
    with credentials.entered(CallScope("K1", "R1", InvocationContext())):
        assert (credentials.key, credentials.request_id) == ("K1", "R1")
    assert (credentials.key, credentials.request_id) == ("K1", None)


def test_a_scope_never_prints_its_key():
    """The key of a call is not in its repr."""
    assert "K1" not in repr(CallScope("K1", "R1", InvocationContext()))


def test_a_constructor_that_raised_is_tried_again(serve):
    """A call whose constructor raises fails; the next call constructs anew."""

    class Flaky(PackageService):
        tries = 0

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            type(self).tries += 1
            if self.tries == 1:
                raise RuntimeError("not yet")

        @post("x")
        def x(self):
            return self.tries

    instance = serve(Flaky)
    failed = instance.post("x")
    assert (failed.status, failed.error["message"]) == (500, "RuntimeError: not yet")
    assert instance.value("x") == 2


def test_dir_needs_no_object(serve):
    """`__dir__` answers over GET and POST without constructing the class."""

    class Unmakeable(PackageService):
        """Cannot be made."""

        def __init__(self, **kwargs):
            raise RuntimeError

        @post("x")
        def x(self): ...

    instance = serve(Unmakeable)
    spec = instance.value("__dir__")
    assert instance.get("/__dir__").body == instance.post("__dir__").body
    assert (spec["name"], spec["doc"]) == ("Unmakeable", "Cannot be made.")
    assert [m["path"] for m in spec["methods"]] == ["/__dir__", "/__dir__", "/__instance_init__", "/x"]


@pytest.mark.parametrize("path", ["nope", "/nope", "//nope"])
def test_an_unknown_route_is_not_found(serve, path):
    """An unknown path is a 404 with the original's words."""
    outcome = serve(Recorder).call("POST", path, {})
    assert (outcome.status, outcome.error["code"]) == (404, "NotFound")
    assert outcome.error["message"] == f"No handler for POST {path} available."


def test_another_verb_is_not_found_and_says_which():
    """A known path under another verb, an unknown one too, is a 404 that suggests the right verb."""
    from tests.unit.sdk.invocable.conftest import Instance

    for verb in ("GET", "PUT"):
        error = Instance(Recorder).call(verb, "/who", {}).error
        assert error["message"] == f"No handler for {verb} /who available."
        assert error["suggestion"] == "Use POST."


def test_instance_init_is_called_and_answers_true(serve):
    """`__instance_init__` runs `instance_init`, plain or async, and answers true."""
    done = []

    class Plain(PackageService):
        def instance_init(self):
            done.append(self.context.user_id)

    class Async(PackageService):
        async def instance_init(self):
            await asyncio.sleep(0)
            done.append("async")

    assert serve(Plain).post("__instance_init__").body == b"true"
    assert serve(Async).post("__instance_init__").body == b"true"
    assert done == ["U1", "async"]


def module(source: str) -> types.ModuleType:
    made = types.ModuleType("api")
    exec(compile(source, "api.py", "exec"), made.__dict__)
    return made


HEAD = "from steamship.invocable import PackageService\nfrom tests.unit.sdk.invocable.test_serving import Recorder\n"


def test_the_one_class_of_a_module_is_found():
    """The class defined in the module is found; imported ones and second names do not count."""
    found = find_class(module(HEAD + "class Mine(Recorder): pass\nAlias = Mine"))
    assert found.__name__ == "Mine"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", '"api.py" defines no package. Write a class that descends from Recorder there.'),
        ("class A(PackageService): pass\nclass B(A): pass", '"api.py" defines several packages: "A", "B".'),
    ],
)
def test_none_or_several_classes_are_refused(source, message):
    """A module without a package class, or with more than one, is refused with the names."""
    with pytest.raises(DefinitionError) as caught:
        find_class(module(HEAD + source))
    assert str(caught.value).startswith(message)
