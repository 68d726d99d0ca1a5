"""`ship limits`."""

from __future__ import annotations

from tests.unit.sdk.cli.conftest import failed

LIMITS = [
    {"name": "memory", "value": 2**29, "unit": "bytes", "asked": 2**30, "cap": 2**29, "enforced": "watched"},
    {"name": "cpu", "value": 0.5, "unit": "cores", "asked": 0.5, "cap": 4, "enforced": "not yet"},
    {
        "name": "timeout_s",
        "value": 600,
        "unit": "seconds",
        "asked": None,
        "cap": 600,
        "enforced": "by a clock",
    },
    {"name": "concurrency", "value": None, "unit": "count", "asked": None, "cap": 256, "enforced": "not yet"},
]


def test_limits_of_a_package(ship, engine):
    """Each limit is told with its value, the wish, the cap and how it is enforced, in units for people."""
    engine.answers |= {
        "package/version/get": {"packageVersion": {"id": "V1", "handle": "1.2.0"}},
        "limits": {"limits": LIMITS},
    }
    ran = ship("limits", "greeter")
    assert (engine.payload("package/version/get"), engine.payload("limits")) == (
        {"packageHandle": "greeter"},
        {"versionId": "V1"},
    )
    assert ran.err == 'Version "1.2.0" of "greeter":\n'
    assert ran.out.splitlines() == [
        "LIMIT        VALUE              ASKED FOR  AT MOST    ENFORCED",
        "memory       512.0 MiB          1.0 GiB    512.0 MiB  watched",
        "cpu          0.5                0.5        4          not yet",
        "timeout_s    600 s              -          600 s      by a clock",
        "concurrency  the class decides  -          256        not yet",
    ]


def test_one_version_and_json(ship, engine):
    """A version by its handle; programs get what the engine answers."""
    engine.answers |= {
        "package/version/get": {"packageVersion": {"id": "V1", "handle": "1.0.0"}},
        "limits": {"limits": LIMITS},
    }
    assert ship("limits", "greeter", "--version", "1.0.0", "--json").json() == LIMITS
    assert engine.payload("package/version/get") == {"packageHandle": "greeter", "handle": "1.0.0"}


def test_without_a_package(ship, engine):
    """Then no version is asked for; a version without its package is a wrong usage."""
    engine.answers["limits"] = {"limits": LIMITS}
    assert ship("limits").code == 0
    assert engine.sent == [("limits", {})]
    assert ship("limits", "--version", "1.0.0").code == 2


def test_an_unknown_package(ship, engine):
    """The engine's refusal is told."""
    engine.answers["package/version/get"] = failed('There is no package "x".', "NotFound", http=404)
    ran = ship("limits", "x")
    assert (ran.code, 'There is no package "x".' in ran.err) == (1, True)
