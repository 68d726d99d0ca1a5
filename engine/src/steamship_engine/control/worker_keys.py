"""Worker keys: not stored, a MAC over instance, workspace, user and expiry under the engine's boot secret.

A key is `shipw_` and the base64url of `instance (16 bytes), workspace (16), user (16), expiry (8: seconds
since 1970), MAC (32)`. It ends after an hour, with its instance, or with the engine, whichever is first.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
import time
import uuid
from dataclasses import dataclass

from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget

PREFIX = "shipw_"
LONGEST_S = 3600

_FIELDS = struct.Struct(">16s16s16sQ")
_MAC_BYTES = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Claim:
    """What a worker key that bears our MAC says: whose worker holds it."""

    instance_id: str
    workspace_id: str
    user_id: str


def mint(ground: Ground, target: CallTarget, *, lifetime_s: int = LONGEST_S) -> str:
    """A fresh key for the worker of the target's instance, for an hour at most."""
    expires = int(time.time()) + min(lifetime_s, LONGEST_S)
    ids = (target.spec.instance_id, target.spec.workspace_id, target.owner_id)
    payload = _FIELDS.pack(*(uuid.UUID(text).bytes for text in ids), expires)
    return PREFIX + base64.urlsafe_b64encode(payload + _mac(ground, payload)).decode().rstrip("=")


def verify(ground: Ground, key: str) -> Claim | None:
    """The claim of a key that this engine minted and that has not expired; None for any other text.

    Whether the instance still exists is for the caller to ask.
    """
    text = key.removeprefix(PREFIX)
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(whole) != _FIELDS.size + _MAC_BYTES:
        return None
    payload, mac = whole[: _FIELDS.size], whole[_FIELDS.size :]
    if not hmac.compare_digest(mac, _mac(ground, payload)):
        return None
    *ids, expires = _FIELDS.unpack(payload)
    if expires <= time.time():
        return None
    return Claim(*(str(uuid.UUID(bytes=raw)).upper() for raw in ids))


def _mac(ground: Ground, payload: bytes) -> bytes:
    return hmac.digest(ground.boot_secret, b"steamship worker key" + payload, "sha256")
