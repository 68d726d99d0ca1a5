"""Worker keys: not stored, a MAC over instance, workspace, user, expiry and calls under the engine's boot secret.

A key is made for one call. It is `shipw_` and, in lower-case hexadecimal digits, instance (32), workspace (32), user (32),
expiry (16: seconds since 1970), calls (16 each) and MAC (32). The calls are those that the call was made
in, outermost first, and then itself. It ends after an hour, with its instance, or with the engine,
whichever is first; not with the call, whose threads may go on.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.model.identifiers import id_of

PREFIX = "shipw_"
LONGEST_S = 3600

_ID, _EXPIRY, _CALL, _MAC = 32, 16, 16, 32
_CALLS_AT = 3 * _ID + _EXPIRY


@dataclass(frozen=True)
class Claim:
    """What a worker key that bears our MAC says: whose worker holds it, and for which calls."""

    instance_id: str
    workspace_id: str
    user_id: str
    calls: tuple[str, ...] = ()


def mint(
    ground: Ground, target: CallTarget, calls: Sequence[str] = (), *, lifetime_s: int = LONGEST_S
) -> str:
    """A fresh key for the worker of the target's instance, for an hour at most; `calls` as `Claim.calls`."""
    expires = int(time.time()) + min(lifetime_s, LONGEST_S)
    beginning, mac = _begun(
        ground.boot_secret, target.spec.instance_id, target.spec.workspace_id, target.owner_id
    )
    rest = f"{expires:016x}{''.join(calls)}"
    mac = mac.copy()
    mac.update(rest.encode())
    return beginning + rest + mac.hexdigest()


def verify(ground: Ground, key: str) -> Claim | None:
    """The claim of a key that this engine minted and that has not expired; None for any other text.

    Whether the instance still exists is for the caller to ask.
    """
    text = key.removeprefix(PREFIX)
    payload, mac = text[:-_MAC], text[-_MAC:]
    if not text.isascii() or len(payload) < _CALLS_AT:
        return None
    if not hmac.compare_digest(mac, _mac(ground.boot_secret, payload).hexdigest()):
        return None
    if int(payload[3 * _ID : _CALLS_AT], 16) <= time.time():
        return None
    instance_id, workspace_id, user_id = (
        id_of(bytes.fromhex(payload[at : at + _ID])) for at in (0, _ID, 2 * _ID)
    )
    chain = tuple(payload[at : at + _CALL] for at in range(_CALLS_AT, len(payload), _CALL))
    return Claim(instance_id, workspace_id, user_id, chain)


@lru_cache(maxsize=4096)
def _begun(secret: bytes, *ids: str) -> tuple[str, hashlib.blake2b]:
    """The beginning of all keys of one instance, and of their MACs: there is a key for every call."""
    fields = "".join(text.replace("-", "").lower() for text in ids)
    return PREFIX + fields, _mac(secret, fields)


def _mac(secret: bytes, payload: str) -> hashlib.blake2b:
    return hashlib.blake2b(payload.encode(), key=secret, digest_size=_MAC // 2, person=b"worker key")
