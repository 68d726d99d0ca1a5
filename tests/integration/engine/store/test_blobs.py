"""Blobs: put aside, kept, counted, read and swept."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from steamship_engine.store.blobs import BlobError, Blobs, BlobUrlError

DATA = bytes(range(256)) * 20_000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.write_bytes(DATA)
    return path


def objects(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def keep(ground, file: Path) -> None:
    with (
        ground.blobs.placed(file, DIGEST, len(DATA)) as placed,
        ground.database.begin() as connection,
    ):
        ground.blobs.keep(connection, placed)


def release(ground) -> None:
    with ground.database.begin() as connection:
        ground.blobs.release(connection, DIGEST)


def test_kept_bytes_are_read_again(ground, file, tmp_path):
    """What was kept is read whole, in parts, and into a file."""
    keep(ground, file)
    assert ground.blobs.read(DIGEST) == DATA
    assert b"".join(ground.blobs.open_range(DIGEST, 5, 2_000_005)) == DATA[5:2_000_005]
    ground.blobs.fetch_to(DIGEST, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == DATA


def test_the_last_reference_takes_the_bytes_along(ground, file, tmp_path):
    """Twice kept is one object, which goes with the second release and not before."""
    keep(ground, file)
    keep(ground, file)
    assert len(objects(tmp_path)) == 1
    release(ground)
    assert ground.blobs.read(DIGEST) == DATA
    release(ground)
    assert objects(tmp_path) == []
    with pytest.raises(BlobError, match="are missing"):
        ground.blobs.open(DIGEST)


def test_a_rolled_back_transaction_leaves_nothing(ground, file, tmp_path):
    """Bytes whose transaction failed are no blob, and are gone when the block ends."""
    with (
        pytest.raises(ZeroDivisionError),
        ground.blobs.placed(file, DIGEST, len(DATA)) as placed,
        ground.database.begin() as connection,
    ):
        ground.blobs.keep(connection, placed)
        raise ZeroDivisionError
    assert objects(tmp_path) == []
    with pytest.raises(BlobError):
        ground.blobs.open(DIGEST)


def test_a_rolled_back_release_keeps_the_bytes(ground, file):
    """An object is deleted after the commit only."""
    keep(ground, file)
    with pytest.raises(ZeroDivisionError), ground.database.begin() as connection:
        ground.blobs.release(connection, DIGEST)
        raise ZeroDivisionError
    assert ground.blobs.read(DIGEST) == DATA


def test_released_and_kept_again_in_between(ground, file):
    """A release cannot take the bytes of an upload of the same content that is under way."""
    keep(ground, file)
    with ground.blobs.placed(file, DIGEST, len(DATA)) as placed:
        release(ground)
        with ground.database.begin() as connection:
            ground.blobs.keep(connection, placed)
    assert ground.blobs.read(DIGEST) == DATA


def test_retain_counts_and_refuses_what_is_not_there(ground, file):
    """A retained blob survives one release more; an unknown one cannot be retained."""
    keep(ground, file)
    with ground.database.begin() as connection:
        ground.blobs.retain(connection, DIGEST)
    release(ground)
    assert ground.blobs.read(DIGEST) == DATA
    with pytest.raises(BlobError, match="0000"), ground.database.begin() as connection:
        ground.blobs.retain(connection, "0" * 64)


@pytest.mark.parametrize("damage", [DATA[:-1], DATA[:-1] + b"?", b"", DATA + b"more"])
def test_damaged_bytes_are_never_whole(ground, file, tmp_path, damage):
    """A truncated, changed or longer object is found out, and never lands at the wanted path."""
    keep(ground, file)
    objects(tmp_path)[0].write_bytes(damage)
    with pytest.raises(BlobError, match="damaged"):
        ground.blobs.read(DIGEST)
    with pytest.raises(BlobError):
        ground.blobs.fetch_to(DIGEST, tmp_path / "copy")
    assert not list(tmp_path.glob("copy*"))


def test_an_object_that_vanished_is_a_typed_error(ground, file, tmp_path):
    """A row without its object says that the bytes are missing."""
    keep(ground, file)
    objects(tmp_path)[0].unlink()
    with pytest.raises(BlobError, match="are missing"):
        ground.blobs.read(DIGEST)


def test_the_sweep_takes_what_nobody_owns(ground, file, tmp_path):
    """Objects that a killed engine put aside go once they are old; blobs and fresh ones stay."""
    keep(ground, file)
    ground.blobs.put_file(file, DIGEST, len(DATA))
    assert len(objects(tmp_path)) == 2
    assert ground.blobs.sweep() == 0
    assert ground.blobs.sweep(timedelta(0)) == 1
    assert ground.blobs.read(DIGEST) == DATA


@pytest.mark.parametrize("url", ["", "/plain/path", "ftp://host/x", "file://host/x", "memory:///"])
def test_urls_of_no_store(ground, url):
    """A URL that names no blob store is refused with those that do."""
    with pytest.raises(BlobUrlError, match="file:///FOLDER"):
        Blobs(url, ground.database)
