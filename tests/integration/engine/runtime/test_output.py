"""What packages print."""

from __future__ import annotations

import resource

from tests.services.runtimes import Bench


def test_every_line_comes_with_its_call_before_the_reply(tiny):
    """Lines from Python, from below it and from child processes are there when the reply is, with the request's id."""

    async def work(bench: Bench) -> None:
        prints = await bench.instance("prints")
        imported = [line for line in bench.lines if line.message == "imported"]
        assert [(line.request_id, line.instance_id) for line in imported] == [(None, None)]
        bench.lines.clear()
        assert (await bench.call(prints, "/line", text="hello")).text == "done"
        said = [(line.level, line.message) for line in bench.lines if line.request_id]
        for line in (
            ("info", "hello"), ("error", "to stderr"), ("info", "past Python"), ("info", "from a child"),
            ("info", "without an end"),
        ):  # fmt: skip
            assert line in said
        assert {line.request_id for line in bench.lines if line.message == "hello"} == {"R-1"}
        assert {line.instance_id for line in bench.lines} == {prints.instance_id}

    tiny(work)


def test_a_flood_is_dropped_in_the_worker(tiny):
    """A package that prints without end gets its call answered; the engine sees some lines and how many it lost."""

    async def work(bench: Bench) -> None:
        prints = await bench.instance("prints")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert (await bench.call(prints, "/flood", megabytes=30)).text == "done"
        await bench.call(prints, "/line", text="after")
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
        assert len(bench.lines) < 10_000
        assert any("lines were printed too fast" in line.message for line in bench.lines)

    tiny(work)


def test_a_long_line_is_cut(tiny):
    """A line of megabytes arrives as its beginning."""

    async def work(bench: Bench) -> None:
        prints = await bench.instance("prints")
        assert (await bench.call(prints, "/long", size=5_000_000)).text == "done"
        lengths = [len(line.message) for line in bench.lines if line.message.startswith("yyy")]
        assert len(lengths) == 1
        assert 1_000 < lengths[0] < 10_000

    tiny(work)
