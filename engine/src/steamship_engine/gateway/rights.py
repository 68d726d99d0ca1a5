"""Who may call what, and who may read why a package failed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from http import HTTPStatus

from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.instances import CallTarget, instance_not_found
from steamship_engine.gateway.address import Address
from steamship_engine.model.audit import Subject
from steamship_engine.model.errors import (
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    PackageError,
    PackageMemoryError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.model.network import Network
from steamship_engine.model.original_error import OriginalError
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.port import Caller, Peer, Reply, ReplyError

FAILED = "The package failed."
TELL_THE_AUTHOR = "Tell its author the request id of this answer."

# What a worker may say went wrong; any other code of its is the package's failure.
_HARMLESS = {error.code: error for error in (NotFoundError, InvalidRequestError)}


@dataclass
class Refusal(Exception):
    """An error, with the traceback that this caller may read."""

    error: SteamshipError
    details: str | None = None


def check(actor: Actor | None, target: CallTarget, verb: str, where: Address) -> None:
    """Owners call everything their key reaches; everybody calls public methods."""
    if (verb, where.path) in target.public_methods:
        return
    if actor is None:
        raise needs_key()
    if not is_own(actor, target):
        # In the words of the request: the stored handle's case would tell that there is one.
        hidden = Subject("instance", target.spec.instance_id, target.instance_handle)
        raise instance_not_found(where.instance or where.instance_id or "", hidden)


def is_own(actor: Actor, target: CallTarget) -> bool:
    """Whether the instance is the actor's, and its key reaches it."""
    return (
        actor.user_id == target.owner_id
        and actor.reaches_workspace(target.spec.workspace_id)
        and (actor.reach is not Reach.INSTANCE or actor.instance_id == target.spec.instance_id)
    )


def check_near(peer: Peer | None, actor: Actor | None, target: CallTarget) -> None:
    """ForbiddenError for a worker that calls what is beyond its version's network: by its connection, or its key."""
    by_key = actor is not None and actor.network is Network.NONE
    far = by_key and actor is not None and not actor.reaches_workspace(target.spec.workspace_id)
    if far or (isinstance(peer, Caller) and not is_near(peer, target)):
        raise ForbiddenError(
            'The package asks for network "none" in steamship.json, so it calls instances of its own workspace alone.',
            suggestion='Deploy it with network "internet", if it is to call others.',
        )


def is_near(caller: Caller, target: CallTarget) -> bool:
    """Whether a worker may call the target at all: without a network, only what is in its workspace."""
    return caller.network is not Network.NONE or caller.workspace == target.spec.workspace_id


def needs_key() -> AuthenticationError:
    """The answer to a call without a key, whether or not there is anything at the address."""
    return AuthenticationError(
        "This call needs a key.",
        suggestion="Send `Authorization: Bearer {key}`; `ship login` stores one.",
    )


def readable(reply: Reply, actor: Actor | None, target: CallTarget) -> Reply:
    """The reply, if it has a result; the refusal of its error is raised."""
    if reply.error is not None:
        raise refusal(reply.error, actor, target)
    return reply


def refusal(error: ReplyError, actor: Actor | None, target: CallTarget) -> Refusal:
    """What this caller is told when a method refused its arguments or failed, without the instance's secrets."""
    error = _redacted(error, target)
    if target.spec.version.kind is VersionKind.ORIGINAL:
        return Refusal(_original(error, actor, target))
    harmless = _HARMLESS.get(error.code)
    if harmless is not None:
        return Refusal(harmless(error.message, suggestion=error.suggestion))
    kind = PackageMemoryError if error.code == PackageMemoryError.code else PackageError
    if may_read_details(actor, target):
        return Refusal(kind(error.message, suggestion=error.suggestion), error.details)
    if error.deliberate:
        return Refusal(kind(error.message, suggestion=error.suggestion))
    return Refusal(kind(FAILED, suggestion=TELL_THE_AUTHOR))


def _original(error: ReplyError, actor: Actor | None, target: CallTarget) -> OriginalError:
    """An original's failure as its reply had it; of one that it did not choose to tell, others learn that it is one."""
    chosen = error.deliberate or error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if chosen or may_read_details(actor, target):
        return OriginalError(
            error.message, code=error.code, http_status=error.status, suggestion=error.suggestion
        )
    return OriginalError(FAILED, code=PackageError.code, http_status=error.status, suggestion=TELL_THE_AUTHOR)


def told(error: BaseException, actor: Actor | None, target: CallTarget) -> BaseException:
    """What this caller is told of the error with which the runtime ended a call."""
    if isinstance(error, PackageError):
        return crash(error, actor, target)
    if isinstance(error, asyncio.CancelledError):
        # The server gave up waiting; a caller who leaves reads nothing.
        return Refusal(UnavailableError("The engine is stopping.", suggestion="Try again in a second."))
    return error


def crash(error: PackageError, actor: Actor | None, target: CallTarget) -> Refusal:
    """What this caller is told when the worker could not answer at all."""
    told = type(error)(
        target.redact(error.message),
        suggestion=None if error.suggestion is None else target.redact(error.suggestion),
    )
    details = error.details if may_read_details(actor, target) else None
    return Refusal(told, None if details is None else target.redact(details))


def _redacted(error: ReplyError, target: CallTarget) -> ReplyError:
    """The error without the values of the instance's secret parameters."""
    return replace(
        error,
        message=target.redact(error.message),
        suggestion=None if error.suggestion is None else target.redact(error.suggestion),
        details=None if error.details is None else target.redact(error.details),
    )


def may_read_details(actor: Actor | None, target: CallTarget) -> bool:
    """Tracebacks are for the instance's owner and the package's author."""
    return actor is not None and actor.user_id in (target.owner_id, target.author_id)
