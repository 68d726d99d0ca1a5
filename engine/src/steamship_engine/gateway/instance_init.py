"""The internal operation `instance/init`: calls a new instance's `/__instance_init__`, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from steamship_engine.control import instance_inits
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.gateway import calls
from steamship_engine.model.errors import PackageError, SteamshipError, UnavailableError
from steamship_engine.model.nouns import Task
from steamship_engine.runtime.port import Reply, Request, RuntimePort
from steamship_engine.tasks.outcome import Outcome
from steamship_engine.tasks.threads import in_thread

PATH = "/__instance_init__"

_TRIES_WHEN_BUSY = 60


async def initialize(ground: Ground, runtime: RuntimePort, task: Task, wanted: Any) -> Outcome:
    """Run the init of the instance `wanted["instanceId"]` and record how it ended.

    PackageError, with the message that the instance shows, fails the task. A task that is run again
    after the engine was killed finds what was recorded and runs nothing twice that had ended.
    """
    instance_id = str(wanted["instanceId"])
    target = await in_thread(partial(instance_inits.pending, ground, instance_id), "init: look")
    if target is None:
        return Outcome("{}")
    problem = await _call(ground, runtime, target, task)
    told = await in_thread(partial(instance_inits.ended, ground, instance_id, problem), "init: record")
    if told is not None:
        raise instance_inits.failure(told)
    return Outcome("{}")


async def _call(ground: Ground, runtime: RuntimePort, target: CallTarget, task: Task) -> str | None:
    """What went wrong, in words for the instance's owner; None where nothing did."""
    for attempt in range(1, _TRIES_WHEN_BUSY + 1):
        try:
            request = _request(ground, runtime, target, task)
            with calls.recorded(ground, target, request) as ending:
                reply = await runtime.invoke(target.spec, request)
                problem = await _problem(reply)
                ending.status = reply.status
            return problem
        except UnavailableError as error:
            if attempt == _TRIES_WHEN_BUSY:
                return error.message
            await asyncio.sleep(error.retry_after_s)
        except PackageError as error:
            return _text(error.message, error.details)
        except SteamshipError as error:
            return error.message
    return None


async def _problem(reply: Reply) -> str | None:
    async for _ in reply.body:
        pass  # read to its end: the call is not over before
    if reply.error is not None:
        return _text(reply.error.message, reply.error.details)
    return None if reply.status < 400 else f"The init answered with HTTP status {reply.status}."


def _text(message: str, details: str | None) -> str:
    return message if details is None else f"{message}\n\n{details}"


def _request(ground: Ground, runtime: RuntimePort, target: CallTarget, task: Task) -> Request:
    return calls.request(
        ground,
        runtime,
        target,
        verb="POST",
        path=PATH,
        headers=(("content-type", "application/json"),),
        body=_body(),
        request_id=task.request_id,
        made_in=Actor.from_json(task.actor).calls,
        awaited=False,
    )


async def _body() -> AsyncIterator[bytes]:
    yield b"{}"
