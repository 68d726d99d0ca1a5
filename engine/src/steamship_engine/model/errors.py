"""Every error the engine answers with.

SteamshipError                      500 InternalError
  InvalidRequestError               400 InvalidRequest        fix the request
    InvalidHandleError              400 InvalidHandle         choose a handle by the rule in the message
    InvalidConfigError              400 InvalidConfig         fix the named parameters
    InvalidBundleError              422 InvalidBundle         fix the zip
    InvalidRequirementsError        422 InvalidRequirements   fix requirements.txt
    InvalidManifestError            422 InvalidManifest       fix steamship.json
  AuthenticationError               401 AuthenticationRequired  log in, or use another key
  ForbiddenError                    403 Forbidden             use a key that may do this
  NotFoundError                     404 NotFound              check the handle or id
  MethodNotAllowedError             405 MethodNotAllowed      use the verb in `Allow`
  ConflictError                     409 Conflict              choose another handle, or use what exists
    AlreadyExistsError              409 AlreadyExists         choose another handle
  TooLargeError                     413 TooLarge              send less
  MisdirectedError                  421 Misdirected           use one of the engine's own addresses
  PackageError                      500 PackageError          the package's own code failed
    DeployError                     422 DeployFailed          fix the package and deploy again
    PackageCrashedError             502 PackageCrashed        the worker died; the next call gets a new one
    PackageMemoryError              502 PackageMemory         the worker ran out of memory; the next call gets a new one
    PackageReplyError               502 PackageReply          the worker answered what is no reply
    PackageTimeoutError             504 PackageTimeout        the call passed its deadline
    CallTooDeepError                508 CallTooDeep           let packages call each other less deeply
  UnavailableError                  503 Unavailable           try again later
    BusyError                       429 Busy                  try again after `Retry-After`
  NotBuiltYetError                  501 NotImplemented        this engine does not have it yet

A failed reply of an original package has a code of its own: `original_error.OriginalError`. Every other
code is stable; the SDKs turn it into classes of the same names. The shape on the wire is in
`wire_status`.
"""

from __future__ import annotations

from typing import Any

from steamship_engine.model.audit import Subject, TriedKey


class SteamshipError(Exception):
    """Any failure with a message for its receiver.

    `message` says what is wrong, with the offending value in quotes; `suggestion` is the command or
    change that helps, or None.
    """

    code: str = "InternalError"
    http_status: int = 500

    def __init__(self, message: str, *, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


class InvalidRequestError(SteamshipError):
    """The request cannot be understood as it stands."""

    code = "InvalidRequest"
    http_status = 400


class InvalidHandleError(InvalidRequestError):
    """A handle that its grammar does not admit."""

    code = "InvalidHandle"


class InvalidConfigError(InvalidRequestError):
    """Config that the version's template does not admit, or that differs from an instance's."""

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
    """No key, or one that is unknown, revoked or expired. `tried`, which one, is for the audit trail alone."""

    code = "AuthenticationRequired"
    http_status = 401

    def __init__(self, message: str, *, suggestion: str | None = None, tried: TriedKey | None = None) -> None:
        super().__init__(message, suggestion=suggestion)
        self.tried = tried


class ForbiddenError(SteamshipError):
    """A valid key that may not do this."""

    code = "Forbidden"
    http_status = 403


class NotFoundError(SteamshipError):
    """Nothing there that the caller may see. `hides`, what is there all the same, is for the audit trail alone."""

    code = "NotFound"
    http_status = 404

    def __init__(self, message: str, *, suggestion: str | None = None, hides: Subject | None = None) -> None:
        super().__init__(message, suggestion=suggestion)
        self.hides = hides


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
    """The package's own code failed; `details` (a traceback) is for its owner and author alone."""

    code = "PackageError"

    def __init__(self, message: str, *, suggestion: str | None = None, details: str | None = None) -> None:
        super().__init__(message, suggestion=suggestion)
        self.details = details


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
    """The engine cannot do this now; `retry_after_s` whole seconds later it may.

    Where it is `stopping`, the next one may: what it was doing is tried again then.
    """

    code = "Unavailable"
    http_status = 503

    def __init__(
        self,
        message: str,
        *,
        suggestion: str | None = None,
        retry_after_s: int = 1,
        stopping: bool = False,
    ) -> None:
        super().__init__(message, suggestion=suggestion)
        self.retry_after_s = retry_after_s
        self.stopping = stopping


class BusyError(UnavailableError):
    """Too much at once; `Retry-After` says when to come back."""

    code = "Busy"
    http_status = 429


class NotBuiltYetError(SteamshipError):
    """A part of the protocol that this engine does not have yet."""

    code = "NotImplemented"
    http_status = 501


def wire_status(
    error: SteamshipError, *, request_id: str | None, details: str | None = None
) -> dict[str, Any]:
    """The `status` object of a failed answer, as protocol and SDKs read it.

    `details` is set only where the receiver may read the package's traceback.
    """
    message = error.message if details is None else f"{error.message}\n\n{details}"
    status: dict[str, Any] = {
        "state": "failed",
        "statusMessage": message,
        "statusCode": error.code,
        "requestId": request_id,
    }
    if error.suggestion is not None:
        status["statusSuggestion"] = error.suggestion
    return status
