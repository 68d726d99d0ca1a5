"""Every error the SDK raises, by what its receiver can do next.

SteamshipError                        anything else; `code` says what the engine called it
  InvalidRequestError                 fix the request
    InvalidHandleError                choose a handle by the rule in the message
    InvalidConfigError                fix the named parameters
    InvalidBundleError                fix the zip
    InvalidRequirementsError          fix requirements.txt
    InvalidManifestError              fix steamship.json
  AuthenticationError                 log in, or use another key
  ForbiddenError                      use a key that may do this
  NotFoundError                       check the handle or id
  MethodNotAllowedError               use another verb
  ConflictError                       choose another handle, or use what exists
    AlreadyExistsError                choose another handle
  TooLargeError                       send less
  MisdirectedError                    use one of the engine's own addresses
  PackageError                        the package's own code failed: ask its author
    DeployError                       fix the package and deploy again
    PackageCrashedError               the worker died; call again
    PackageMemoryError                the worker ran out of memory; ask for less at once
    PackageReplyError                 the worker answered what is no reply
    PackageTimeoutError               the call passed its deadline
    CallTooDeepError                  let packages call each other less deeply
  UnavailableError                    try again later
    BusyError                         try again after a while
  NotBuiltYetError                    the engine or this SDK does not have it yet

The names and codes are those of the engine. `error_from_status` turns a failed `status` of the wire
into the right class. Names here never change: authors raise them in packages, callers catch them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

_log = logging.getLogger("steamship")

DEFAULT_ERROR_MESSAGE = "The engine reported an error without a message."


class SteamshipError(Exception):
    """Any failure with a message for its receiver.

    `message` says what is wrong; `suggestion` what helps; `code` is the stable name of the kind of
    error (None where there is none); `http_status` the HTTP status that came with it, or the one it
    is answered with when a package raises it; `request_id` names the call in the engine's logs.
    `internal_message` and `error` carry further text of the side that failed.
    """

    message: str | None = None
    internal_message: str | None = None
    suggestion: str | None = None
    code: str | None = None
    error: str | None = None
    http_status: int = 500
    request_id: str | None = None

    def __init__(
        self,
        message: str | None = DEFAULT_ERROR_MESSAGE,
        internal_message: str | None = None,
        suggestion: str | None = None,
        code: str | None = None,
        error: BaseException | str | None = None,
        *,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.internal_message = internal_message
        self.suggestion = suggestion
        if code is not None:
            self.code = code
        if error is not None:
            self.error = str(error)
        if http_status is not None:
            self.http_status = http_status
        self.request_id = request_id

    def __str__(self) -> str:
        lines = [
            None if self.code is None else f"[{self.code}]",
            self.message,
            None if self.internal_message is None else f"Internal Message: {self.internal_message}",
            None if self.suggestion is None else f"Suggestion: {self.suggestion}",
        ]
        return "\n".join(line for line in lines if line is not None)

    def log(self) -> None:
        """Write the error with its traceback to the log."""
        _log.error("%s", self, exc_info=self)
        if self.error:
            _log.error("%s", self.error)

    def to_dict(self) -> dict[str, str | None]:
        """The error's texts under their wire names."""
        return {
            "message": self.message,
            "internalMessage": self.internal_message,
            "suggestion": self.suggestion,
            "code": self.code,
            "error": self.error,
        }

    @staticmethod
    def from_dict(d: Any) -> SteamshipError:
        """The error that `to_dict`, or a failed `status` of the wire, describes."""
        return error_from_status(d)


class InvalidRequestError(SteamshipError):
    """The request cannot be understood as it stands."""

    code = "InvalidRequest"
    http_status = 400


class InvalidHandleError(InvalidRequestError):
    """A handle that its grammar does not admit."""

    code = "InvalidHandle"


class InvalidConfigError(InvalidRequestError):
    """Config that the version's template does not admit, or that differs from the instance's."""

    code = "InvalidConfig"


class InvalidBundleError(InvalidRequestError):
    """An uploaded zip that is broken, too large or dangerous."""

    code = "InvalidBundle"
    http_status = 422


class InvalidRequirementsError(InvalidRequestError):
    """A line of requirements.txt that is refused, or that cannot be installed."""

    code = "InvalidRequirements"
    http_status = 422


class InvalidManifestError(InvalidRequestError):
    """A steamship.json that cannot be used."""

    code = "InvalidManifest"
    http_status = 422


class AuthenticationError(SteamshipError):
    """No key, or one that is unknown, revoked or expired."""

    code = "AuthenticationRequired"
    http_status = 401


class ForbiddenError(SteamshipError):
    """A valid key that may not do this."""

    code = "Forbidden"
    http_status = 403


class NotFoundError(SteamshipError):
    """Nothing there that the caller may see."""

    code = "NotFound"
    http_status = 404


class MethodNotAllowedError(SteamshipError):
    """The address exists, the verb does not."""

    code = "MethodNotAllowed"
    http_status = 405


class ConflictError(SteamshipError):
    """The request contradicts what exists."""

    code = "Conflict"
    http_status = 409


class AlreadyExistsError(ConflictError):
    """The handle is taken."""

    code = "AlreadyExists"


class TooLargeError(SteamshipError):
    """A body or a bundle over its limit."""

    code = "TooLarge"
    http_status = 413


class MisdirectedError(SteamshipError):
    """A host that is not one of the engine's."""

    code = "Misdirected"
    http_status = 421


class PackageError(SteamshipError):
    """The package's own code failed; its owner and author get the traceback in the message."""

    code = "PackageError"


class DeployError(PackageError):
    """The version cannot be imported or described."""

    code = "DeployFailed"
    http_status = 422


class PackageCrashedError(PackageError):
    """The worker ended in the middle of the call."""

    code = "PackageCrashed"
    http_status = 502


class PackageMemoryError(PackageError):
    """The worker ran out of memory."""

    code = "PackageMemory"
    http_status = 502


class PackageReplyError(PackageError):
    """The worker sent something that is no reply."""

    code = "PackageReply"
    http_status = 502


class PackageTimeoutError(PackageError):
    """The call passed its deadline and was stopped."""

    code = "PackageTimeout"
    http_status = 504


class CallTooDeepError(PackageError):
    """Packages call each other too deeply: too many calls wait for this one."""

    code = "CallTooDeep"
    http_status = 508


class UnavailableError(SteamshipError):
    """The engine cannot do this now."""

    code = "Unavailable"
    http_status = 503


class BusyError(UnavailableError):
    """Too much at once; wait and try again."""

    code = "Busy"
    http_status = 429


class NotBuiltYetError(SteamshipError):
    """A part that the engine, or this SDK, does not have yet."""

    code = "NotImplemented"
    http_status = 501


def _tree(cls: type[SteamshipError]) -> Iterator[type[SteamshipError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _tree(child)


# Taken once, so that an author's own subclass can never stand for a code of the engine's.
_CLASS_OF_CODE = {child.code: child for child in _tree(SteamshipError)}


def error_from_status(status: Mapping[str, Any], http_status: int | None = None) -> SteamshipError:
    """The error of a failed `status` object, in the class its code names.

    An unknown code, or none, gives a plain SteamshipError that keeps the code. `http_status` is that
    of the answer; without it the class's own stands.
    """
    code = status.get("statusCode", status.get("code"))
    code = None if code is None else str(code)
    kind = _CLASS_OF_CODE.get(code, SteamshipError)
    return kind(
        message=status.get("statusMessage", status.get("message")) or DEFAULT_ERROR_MESSAGE,
        internal_message=status.get("internalMessage"),
        suggestion=status.get("statusSuggestion", status.get("suggestion")),
        code=code,
        error=status.get("error"),
        http_status=http_status,
        request_id=status.get("requestId"),
    )
