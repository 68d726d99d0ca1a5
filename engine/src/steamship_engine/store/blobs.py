"""Stored bytes by SHA-256, in a local directory or in a bucket, counted by those who need them.

Bytes are put aside first, under an object key of their own, and become a blob when a transaction
keeps them; they go when the transaction that released the last reference has been committed. What an
engine that was killed left behind, `sweep` finds.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from steamship_engine.model.errors import UnavailableError
from steamship_engine.store.columns import now
from steamship_engine.store.database import Database, after_commit
from steamship_engine.store.schema import blobs

_CHUNK = 1024 * 1024
_PREFIX = "sha256"
_ABANDONED = timedelta(days=1)
_CLOUD = ("s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "https")
_log = logging.getLogger(__name__)


class BlobUrlError(ValueError):
    """A blob store's URL that names no store this engine knows."""


class BlobError(UnavailableError):
    """Bytes that should be there cannot be had, or are not what was stored."""


@dataclass
class Placed:
    """Bytes put aside under an object key of their own. No blob yet: `Blobs.keep` makes them one."""

    digest: str
    size: int
    object_key: str
    kept: bool = field(default=False)


class Blobs:
    """The blob store. Plain blocking code; every method may be called from any thread."""

    def __init__(self, url: str, database: Database) -> None:
        """Open `file:///folder` (made if absent), `s3://`, `gs://` or `az://`; BlobUrlError for others."""
        self._store = _open(url)
        self._database = database

    @contextmanager
    def placed(self, path: Path, digest: str, size: int) -> Iterator[Placed]:
        """Put a file's bytes aside for the block, in which a transaction may `keep` them.

        Bytes that nobody kept are removed when the block ends. `digest` is the lower-case SHA-256 hex.
        """
        placed = self.put_file(path, digest, size)
        try:
            yield placed
        finally:
            self.discard(placed)

    def put_file(self, path: Path, digest: str, size: int) -> Placed:
        """Put a file's bytes aside. The caller must `keep` or `discard` them."""
        placed = Placed(digest, size, f"{_PREFIX}/{digest[:2]}/{digest}-{secrets.token_hex(8)}")
        with _speaking("stored", digest):
            obstore.put(self._store, placed.object_key, path)
        return placed

    def discard(self, placed: Placed) -> None:
        """Remove bytes that were put aside, unless they have become a blob."""
        if placed.kept or self._is_known(placed.object_key):
            return
        self._remove(placed.object_key)

    def keep(self, connection: Connection, placed: Placed) -> str:
        """Make what was put aside a blob with one reference more; its digest.

        Where the blob exists already, its own object stays and the one put aside is discarded.
        """
        values = {
            "digest": placed.digest,
            "object_key": placed.object_key,
            "size": placed.size,
            "references": 1,
            "created_at": now(),
        }
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        kept_key = connection.execute(
            dialect.insert(blobs)
            .values(values)
            .on_conflict_do_update(
                index_elements=[blobs.c.digest], set_={"references": blobs.c.references + 1}
            )
            .returning(blobs.c.object_key)
        ).scalar_one()
        if kept_key == placed.object_key:
            after_commit(connection, partial(setattr, placed, "kept", True))
        return placed.digest

    def retain(self, connection: Connection, digest: str) -> None:
        """Count one reference more to a blob that the transaction knows to be there."""
        found = connection.execute(
            update(blobs).where(blobs.c.digest == digest).values(references=blobs.c.references + 1)
        )
        if found.rowcount != 1:
            raise _missing(digest)

    def release(self, connection: Connection, digest: str) -> None:
        """Count one reference less; the last one takes the bytes with it, after the commit."""
        row = connection.execute(
            update(blobs)
            .where(blobs.c.digest == digest)
            .values(references=blobs.c.references - 1)
            .returning(blobs.c.references, blobs.c.object_key)
        ).first()
        if row is None:
            _log.warning("a reference to the blob %s was released that is not there", digest)
        elif row.references <= 0:
            connection.execute(delete(blobs).where(blobs.c.digest == digest))
            after_commit(connection, partial(self._remove, row.object_key))

    def open(self, digest: str) -> Iterator[bytes]:
        """The blob's bytes in pieces. BlobError at once if absent, at the end if they are not those stored."""
        object_key, size = self._find(digest)
        with _speaking("read", digest):
            stream = obstore.get(self._store, object_key).stream(min_chunk_size=_CHUNK)
        return _checked(iter(stream), digest, size)

    def open_range(self, digest: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to before `end`, in pieces. A part cannot be checked against the digest."""
        object_key, _size = self._find(digest)
        return self._pieces(object_key, digest, start, end)

    def _pieces(self, object_key: str, digest: str, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            until = min(start + _CHUNK, end)
            with _speaking("read", digest):
                piece = bytes(obstore.get_range(self._store, object_key, start=start, end=until))
            if len(piece) != until - start:
                raise _damaged(digest)
            yield piece
            start = until

    def read(self, digest: str) -> bytes:
        """The whole blob, checked."""
        return b"".join(self.open(digest))

    def fetch_to(self, digest: str, path: Path) -> None:
        """Write the blob to `path`, which appears only when all its bytes are there and right."""
        aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
        try:
            with aside.open("xb") as file:
                for piece in self.open(digest):
                    file.write(piece)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def sweep(self, older_than: timedelta = _ABANDONED) -> int:
        """Remove objects that no blob owns and that are older; how many. For the engine's start."""
        removed = 0
        for listed in obstore.list(self._store, prefix=_PREFIX, chunk_size=500):
            keys = [meta["path"] for meta in listed if meta["last_modified"] < now() - older_than]
            with self._database.read() as connection:
                owned = set(
                    connection.execute(
                        select(blobs.c.object_key).where(blobs.c.object_key.in_(keys))
                    ).scalars()
                )
            for key in keys:
                if key not in owned:
                    self._remove(key)
                    removed += 1
        return removed

    def _find(self, digest: str) -> tuple[str, int]:
        with self._database.read() as connection:
            row = connection.execute(
                select(blobs.c.object_key, blobs.c.size).where(blobs.c.digest == digest)
            ).first()
        if row is None:
            raise _missing(digest)
        return row.object_key, row.size

    def _is_known(self, object_key: str) -> bool:
        with self._database.read() as connection:
            found = connection.execute(select(blobs.c.size).where(blobs.c.object_key == object_key))
            return found.first() is not None

    def _remove(self, object_key: str) -> None:
        try:
            obstore.delete(self._store, object_key)
        except (BaseError, FileNotFoundError) as problem:
            # Nothing refers to it any more: the next sweep tries again.
            _log.warning("the object %s could not be removed: %s", object_key, problem)


def _open(url: str) -> ObjectStore:
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        folder = Path(unquote(parts.path))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return LocalStore(folder)
    if parts.scheme not in _CLOUD:
        raise BlobUrlError(
            f'"{parts.scheme}" is not a blob store this engine knows; use file:///FOLDER, s3://, gs:// or az://'
        )
    try:
        return from_url(
            url,
            client_options={"connect_timeout": "10s", "read_timeout": "30s", "timeout": "1h"},
            retry_config={"max_retries": 5, "retry_timeout": timedelta(minutes=1)},
        )
    except BaseError as problem:
        raise BlobUrlError(f"the blob URL cannot be used: {problem}") from None


def _checked(stream: Iterator[bytes], digest: str, size: int) -> Iterator[bytes]:
    seen = hashlib.sha256()
    count = 0
    while True:
        with _speaking("read", digest):
            piece = next(stream, None)
        if piece is None:
            break
        seen.update(piece)
        count += len(piece)
        yield bytes(piece)
    if count != size or seen.hexdigest() != digest:
        raise _damaged(digest)


@contextmanager
def _speaking(done: str, digest: str) -> Iterator[None]:
    """Turn the store's own errors into ours."""
    try:
        yield
    except FileNotFoundError:
        raise _missing(digest) from None
    except (BaseError, OSError) as problem:
        _log.warning("the blob %s could not be %s: %s", digest, done, problem)
        raise BlobError(
            f'the bytes "{digest}" could not be {done}.',
            suggestion="Try again; if it stays so, the engine's log says what its blob store answered.",
        ) from problem


def _missing(digest: str) -> BlobError:
    return BlobError(
        f'the bytes "{digest}" are missing from the blob store.',
        suggestion="Restore the blob store from a backup, or upload them again.",
    )


def _damaged(digest: str) -> BlobError:
    _log.error("the blob %s is damaged: its bytes are not those that were stored", digest)
    return BlobError(
        f'the bytes "{digest}" are damaged: they are not what was stored.',
        suggestion="Restore the blob store from a backup, or upload them again.",
    )
