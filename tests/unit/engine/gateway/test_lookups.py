"""The gateway's memory of control's answers."""

from __future__ import annotations

import asyncio
import threading

import pytest

from steamship_engine.gateway.lookups import Lookups
from steamship_engine.model.audit import KeyProblem, TriedKey
from steamship_engine.model.errors import AuthenticationError, NotFoundError, UnavailableError


class Asked:
    """A blocking question that counts how often it was put."""

    def __init__(self, answer: object = "answer") -> None:
        self.count = 0
        self.answer = answer

    def __call__(self) -> object:
        self.count += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_an_answer_is_remembered_until_it_is_forgotten() -> None:
    """Control is asked once, and again after a change."""

    async def scenario() -> None:
        lookups: Lookups[object] = Lookups(lasts_s=60)
        ask = Asked()
        assert await lookups.get("q", ask) == await lookups.get("q", ask) == "answer"
        assert ask.count == 1
        lookups.forget()
        await lookups.get("q", ask)
        assert ask.count == 2

    asyncio.run(scenario())


def test_concurrent_questions_are_put_once() -> None:
    """A hundred callers of a cold answer make one question."""

    async def scenario() -> None:
        lookups: Lookups[object] = Lookups(lasts_s=60)
        ask = Asked()
        answers = await asyncio.gather(*(lookups.get("q", ask) for _ in range(100)))
        assert set(answers) == {"answer"}
        assert ask.count == 1

    asyncio.run(scenario())


def test_an_answer_that_a_change_overtook_is_not_kept() -> None:
    """What was read before a change and arrives after it is given once and not remembered."""

    async def scenario() -> None:
        lookups: Lookups[object] = Lookups(lasts_s=60)
        entered, leave = threading.Event(), threading.Event()

        def slow() -> str:
            entered.set()
            leave.wait(10)
            return "old"

        pending = asyncio.create_task(lookups.get("q", slow))
        await asyncio.to_thread(entered.wait, 10)
        lookups.forget()
        leave.set()
        assert await pending == "old"
        assert await lookups.get("q", lambda: "new") == "new"

    asyncio.run(scenario())


@pytest.mark.parametrize(("error", "asked"), [(NotFoundError("no"), 1), (UnavailableError("busy"), 2)])
def test_only_lasting_errors_are_answers(error: Exception, asked: int) -> None:
    """Not found is remembered for a while; a passing failure is asked again."""

    async def scenario() -> None:
        lookups: Lookups[object] = Lookups(lasts_s=60)
        ask = Asked(error)
        for _ in range(2):
            with pytest.raises(type(error)):
                await lookups.get("q", ask)
        assert ask.count == asked

    asyncio.run(scenario())


def test_a_remembered_refusal_says_all_that_the_first_one_did() -> None:
    """Each asker gets an error of its own, with what it tells the audit trail."""
    refusal = AuthenticationError("no", suggestion="try", tried=TriedKey(KeyProblem.REVOKED, "K-1"))

    async def scenario() -> None:
        lookups: Lookups[object] = Lookups(lasts_s=60)
        ask, raised = Asked(refusal), []
        for _ in range(3):
            with pytest.raises(AuthenticationError) as caught:
                await lookups.get("q", ask)
            raised.append(caught.value)
        assert ask.count == 1
        assert len(set(map(id, raised[1:]))) == 2
        assert all(vars(one) == vars(refusal) for one in raised)

    asyncio.run(scenario())


def test_a_long_question_is_not_kept() -> None:
    """Strangers may ask with megabytes; their questions take no place in the memory."""

    async def scenario() -> None:
        lookups: Lookups[object] = Lookups(lasts_s=60)
        for question in ("k" * 3_000, ("owner", "w" * 3_000, "i", None)):
            ask = Asked(NotFoundError("no"))
            for _ in range(2):
                with pytest.raises(NotFoundError):
                    await lookups.get(question, ask)
            assert ask.count == 2

    asyncio.run(scenario())


def test_the_memory_is_bounded() -> None:
    """Of more answers than it holds, the oldest goes."""

    async def scenario() -> None:
        lookups: Lookups[object] = Lookups(lasts_s=60, most=2)
        for question in ("a", "b", "c"):
            await lookups.get(question, Asked())
        first, last = Asked(), Asked()
        await lookups.get("c", last)
        await lookups.get("a", first)
        assert (first.count, last.count) == (1, 0)

    asyncio.run(scenario())
