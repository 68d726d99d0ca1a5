"""Worker keys: not stored, a MAC over instance, workspace, user, expiry and calls under the engine's boot secret.

A key is made for one call. It is `shipw_` and the base64url of `instance (16 bytes), workspace (16), user
(16), expiry (8: seconds since 1970), calls (8 each), MAC (32)`. The calls are those that the call was made
in, outermost first, and then itself. It ends after an hour, with its instance, or with the engine,
whichever is first; not with the call, whose threads may go on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.model.identifiers import id_of

PREFIX = "shipw_"
LONGEST_S = 3600

_FIELDS = struct.Struct(">16s16s16sQ")
_CALL = 16
"""Hexadecimal digits of a call's id."""
_MAC_BYTES = 32
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


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
    rest = expires.to_bytes(8, "big") + bytes.fromhex("".join(calls))
    mac = mac.copy()
    mac.update(rest)
    text = binascii.b2a_base64(rest + mac.digest(), newline=False)
    return beginning + text.translate(_URL_SAFE).rstrip(b"=").decode("ascii")


def verify(ground: Ground, key: str) -> Claim | None:
    """The claim of a key that this engine minted and that has not expired; None for any other text.

    Whether the instance still exists is for the caller to ask.
    """
    text = key.removeprefix(PREFIX)
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    payload, mac = whole[:-_MAC_BYTES], whole[-_MAC_BYTES:]
    if len(payload) < _FIELDS.size:
        return None
    if not hmac.compare_digest(mac, _mac(ground.boot_secret, payload).digest()):
        return None
    *ids, expires = _FIELDS.unpack_from(payload)
    if expires <= time.time():
        return None
    instance_id, workspace_id, user_id = (id_of(raw) for raw in ids)
    calls = payload[_FIELDS.size :].hex()
    chain = tuple(calls[at : at + _CALL] for at in range(0, len(calls), _CALL))
    return Claim(instance_id, workspace_id, user_id, chain)


@lru_cache(maxsize=4096)
def _begun(secret: bytes, *ids: str) -> tuple[str, hashlib.blake2b]:
    """The beginning of all keys of one instance, and of their MACs: there is a key for every call.

    The ids are 48 bytes, so what is encoded after them can be appended.
    """
    fields = b"".join(bytes.fromhex(text.replace("-", "")) for text in ids)
    return PREFIX + base64.urlsafe_b64encode(fields).decode(), _mac(secret, fields)


def _mac(secret: bytes, payload: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(payload, key=secret, digest_size=_MAC_BYTES, person=b"worker key")
