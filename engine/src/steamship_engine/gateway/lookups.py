"""A small memory of control's answers, so that a warm call asks no database.

An answer lasts a second at most, which bounds what another process may still see; a change made in
this process drops it before the operation that made the change returns.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from steamship_engine.model.errors import AuthenticationError, NotFoundError, SteamshipError
from steamship_engine.model.limits import GATEWAY

Answer = TypeVar("Answer")

_LONGEST = 2_000
"""Characters of a question that is remembered. No key or address is longer, but a stranger's may be."""

_REMEMBERED_ERRORS = (AuthenticationError, NotFoundError)


class Lookups(Generic[Answer]):
    """Answers by question. The same question asked twice at once is put to control once."""

    def __init__(self, *, lasts_s: float = GATEWAY.remember, most: int = GATEWAY.remembered) -> None:
        """An answer is kept for `lasts_s` seconds; of more than `most`, the oldest goes."""
        self._lasts_s = lasts_s
        self._most = most
        self._kept: dict[Hashable, tuple[float, Answer | SteamshipError]] = {}
        self._asked: dict[Hashable, asyncio.Future[Answer]] = {}
        self._generation = 0

    def forget(self) -> None:
        """Drop every answer, and do not keep those that are on their way. Callable from any thread."""
        self._generation += 1
        self._kept = {}
        self._asked = {}

    async def get(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """The answer of the blocking `ask`, remembered; not-found and bad-key errors are answers too."""
        kept = self._kept.get(question)
        if kept is not None and kept[0] > time.monotonic():
            return _given(kept[1])
        pending = self._asked.get(question)
        if pending is None:
            pending = asyncio.ensure_future(self._ask(question, ask))
            self._asked[question] = pending
        return await asyncio.shield(pending)

    async def _ask(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        generation = self._generation
        try:
            answer: Answer | SteamshipError = await asyncio.to_thread(ask)
        except _REMEMBERED_ERRORS as error:
            answer = error
        finally:
            if generation == self._generation:
                self._asked.pop(question, None)
        if generation == self._generation:
            self._keep(question, answer)
        return _given(answer)

    def _keep(self, question: Hashable, answer: Answer | SteamshipError) -> None:
        if len(repr(question)) > _LONGEST:
            return
        kept = self._kept
        kept.pop(question, None)
        if len(kept) >= self._most:
            kept.pop(next(iter(kept)), None)
        kept[question] = (time.monotonic() + self._lasts_s, answer)


def _given(answer: Answer | SteamshipError) -> Answer:
    if isinstance(answer, SteamshipError):
        # A fresh one each time: raising one object twice would chain its tracebacks without end.
        raise type(answer)(answer.message, suggestion=answer.suggestion)
    return answer
