"""`ship packages`, `ship versions` and `ship instances`."""

from __future__ import annotations

import pytest

from steamship.cli import pages
from steamship.cli.output import size
from tests.unit.sdk.cli.test_use import INSTANCE

PACKAGES = [
    {"handle": "greeter", "userId": "U1", "isPublic": True, "description": "Greets\npeople."},
    {"handle": "theirs", "userId": "U2", "isPublic": True, "description": None,
     "profile": {"steamshipRegistry": {"tagline": "Red \x1b[31malert"}}},
    {"handle": "mine", "userId": "U1", "isPublic": False, "description": None, "profile": None},
]  # fmt: skip
TEMPLATE = {
    "greeting": {"type": "string", "default": "Hello", "description": "The word"},
    "times": {"type": "number", "required": True},
    "note": {"type": "string", "required": False},
    "units": {"type": "string", "default": "m", "required": False, "values": ["m", "ft"]},
    "token": {"type": "string", "default": "hush", "required": False, "secret": True},
}
VERSIONS = [
    {
        "handle": "1.1.0",
        "createdAt": "2030-01-02T00:00:00Z",
        "description": None,
        "network": "none",
        "configTemplate": TEMPLATE,
    },
    {"handle": "1.0.0", "createdAt": "2030-01-01T00:00:00Z", "description": "First", "configTemplate": {}},
]


def test_packages(ship, engine):
    """Packages are told with whose they are and what they are; foreign control characters do not pass."""
    engine.answers["package/list"] = {"packages": PACKAGES}
    lines = ship("packages").out.splitlines()
    assert lines == [
        "PACKAGE  OWNER          VISIBLE TO  ABOUT",
        "greeter  you            everybody   Greets people.",
        "theirs   somebody else  everybody   Red [31malert",
        "mine     you            its owner   -",
    ]
    assert ship("packages", "--json").json() == PACKAGES


def test_no_packages(ship, engine):
    """An empty list is `[]` for programs and a hint for people, on stderr."""
    engine.answers["package/list"] = {"packages": []}
    assert ship("packages", "--json").out == "[]\n"
    ran = ship("packages")
    assert (ran.code, ran.out) == (0, "")
    assert "ship deploy" in ran.err


def test_versions(ship, engine):
    """Versions are told newest first, with the config that the newest takes; secrets' defaults stay hidden."""
    engine.answers["package/version/list"] = {"packageVersions": VERSIONS}
    ran = ship("versions", "greeter")
    assert engine.payload("package/version/list")["packageHandle"] == "greeter"
    assert ran.out.splitlines() == [
        "VERSION  DEPLOYED              NETWORK  ABOUT",
        "1.1.0    2030-01-02T00:00:00Z  none     -",
        "1.0.0    2030-01-01T00:00:00Z  -        First",
        "",
        "Config of version 1.1.0:",
        "PARAMETER  TYPE        DEFAULT   ABOUT",
        'greeting   string      "Hello"   The word',
        "times      number      required  -",
        "note       string      none      -",
        'units      "m" | "ft"  "m"       -',
        "token      string      (secret)  -",
    ]
    assert ship("versions", "greeter", "--json").json() == VERSIONS


def test_instances(ship, engine):
    """Instances of all workspaces are told, or of one."""
    broken = {
        **INSTANCE,
        "initStatus": "failed",
        "initMessage": "No disk.",
        "createdAt": "2030-01-01T00:00:00Z",
    }
    engine.answers["package/instance/list"] = {"packageInstances": [broken]}
    assert "failed: No disk." in ship("instances").out
    assert engine.payload("package/instance/list")["acrossWorkspaces"] is True
    assert ship("instances", "--workspace", "w", "--json").json() == [broken]
    assert engine.payload("package/instance/list")["acrossWorkspaces"] is False
    assert engine.requests[-1].headers["X-Workspace-Handle"] == "w"


def test_all_pages(ship, engine, monkeypatch):
    """A list of several pages is told whole, in order."""
    monkeypatch.setattr(pages, "PAGE_SIZE", 2)
    everything = [{"handle": f"p{n}"} for n in range(5)]

    def page(wanted):
        start = int(wanted.get("pageToken", "0"))
        end = start + wanted["pageSize"]
        return {"packages": everything[start:end], "nextPageToken": str(end) if end < 5 else None}

    engine.answers["package/list"] = page
    assert ship("packages", "--json").json() == everything
    assert len(engine.sent) == 3


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536 * 1024, "1.5 MiB"), (3 * 1024**3, "3.0 GiB")],
)
def test_sizes(count, text):
    """Bytes are told in the largest unit that fits."""
    assert size(count) == text
