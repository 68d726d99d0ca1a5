"""A small memory of control's answers, so that a warm call asks no database.

An answer lasts a second at most, which bounds what another process may still see; a change made in
this process drops it before the operation that made the change returns. One that is wanted in the second
half of its time is asked for anew while it is still good, so that nobody waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from copy import copy
from typing import Generic, NamedTuple, TypeVar

from steamship_engine.model.errors import AuthenticationError, NotFoundError, SteamshipError
from steamship_engine.model.limits import GATEWAY

Answer = TypeVar("Answer")

_LONGEST = 2_000
"""Characters of a question that is remembered. No key or address is longer, but a stranger's may be."""

_REMEMBERED_ERRORS = (AuthenticationError, NotFoundError)


class _Kept(NamedTuple, Generic[Answer]):
    answer: Answer | SteamshipError
    until: float


class Lookups(Generic[Answer]):
    """Answers by question. The same question asked twice at once is put to control once."""

    def __init__(self, *, lasts_s: float = GATEWAY.remember, most: int = GATEWAY.remembered) -> None:
        """An answer is kept for `lasts_s` seconds; of more than `most`, the oldest goes."""
        self._lasts_s = lasts_s
        self._most = most
        self._kept: dict[Hashable, _Kept[Answer]] = {}
        self._asked: dict[Hashable, asyncio.Future[_Kept[Answer]]] = {}

    def forget(self) -> None:
        """Drop every answer, and those that are on their way with it. Callable from any thread."""
        self._asked = {}
        self._kept = {}

    async def get(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer of the blocking `ask`, remembered; not-found and bad-key errors are answers too."""
        answer, _ = await self.dated(question, ask)
        return answer

    async def dated(self, question: Hashable, ask: Callable[[], Answer]) -> tuple[Answer, float]:
        """The same, and until when it holds, by `time.monotonic`."""
        kept = self._kept.get(question)
        left_s = 0.0 if kept is None else kept.until - time.monotonic()
        pending = self._asked.get(question)
        if pending is None and left_s < self._lasts_s / 2:
            pending = asyncio.ensure_future(self._ask(question, ask))
            pending.add_done_callback(_seen)
            self._asked[question] = pending
        if kept is None or left_s <= 0:
            assert pending is not None, "what is not kept is asked for"
            kept = await asyncio.shield(pending)
        if isinstance(kept.answer, SteamshipError):
            # A fresh one each time: raising one object twice would chain its tracebacks without end.
            raise copy(kept.answer)
        return kept.answer, kept.until

    async def _ask(self, question: Hashable, ask: Callable[[], Answer]) -> _Kept[Answer]:
        # Those of now: what a change overtakes ends in a memory that nobody reads any more.
        memory, asked = self._kept, self._asked
        try:
            answer: Answer | SteamshipError = await asyncio.to_thread(ask)
        except _REMEMBERED_ERRORS as error:
            answer = error
        finally:
            asked.pop(question, None)
        kept = _Kept(answer, time.monotonic() + self._lasts_s)
        if len(repr(question)) <= _LONGEST:
            memory.pop(question, None)
            if len(memory) >= self._most:
                memory.pop(next(iter(memory)), None)
            memory[question] = kept
        return kept


def _seen(asked: asyncio.Future[_Kept[Answer]]) -> None:
    """Nobody may have waited for an answer that was asked for early; the next one asks again."""
    if not asked.cancelled():
        asked.exception()
