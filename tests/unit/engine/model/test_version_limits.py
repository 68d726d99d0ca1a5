"""The limits that a manifest asks for, and the caps of an operator."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from steamship_engine.model.errors import InvalidManifestError
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.version_limits import (
    CAPS,
    LIMITS,
    VersionLimits,
    caps_text,
    kept_wishes,
    notes,
    read_caps,
    wishes,
    within,
)
from steamship_engine.runtime.enforced import enforced_in

GIB = 1024**3


def _manifest(**limits: Any) -> dict[str, Any]:
    return {"handle": "greeter", "limits": limits}


def test_the_table_has_every_limit() -> None:
    """Each field of `VersionLimits` is a row of the table, and nothing else is; the runtime speaks of these alone."""
    names = [field.name for field in fields(VersionLimits)]
    assert [limit.name for limit in LIMITS] == names
    for mode in SandboxMode:
        assert enforced_in(mode).keys() <= set(names)


@pytest.mark.parametrize("manifest", [None, {}, {"limits": None}, {"limits": {}}, _manifest(memory=None)])
def test_who_asks_for_nothing_gets_the_defaults(manifest: dict[str, Any] | None) -> None:
    """Without a wish, and with null for one, the defaults count and nothing is remarked."""
    assert wishes(manifest) == {}
    assert within({}, CAPS) == VersionLimits()
    assert notes({}, CAPS) == []


@pytest.mark.parametrize(
    ("said", "size"),
    [
        (64 * 1024**2, 64 * 1024**2),
        ("64 MiB", 64 * 1024**2),
        ("64mib", 64 * 1024**2),
        ("512MB", 512_000_000),
        ("0.5 GiB", GIB // 2),
        ("1.5GB", 1_500_000_000),
        ("20000 KiB", 20_480_000),
        ("20000kb", 20_000_000),
        ("67108864", 67_108_864),
        ("67108864 B", 67_108_864),
    ],
)
def test_a_size_is_bytes_or_a_text(said: object, size: int) -> None:
    """Sizes are numbers of bytes, or texts whose units are powers of 1000 (MB) or of 1024 (MiB)."""
    assert wishes(_manifest(memory=said)) == {"memory": size}


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (2**31, "2 GiB"),
        (512_000_000, "512 MB"),
        (1_500_000_000, "1500 MB"),
        (2**20 + 1024, "1025 KiB"),
        (1_025, "1025 bytes"),
    ],
)
def test_a_size_is_shown_whole(size: int, shown: str) -> None:
    """Sizes are shown in the largest unit that leaves no fraction, so that none is rounded."""
    assert LIMITS[0].shown(size) == shown


def test_every_limit_can_be_asked_for() -> None:
    """What the manifest says counts, where the caps allow it."""
    asked = {
        "memory": 2 * GIB,
        "cpu": 0.5,
        "processes": 3,
        "files": 100,
        "scratch": 2**20,
        "timeout_s": 2.5,
        "reply_size": 4096,
        "max_workers": 2,
        "concurrency": 8,
    }
    assert within(wishes({"limits": asked}), CAPS) == VersionLimits(**asked)


def test_timeout_is_another_name() -> None:
    """`limits.timeout`, which versions had before there were other limits, is `timeout_s`."""
    assert wishes(_manifest(timeout=7)) == {"timeout_s": 7}


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("fast", '"limits" is "fast": it is an object of names and values'),
        ([1], '"limits" is "[1]": it is an object'),
        ({"memroy": 1}, '"limits" has "memroy", and there is no such limit: did you mean "memory"?'),
        ({"xyzzy": 1}, '"xyzzy", and there is no such limit: there are memory, cpu,'),
        ({"timeout": 1, "timeout_s": 2}, 'both "timeout" and "timeout_s"'),
        ({"memory": 512}, '"limits.memory" is "512": it must be at least 16 MiB'),
        ({"memory": "9 XB"}, '"limits.memory" is "9 XB": it is a whole number of bytes, or a text'),
        ({"memory": "-1 GiB"}, '"limits.memory" is "-1 GiB": it is'),
        ({"memory": 1e9}, '"limits.memory" is "1000000000.0": it is a whole number of bytes'),
        ({"memory": True}, '"limits.memory" is "true": it is a whole number of bytes'),
        ({"memory": 10**400}, "it must be at most"),
        ({"memory": "999999999999999999 GiB"}, "it must be at most"),
        ({"cpu": False}, '"limits.cpu" is "false": it is a number of cores'),
        ({"cpu": "1"}, '"limits.cpu" is "1": it is a number of cores'),
        ({"cpu": 0}, '"limits.cpu" is "0": it must be at least 0.01'),
        ({"cpu": float("nan")}, '"limits.cpu" is "NaN": it must be at least 0.01'),
        ({"cpu": float("inf")}, '"limits.cpu" is "Infinity": it must be at most'),
        ({"timeout_s": -1}, '"limits.timeout_s" is "-1": it must be at least 0.001'),
        ({"timeout": True}, '"limits.timeout" is "true": it is a number of seconds'),
        ({"processes": 2.5}, '"limits.processes" is "2.5": it is a whole number'),
        ({"max_workers": 0}, '"limits.max_workers" is "0": it must be at least 1'),
        ({"concurrency": [2]}, '"limits.concurrency" is "[2]": it is a whole number'),
    ],
)
def test_a_wrong_limit_is_refused(limits: object, said: str) -> None:
    """The refusal names the limit, its value and what it should be; of a version that exists it counts for nothing."""
    with pytest.raises(InvalidManifestError) as error:
        wishes({"limits": limits})
    assert said in error.value.message
    assert error.value.suggestion == "Correct the named limits and deploy again."
    assert kept_wishes({"limits": limits}).keys() <= {"timeout_s"}


def test_all_wrong_limits_are_named_at_once() -> None:
    """Two mistakes are two clauses of one message; what is right beside them counts for a version that exists."""
    manifest = _manifest(cpu=0, files=1, processes=4)
    with pytest.raises(InvalidManifestError, match=r'limits\.cpu.*; "limits\.files'):
        wishes(manifest)
    assert kept_wishes(manifest) == {"processes": 4}


def test_a_wish_above_the_cap_is_capped_and_said() -> None:
    """The cap counts, and a remark has both values in the manifest's units; a default above a cap needs no remark."""
    caps = replace(CAPS, memory=2 * GIB, timeout_s=30, scratch=2**20)
    asked = wishes(_manifest(memory="8 GiB", timeout_s=45.5, cpu=1))
    limits = within(asked, caps)
    assert (limits.memory, limits.timeout_s, limits.scratch, limits.cpu) == (2 * GIB, 30, 2**20, 1)
    assert notes(asked, caps) == [
        'steamship.json asks for memory "8 GiB"; this engine allows "2 GiB".',
        'steamship.json asks for timeout_s "45.5"; this engine allows "30".',
    ]


def test_concurrency_is_left_to_the_class_unless_asked_for() -> None:
    """A cap on concurrency is no wish for it."""
    assert within({}, replace(CAPS, concurrency=2)).concurrency is None
    assert within({"concurrency": 5}, replace(CAPS, concurrency=2)).concurrency == 2


def test_caps_are_read_from_text() -> None:
    """The operator names some caps, the others stay; the text of caps is read as the same caps."""
    assert read_caps("memory=2GiB, cpu = 0.5,timeout_s=60") == replace(
        CAPS, memory=2 * GIB, cpu=0.5, timeout_s=60
    )
    assert read_caps("") == CAPS
    assert read_caps(caps_text(CAPS)) == CAPS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mem=2GiB", '"mem" is no limit: did you mean "memory"'),
        ("memory", 'it says "memory" once'),
        ("cpu=1,cpu=2", 'it says "cpu" once'),
        ("memory=2", '"memory" is "2", but it must be at least 16 MiB'),
        ("cpu=many", '"cpu" is "many", but it is a number of cores'),
        ("cpu=nan", '"cpu" is "nan", but it must be at least'),
        ("processes=1.5", '"processes" is "1.5", but it is a whole number'),
        ("timeout_s=7200", '"timeout_s" is "7200", but it must be at most 3600'),
    ],
)
def test_wrong_caps_are_refused(text: str, why: str) -> None:
    """The refusal names the cap and its value. No call may outlive the key that it is given."""
    with pytest.raises(ValueError, match="^" + why.replace("(", r"\(")):
        read_caps(text)
