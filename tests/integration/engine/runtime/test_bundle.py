"""Bundles on disk: hostile zips leave nothing, good ones are unpacked once and say what they are."""

from __future__ import annotations

import hashlib
import io
import random
import stat
import struct
import tarfile
import threading
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steamship_engine.model.errors import InvalidBundleError, InvalidManifestError, TooLargeError
from steamship_engine.model.limits import BundleLimits
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime import trees
from steamship_engine.runtime.bundle import Bundles
from steamship_engine.runtime.port import BundleFacts
from steamship_engine.runtime.scratch import Scratch
from steamship_engine.runtime.zips import unpack
from tests.packages import bundle, zipped


class Shelf:
    """A folder of bundles, and what is left in its scratch."""

    def __init__(self, folder: Path, limits: BundleLimits | None = None) -> None:
        self.folder = folder
        self.scratch = Scratch(folder / "scratch")
        self.bundles = Bundles(folder / "bundles", self.scratch, limits or BundleLimits())

    def inspect(self, content: bytes) -> BundleFacts:
        digest = hashlib.sha256(content).hexdigest()
        source = self.folder / "upload.zip"
        source.write_bytes(content)
        return self.bundles.inspect(source, digest)

    def refusal(self, content: bytes) -> str:
        """Why the bundle is refused; nothing of it may be left."""
        with pytest.raises((InvalidBundleError, TooLargeError, InvalidManifestError)) as refused:
            self.inspect(content)
        assert not list(self.scratch._folder.iterdir())
        return refused.value.message


@pytest.fixture
def shelf(tmp_path):
    made = Shelf(tmp_path)
    yield made
    made.scratch.close()


def test_a_forgotten_bundle_is_gone_and_can_come_back(shelf):
    """Nothing of it stays, also where it is not there; inspecting it again unpacks it again."""
    content = zipped({"api.py": "x = 1", "folder/data.txt": "y"})
    digest = shelf.inspect(content).digest
    assert shelf.bundles.unpacked() == [digest]
    for _ in range(2):
        shelf.bundles.forget(digest)
        assert shelf.bundles.unpacked() == []
        assert not list(shelf.scratch._folder.iterdir())
    assert shelf.inspect(content).digest == digest
    assert (shelf.bundles.folder(digest) / "api.py").read_text() == "x = 1"


def _raw(
    name: bytes, content: bytes, *, flags: int = 0, attributes: int = 0, declared: int | None = None
) -> bytes:
    """A zip of one deflated entry, built by hand, so that it may lie."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    size = len(content) if declared is None else declared
    common = struct.pack("<4H3L2H", flags, 8, 0, 0x21, zlib.crc32(content), len(packed), size, len(name), 0)
    local = b"PK\x03\x04" + struct.pack("<H", 20) + common + name + packed
    central = (
        b"PK\x01\x02" + struct.pack("<2H", 0x31E, 20) + common
        + struct.pack("<3H2L", 0, 0, 0, attributes, 0) + name
    )  # fmt: skip
    return local + central + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)


def test_a_good_bundle_is_unpacked_read_only(shelf):
    """The files are there with their bytes, nobody may write them, and executables stay so."""
    script = zipfile.ZipInfo("bin/run.sh")
    script.external_attr = (stat.S_IFREG | 0o755) << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("api.py", "x = 1\n")
        archive.writestr(script, "#!/bin/sh\n")
    facts = shelf.inspect(stream.getvalue())
    folder = shelf.bundles.folder(facts.digest)
    assert (folder / "api.py").read_text() == "x = 1\n"
    assert stat.S_IMODE((folder / "api.py").stat().st_mode) == 0o444
    assert stat.S_IMODE((folder / "bin" / "run.sh").stat().st_mode) == 0o555
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "bin")} == {0o555}
    assert not list(shelf.scratch._folder.iterdir())


def test_nothing_lies_below_a_private_folder(shelf):
    """Every folder from the data folder down can be entered by other users."""
    folder = shelf.bundles.folder(shelf.inspect(bundle("greeter")).digest)
    while folder != shelf.folder:
        assert folder.stat().st_mode & 0o055 == 0o055, folder
        folder = folder.parent


def test_concurrent_inspections_unpack_one_whole_bundle(shelf):
    """Twenty threads that inspect one bundle all see it whole."""
    content = zipped({f"data/{n}.txt": str(n) * 100 for n in range(300)})
    digest = hashlib.sha256(content).hexdigest()
    source = shelf.folder / "one.zip"
    source.write_bytes(content)
    counts: list[int] = []

    def work() -> None:
        shelf.bundles.inspect(source, digest)
        counts.append(len(list((shelf.bundles.folder(digest) / "data").iterdir())))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [300] * 20
    assert [path.name for path in (shelf.folder / "bundles").iterdir()] == [digest]
    assert not list(shelf.scratch._folder.iterdir())


def test_a_damaged_bundle_is_refused(shelf):
    """Bytes that are not those of the digest are never unpacked."""
    source = shelf.folder / "upload.zip"
    source.write_bytes(bundle("greeter"))
    with pytest.raises(InvalidBundleError, match="damaged"):
        shelf.bundles.inspect(source, "0" * 64)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no zip"),
        (b"hello", "no zip"),
        (b"PK\x05\x06" + b"\xff" * 18, "entries"),
        (_raw(b"../evil.py", b"x"), '".."'),
        (_raw(b"/etc/evil.py", b"x"), "absolute"),
        (_raw(b"..\\evil.py", b"x"), "backslash"),
        (_raw(b"a\x00b", b"x"), "control character"),
        (_raw(b"link", b"/etc/passwd", attributes=(stat.S_IFLNK | 0o777) << 16), "special file"),
        (_raw(b"device", b"", attributes=(stat.S_IFCHR | 0o666) << 16), "special file"),
        (_raw(b"locked.py", b"x", flags=0x1), "encrypted"),
        (_raw(b"short.py", b"x" * 1000, declared=10), "no zip that can be read"),
        (_raw(b"\xff\xfe", b"x", flags=0x800), "no zip that can be read"),
        (_raw(b"api.py", b"x")[:-30], "no zip"),
    ],
)
def test_a_hostile_zip_is_refused_and_leaves_nothing(shelf, content, reason):
    """Each trick is refused with its reason, and nothing appears outside or inside the shelf."""
    assert reason in shelf.refusal(content)
    assert {path.name for path in shelf.folder.iterdir()} == {"bundles", "scratch", "upload.zip"}
    assert not list((shelf.folder / "bundles").iterdir())


def test_a_tar_is_refused(shelf):
    """Another archive is no zip."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("api.py"))
    assert "no zip" in shelf.refusal(stream.getvalue())


def test_of_one_name_the_last_entry_counts(shelf):
    """The original's command line may put two files at one name; the last one is unpacked, as everywhere."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("api.py", "a")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("api.py", "b")
        archive.writestr("steamship.json", "{}")
    facts = shelf.inspect(stream.getvalue())
    assert (shelf.bundles.folder(facts.digest) / "api.py").read_bytes() == b"b"


def test_a_bomb_is_stopped_while_inflating(tmp_path):
    """A file that inflates a thousandfold is refused at the ratio's floor, whatever its header says."""
    for declared in (None, 100):
        shelf = Shelf(tmp_path / str(declared), BundleLimits(ratio_floor=1 << 20))
        reason = shelf.refusal(_raw(b"zeros", bytes(32 << 20), declared=declared))
        assert "times its size" in reason or "no zip that can be read" in reason
        shelf.scratch.close()


def test_bytes_are_counted_while_inflating(tmp_path):
    """The inflated size has a limit over all entries together."""
    limits = BundleLimits(inflated=100_000)
    shelf = Shelf(tmp_path, limits)
    noise = random.Random(1).randbytes(60_000)
    assert '"b"' in shelf.refusal(zipped({"a": noise, "b": noise}))
    shelf.scratch.close()


def test_a_small_file_may_inflate_much(shelf):
    """Below the ratio's floor any ratio is fine."""
    shelf.inspect(zipped({"api.py": b"\n" * 1_000_000}))


def test_overlapping_entries_are_refused(shelf):
    """A zip whose entries share one kernel of packed bytes is refused before anything is inflated."""
    content = zipped({"a": b"x" * 1000, "b": b"x" * 1000})
    end = content.rindex(b"PK\x05\x06")
    directory = struct.unpack_from("<L", content, end + 16)[0]
    second = content.index(b"PK\x01\x02", directory + 4)
    offset = struct.pack("<L", 0)
    overlapping = content[: second + 42] + offset + content[second + 46 :]
    assert "overlaps" in shelf.refusal(overlapping)


def test_a_zip_larger_than_allowed_is_refused(tmp_path):
    """The zip's own size has a limit."""
    shelf = Shelf(tmp_path, BundleLimits(packed=100))
    assert '"' in shelf.refusal(zipped({"a": b"x" * 200}))
    shelf.scratch.close()


def test_a_huge_table_of_contents_is_refused_unread(tmp_path):
    """Sixty-five thousand entries are refused by the zip's end record."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(65_600):
            archive.writestr(f"{number}", b"")
    shelf = Shelf(tmp_path)
    assert '"65600" entries' in shelf.refusal(stream.getvalue())
    shelf.scratch.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_to_a_zip_is_unpacked_or_refused(data, tmp_path):
    """A zip with any bytes changed, cut or added is unpacked within its folder or refused, never worse."""
    whole = zipped({"api.py": "x = 1\n" * 50, "data/a.txt": "a" * 100, "b/": ""})
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 20))
    source, target = tmp_path / "fuzzed.zip", tmp_path / "fuzzed"
    source.write_bytes(bytes(content)[: len(content) - cut])
    target.mkdir()
    try:
        unpack(source, target)
    except (InvalidBundleError, TooLargeError):
        pass
    finally:
        trees.remove(target)
    assert [path.name for path in tmp_path.iterdir()] == ["fuzzed.zip"]


@pytest.mark.parametrize(
    ("files", "kind", "reason"),
    [
        ({}, VersionKind.NATIVE, "requirements.txt does not name steamship"),
        ({"requirements.txt": "attrs"}, VersionKind.NATIVE, "does not name steamship"),
        ({"requirements.txt": "steamship>=2"}, VersionKind.NATIVE, '"steamship>=2", which admits version 3'),
        (
            {"requirements.txt": "steamship<3"},
            VersionKind.ORIGINAL,
            '"steamship<3", which admits versions below 3',
        ),
        ({"steamship/__init__.py": ""}, VersionKind.ORIGINAL, 'the folder "steamship/"'),
        ({"lib/steamship/__init__.py": ""}, VersionKind.NATIVE, "does not name steamship"),
        (
            {"steamship/a.py": "", "steamship.json": '{"runtime": "native"}'},
            VersionKind.NATIVE,
            '"runtime": "native"',
        ),
        ({"steamship.json": '{"runtime": "original"}'}, VersionKind.ORIGINAL, '"runtime": "original"'),
    ],
)
def test_a_bundle_tells_its_kind_and_why(shelf, files, kind, reason):
    """Native or original follows from the bundle alone, and the reason is in words."""
    facts = shelf.inspect(zipped({"api.py": "", **files}))
    assert facts.kind is kind
    assert reason in facts.kind_reason


def test_a_bundle_tells_its_facts(shelf):
    """Requirements, README and manifest are read; a native one's line about the SDK is left out."""
    facts = shelf.inspect(
        zipped({
            "api.py": "",
            "requirements.txt": "Attrs\nsteamship>=3\n",
            "Readme.md": "# Hello",
            "steamship.json": '{"type": "package", "handle": "x"}',
        })
    )  # fmt: skip
    assert facts.requirements == ("attrs",)
    assert facts.readme == "# Hello"
    assert facts.manifest == {"type": "package", "handle": "x"}


def test_an_original_keeps_its_sdk_among_the_requirements(shelf):
    """An original bundle's SDK is installed like anything else."""
    facts = shelf.inspect(zipped({"api.py": "", "requirements.txt": "steamship==2.17.34"}))
    assert facts.requirements == ("steamship==2.17.34",)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"a": 1, "a": 2}', '{"a": NaN}', "[" * 100_000, '{"runtime": "java"}']
)
def test_a_broken_manifest_is_refused(shelf, text):
    """A steamship.json that is no plain object is refused by its name."""
    assert "steamship.json" in shelf.refusal(zipped({"api.py": "", "steamship.json": text}))


def test_a_bundle_that_is_not_here_says_so(shelf):
    """A digest that is no digest never becomes a path."""
    with pytest.raises(ValueError, match="SHA-256"):
        shelf.bundles.folder("../../etc")
