"""Who waits for whom, and that nobody ever waits for themselves."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from steamship_engine.runtime.chains import Chains, Line


def test_a_call_waits_for_those_made_in_it_and_those_before_it() -> None:
    """The one that runs is waited for by who queues behind it, and waits for what it has called."""
    chains = Chains()
    one: Line = []
    two: Line = []
    chains.enter("a", ())
    chains.queue("a", one)
    assert not chains.would_wait_for((), one)
    assert chains.would_wait_for(("a",), one)
    assert not chains.would_wait_for(("a",), two)
    chains.enter("other", ())
    chains.queue("other", two)
    assert not chains.would_wait_for(("a",), two)
    chains.enter("other's", ("other",))
    chains.queue("other's", one)
    assert chains.would_wait_for(("a",), two)


def test_what_has_ended_counts_for_nothing() -> None:
    """A call that has left is no caller any more, and waits for nobody."""
    chains = Chains()
    line: Line = []
    chains.enter("a", ())
    chains.queue("a", line)
    chains.enter("b", ("a",))
    assert chains.living(("a", "b", "c")) == ("a", "b")
    assert (chains.around("b"), chains.around("a"), chains.around("c")) == (("a", "b"), ("a",), ())
    chains.step_out("a", line)
    chains.leave("a")
    assert chains.living(("a", "b")) == ("b",)
    assert chains.around("b") == ("b",)
    assert not chains.would_wait_for(("a",), line)
    chains.leave("b")


class World:
    """Instances whose workers run one call each, and calls that call each other by the rule of `Workers`."""

    def __init__(self) -> None:
        self.chains = Chains()
        self.lines: dict[tuple[int, int], Line] = defaultdict(list)
        self.above: dict[str, tuple[str, ...]] = {}
        self.line_of: dict[str, Line] = {}
        self.count = 0

    def call(self, instance: int, above: tuple[str, ...]) -> None:
        self.count += 1
        name = str(self.count)
        self.chains.enter(name, above)
        level = 0
        while self.chains.would_wait_for(above, self.lines[instance, level]):
            level += 1
        self.above[name] = above
        self.line_of[name] = self.lines[instance, level]
        self.chains.queue(name, self.line_of[name])

    def end(self, name: str) -> None:
        self.chains.step_out(name, self.line_of.pop(name))
        self.chains.leave(name)
        del self.above[name]

    def able(self) -> list[str]:
        """The calls that run and wait for no other: they can go on."""
        waiting = {above[-1] for above in self.above.values() if above}
        return [name for name, line in self.line_of.items() if line[0] == name and name not in waiting]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.booleans()), max_size=120))
@settings(max_examples=300, deadline=None)
def test_somebody_can_always_go_on(steps: list[tuple[int, int, bool]]) -> None:
    """However calls of four instances call each other and wait for the answer, as long as there are any, one can go on."""
    world = World()
    for instance, which, outermost in steps:
        able = world.able()
        assert able or not world.above
        if outermost or not able:
            world.call(instance, ())
            continue
        name = able[which % len(able)]
        if which % 3 == 0:
            world.end(name)
        elif len(world.above[name]) < 8:
            world.call(instance, (*world.above[name], name))
    while world.above:
        able = world.able()
        assert able, "everybody waits"
        world.end(able[0])
