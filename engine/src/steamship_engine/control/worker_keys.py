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
from typing import Any

from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.model.identifiers import id_of

PREFIX = "shipw_"
LONGEST_S = 3600

_FIELDS = struct.Struct(">16s16s16sQ")
_CALL = 16
"""Hexadecimal digits of a call's id."""
_EXPIRY = struct.Struct(">Q")
_MAC_BYTES = hashlib.sha256().digest_size
_PURPOSE = b"steamship worker key"
_INNER, _OUTER = (bytes(number ^ pad for number in range(256)) for pad in (0x36, 0x5C))
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
Hash = Any  # hashlib names no type of its objects


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
    ids, inner, outer = _begun(
        ground.boot_secret, target.spec.instance_id, target.spec.workspace_id, target.owner_id
    )
    rest = _EXPIRY.pack(expires) + bytes.fromhex("".join(calls))
    mac, around = inner.copy(), outer.copy()
    mac.update(rest)
    around.update(mac.digest())
    text = binascii.b2a_base64(ids + rest + around.digest(), newline=False)
    return PREFIX + text.translate(_URL_SAFE).rstrip(b"=").decode()


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
    if not hmac.compare_digest(mac, _mac(ground, payload)):
        return None
    *ids, expires = _FIELDS.unpack_from(payload)
    if expires <= time.time():
        return None
    instance_id, workspace_id, user_id = (id_of(raw) for raw in ids)
    calls = payload[_FIELDS.size :].hex()
    chain = tuple(calls[at : at + _CALL] for at in range(0, len(calls), _CALL))
    return Claim(instance_id, workspace_id, user_id, chain)


@lru_cache(maxsize=4096)
def _begun(secret: bytes, *ids: str) -> tuple[bytes, Hash, Hash]:
    """What the keys of one instance have in common: their first fields, and HMAC's two hashes over them.

    There is a key for every call. HMAC begins anew each time, which is half of what a key would cost.
    """
    fields = b"".join(bytes.fromhex(text.replace("-", "")) for text in ids)
    block = hashlib.sha256().block_size
    key = (secret if len(secret) <= block else hashlib.sha256(secret).digest()).ljust(block, b"\0")
    inner = hashlib.sha256(key.translate(_INNER) + _PURPOSE + fields)
    return fields, inner, hashlib.sha256(key.translate(_OUTER))


def _mac(ground: Ground, payload: bytes) -> bytes:
    return hmac.digest(ground.boot_secret, _PURPOSE + payload, "sha256")
