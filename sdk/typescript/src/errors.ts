/**
 * Every error the SDK rejects with, by what its receiver can do next.
 *
 * SteamshipError                        anything else; `code` says what the engine called it
 *   InvalidRequestError                 fix the request
 *     InvalidHandleError                choose a handle by the rule in the message
 *     InvalidConfigError                fix the named parameters
 *     InvalidBundleError                fix the zip
 *     InvalidRequirementsError          fix requirements.txt
 *     InvalidManifestError              fix steamship.json
 *   AuthenticationError                 log in, or use another key
 *   ForbiddenError                      use a key that may do this
 *   NotFoundError                       check the handle or id
 *   MethodNotAllowedError               use another verb
 *   ConflictError                       choose another handle, or use what exists
 *     AlreadyExistsError                choose another handle
 *   TooLargeError                       send less
 *   MisdirectedError                    use one of the engine's own addresses
 *   PackageError                        the package's own code failed: ask its author
 *     DeployError                       fix the package and deploy again
 *     PackageCrashedError               the worker died; call again
 *     PackageMemoryError                the worker ran out of memory; ask for less at once
 *     PackageReplyError                 the answer is no reply
 *     PackageTimeoutError               the call passed its deadline
 *     CallTooDeepError                  let packages call each other less deeply
 *   UnavailableError                    try again later
 *     BusyError                         try again after a while
 *   NotBuiltYetError                    the engine does not have it yet
 *
 * Names and codes are those of the engine and of the Python SDK.
 */

/** What an error carries beside its message. */
export interface ErrorDetails {
  code?: string | undefined;
  suggestion?: string | undefined;
  httpStatus?: number | undefined;
  requestId?: string | undefined;
}

/** Any failure with a message for its receiver. */
export class SteamshipError extends Error {
  static readonly code: string | null = null;
  static readonly httpStatus: number = 500;

  /** The stable name of the kind of error; null where there is none. */
  readonly code: string | null;
  /** The HTTP status that came with it, or the one of its class. */
  readonly httpStatus: number;
  /** The command or change that helps; null where there is none. */
  readonly suggestion: string | null;
  /** Names the call in the engine's logs; null for what never reached the engine. */
  readonly requestId: string | null;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message);
    this.code = details.code ?? new.target.code;
    this.httpStatus = details.httpStatus ?? new.target.httpStatus;
    this.suggestion = details.suggestion ?? null;
    this.requestId = details.requestId ?? null;
  }
}

/** The request cannot be understood as it stands. */
export class InvalidRequestError extends SteamshipError {
  static override readonly code: string = "InvalidRequest";
  static override readonly httpStatus: number = 400;
}

/** A handle that its grammar does not admit. */
export class InvalidHandleError extends InvalidRequestError {
  static override readonly code = "InvalidHandle";
}

/** Config that the version's template does not admit, or that differs from the instance's. */
export class InvalidConfigError extends InvalidRequestError {
  static override readonly code = "InvalidConfig";
}

/** An uploaded zip that is broken, too large or dangerous. */
export class InvalidBundleError extends InvalidRequestError {
  static override readonly code = "InvalidBundle";
  static override readonly httpStatus = 422;
}

/** A line of requirements.txt that is refused, or that cannot be installed. */
export class InvalidRequirementsError extends InvalidRequestError {
  static override readonly code = "InvalidRequirements";
  static override readonly httpStatus = 422;
}

/** A steamship.json that cannot be used. */
export class InvalidManifestError extends InvalidRequestError {
  static override readonly code = "InvalidManifest";
  static override readonly httpStatus = 422;
}

/** No key, or one that is unknown, revoked or expired. */
export class AuthenticationError extends SteamshipError {
  static override readonly code = "AuthenticationRequired";
  static override readonly httpStatus = 401;
}

/** A valid key that may not do this. */
export class ForbiddenError extends SteamshipError {
  static override readonly code = "Forbidden";
  static override readonly httpStatus = 403;
}

/** Nothing there that the caller may see. */
export class NotFoundError extends SteamshipError {
  static override readonly code = "NotFound";
  static override readonly httpStatus = 404;
}

/** The address exists, the verb does not. */
export class MethodNotAllowedError extends SteamshipError {
  static override readonly code = "MethodNotAllowed";
  static override readonly httpStatus = 405;
}

/** The request contradicts what exists. */
export class ConflictError extends SteamshipError {
  static override readonly code: string = "Conflict";
  static override readonly httpStatus = 409;
}

/** The handle is taken. */
export class AlreadyExistsError extends ConflictError {
  static override readonly code = "AlreadyExists";
}

/** A body or a bundle over its limit. */
export class TooLargeError extends SteamshipError {
  static override readonly code = "TooLarge";
  static override readonly httpStatus = 413;
}

/** A host that is not one of the engine's. */
export class MisdirectedError extends SteamshipError {
  static override readonly code = "Misdirected";
  static override readonly httpStatus = 421;
}

/** The package's own code failed; its owner and author get the traceback in the message. */
export class PackageError extends SteamshipError {
  static override readonly code: string = "PackageError";
}

/** The version cannot be imported or described. */
export class DeployError extends PackageError {
  static override readonly code = "DeployFailed";
  static override readonly httpStatus = 422;
}

/** The worker ended in the middle of the call. */
export class PackageCrashedError extends PackageError {
  static override readonly code = "PackageCrashed";
  static override readonly httpStatus = 502;
}

/** The worker ran out of memory. */
export class PackageMemoryError extends PackageError {
  static override readonly code = "PackageMemory";
  static override readonly httpStatus = 502;
}

/** The worker sent something that is no reply. */
export class PackageReplyError extends PackageError {
  static override readonly code = "PackageReply";
  static override readonly httpStatus = 502;
}

/** The call passed its deadline and was stopped. */
export class PackageTimeoutError extends PackageError {
  static override readonly code = "PackageTimeout";
  static override readonly httpStatus = 504;
}

/** Packages call each other too deeply: too many calls wait for this one. */
export class CallTooDeepError extends PackageError {
  static override readonly code = "CallTooDeep";
  static override readonly httpStatus = 508;
}

/** The engine cannot do this now, or cannot be reached. */
export class UnavailableError extends SteamshipError {
  static override readonly code: string = "Unavailable";
  static override readonly httpStatus: number = 503;
}

/** Too much at once; wait and try again. */
export class BusyError extends UnavailableError {
  static override readonly code = "Busy";
  static override readonly httpStatus = 429;
}

/** A part that the engine does not have yet. */
export class NotBuiltYetError extends SteamshipError {
  static override readonly code = "NotImplemented";
  static override readonly httpStatus = 501;
}

const KINDS = {
  SteamshipError,
  InvalidRequestError,
  InvalidHandleError,
  InvalidConfigError,
  InvalidBundleError,
  InvalidRequirementsError,
  InvalidManifestError,
  AuthenticationError,
  ForbiddenError,
  NotFoundError,
  MethodNotAllowedError,
  ConflictError,
  AlreadyExistsError,
  TooLargeError,
  MisdirectedError,
  PackageError,
  DeployError,
  PackageCrashedError,
  PackageMemoryError,
  PackageReplyError,
  PackageTimeoutError,
  CallTooDeepError,
  UnavailableError,
  BusyError,
  NotBuiltYetError,
};

// Names come from the table's keys, which a minifier leaves alone, and sit on the prototype, where
// inspection does not repeat them.
for (const [name, kind] of Object.entries(KINDS)) {
  Object.defineProperty(kind.prototype, "name", { value: name, configurable: true, writable: true });
}

const KIND_OF_CODE = new Map<unknown, typeof SteamshipError>(
  Object.values(KINDS).flatMap((kind) => (kind.code === null ? [] : [[kind.code, kind]])),
);

/** An error in the class that `code` names; a plain SteamshipError that keeps a code unknown here. */
export function errorOfCode(message: string, details: ErrorDetails): SteamshipError {
  const kind = KIND_OF_CODE.get(details.code) ?? SteamshipError;
  return new kind(message, details);
}
