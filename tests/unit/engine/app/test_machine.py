"""The runtime as threads see it: what it could not do because the engine ends is told apart."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import cast

import pytest

from steamship_engine.app.machine import LoopMachine
from steamship_engine.model.errors import UnavailableError
from steamship_engine.runtime.port import RuntimePort


class Runtime:
    """Answers `unpacked` with an error, at whose moment the engine ends if it is to."""

    def __init__(self, error: BaseException, *, ends: bool) -> None:
        self.machine = LoopMachine(cast(RuntimePort, self))
        self._error, self._ends = error, ends

    async def unpacked(self) -> list[str]:
        if self._ends:
            self.machine.attach(None)
        raise self._error


def _raised(error: BaseException, *, ends: bool) -> BaseException:
    """What a thread gets."""
    machine = Runtime(error, ends=ends).machine

    def thread() -> BaseException:
        with pytest.raises(Exception) as raised:
            machine.unpacked()
        return raised.value

    async def ask() -> BaseException:
        machine.attach(asyncio.get_running_loop())
        return await asyncio.to_thread(thread)

    return asyncio.run(ask())


@pytest.mark.parametrize("error", [UnavailableError("its zygote has ended"), asyncio.CancelledError()])
def test_what_fails_while_the_engine_ends_is_told_as_that(error: BaseException) -> None:
    """Whatever an ending runtime says, the thread learns that the engine is stopping."""
    told = _raised(error, ends=True)
    assert isinstance(told, UnavailableError) and told.stopping
    assert "stopping" in told.message


@pytest.mark.parametrize(
    ("error", "expected"),
    [(UnavailableError("no index"), UnavailableError), (asyncio.CancelledError(), CancelledError)],
)
def test_other_failures_stay_what_they_are(error: BaseException, expected: type[Exception]) -> None:
    """While the engine serves, an error of the runtime's is raised as it is."""
    told = _raised(error, ends=False)
    assert type(told) is expected
    assert not getattr(told, "stopping", False)
