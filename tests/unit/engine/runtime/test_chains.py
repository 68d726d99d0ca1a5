"""Who waits for whom."""

from __future__ import annotations

from collections.abc import Iterable

from steamship_engine.runtime.chains import Chains, Node


class Line:
    """A place in which calls wait for those before them."""

    def __init__(self) -> None:
        self.calls: list[Node] = []

    def ahead(self, call: Node) -> Iterable[Node]:
        return self.calls[: self.calls.index(call)]


def entered(chains: Chains, name: str, *above: str, line: Line | None = None) -> Node:
    """A call of that name, in a line if there is one."""
    call = Node()
    call.call_id = name
    chains.enter(call, above)
    if line is not None:
        call.place = line
        line.calls.append(call)
    return call


def test_a_call_waits_for_those_made_in_it_and_those_before_it() -> None:
    """The one that runs is waited for by who queues behind it, and waits for what it has called."""
    chains, one, two = Chains(), Line(), Line()
    a = entered(chains, "a", line=one)
    assert not chains.waits_for([a], ())
    assert chains.waits_for([a], {"a"})
    other = entered(chains, "other", line=two)
    assert not chains.waits_for([other], {"a"})
    entered(chains, "other's", "other", line=one)
    assert chains.waits_for([other], {"a"})
    assert not chains.waits_for([a], {"other"})


def test_what_has_ended_counts_for_nothing() -> None:
    """A call that has left is no caller any more, and waits for nobody."""
    chains, line = Chains(), Line()
    a = entered(chains, "a", line=line)
    b = entered(chains, "b", "a")
    assert chains.living(("a", "b", "c")) == ("a", "b")
    assert (chains.around(b), chains.around(a)) == (("a", "b"), ("a",))
    chains.leave(b)
    assert chains.living(("a", "b")) == ("a",)
    assert not chains.waits_for([a], {"b"})
    c = entered(chains, "c", "a")
    chains.leave(a)
    assert chains.around(c) == ("c",)
