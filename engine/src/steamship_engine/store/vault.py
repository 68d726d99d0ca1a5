"""Secrets at rest: AES-GCM under one key that lives outside the database.

A sealed value is `format (1 byte), key id (8 bytes), nonce (12 bytes), ciphertext and tag`. It is
bound to its place, `table:row:field`, so that a value copied to another row does not open.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from steamship_engine.model.errors import UnavailableError

_FORMAT = b"\x01"
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_HEAD_BYTES = len(_FORMAT) + _KEY_ID_BYTES

SHORTEST_SECRET = 32
"""Characters that a secret key set by the operator must have."""


class SecretKeyError(ValueError):
    """A secret key that cannot be used, in words for the operator."""


class Vault:
    """Seals and opens small values under the key that `secret` gives."""

    def __init__(self, secret: str) -> None:
        """`secret` is any text of 32 characters or more."""
        if len(secret) < SHORTEST_SECRET:
            raise SecretKeyError(f"the secret key is shorter than {SHORTEST_SECRET} characters")
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"steamship-engine vault")
        key = derive.derive(secret.encode())
        self._cipher = AESGCM(key)
        self._key_id = hashlib.sha256(b"steamship-engine key id" + key).digest()[:_KEY_ID_BYTES]

    def seal(self, plaintext: bytes, place: str) -> bytes:
        """`plaintext` encrypted for one place."""
        head = _FORMAT + self._key_id
        nonce = os.urandom(_NONCE_BYTES)
        return head + nonce + self._cipher.encrypt(nonce, plaintext, head + place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The plaintext again; UnavailableError when key or place are not those it was sealed with."""
        head, rest = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
        if head != _FORMAT + self._key_id:
            raise UnavailableError(
                f'A secret was sealed with another secret key than the engine has now (key id "{head[1:].hex()}").',
                suggestion="Start the engine with the secret key it had: the file secret.key in its data "
                "directory, or STEAMSHIP_ENGINE_SECRET_KEY.",
            )
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, head + place.encode())
        except (InvalidTag, ValueError):
            raise UnavailableError(
                f'The secret at "{place}" is damaged or was moved there from another place.',
                suggestion="Restore the database from a backup, or create the instance anew.",
            ) from None


def secret_from(file: Path) -> str:
    """The secret kept in `file`, made on first use and readable by its owner alone."""
    try:
        return file.read_text("ascii").strip()
    except FileNotFoundError:
        pass
    secret = secrets.token_urlsafe(48)
    partial = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secret + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # Linking fails where the file has appeared meanwhile: never two keys for one data directory.
        os.link(partial, file)
    except FileExistsError:
        return file.read_text("ascii").strip()
    finally:
        partial.unlink()
    return secret
