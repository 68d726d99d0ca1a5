"""docs/reference/http.md says what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steamship_engine.model import errors, limits, reserved
from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.version_limits import CAPS, VersionLimits
from tests.services.pages import code, page, rows, section

PAGE = "docs/reference/http.md"


def _tree(kind: type[SteamshipError]) -> Iterator[type[SteamshipError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


def _named(sentence: str) -> set[str]:
    """The code words of the page's line that begins with `sentence`, in lower case."""
    paragraphs = re.split(r"\n(?=\n|- )", page(PAGE))
    (found,) = [text for text in paragraphs if text.strip().startswith(sentence)]
    return {word.lower() for word in code(found)}


def test_every_error_stands_in_the_table() -> None:
    """The errors table lists every class of the engine with its code and HTTP status, and no other."""
    told = {tuple(cell.strip("`") for cell in row[:3]) for row in rows(section(PAGE, "## Errors"))}
    assert told == {(kind.__name__, kind.code, str(kind.http_status)) for kind in _tree(SteamshipError)}


def test_engine_paths_stand_there() -> None:
    """The page names every path of the engine's own."""
    assert _named("- The first segment must not be") >= reserved.ENGINE_PATHS


def test_kept_headers_stand_there() -> None:
    """The page names every request header and prefix that is kept from packages."""
    told = _named("All request headers, lower case")
    assert told == {
        "self.context.headers",
        *reserved.KEPT_FROM_PACKAGES,
        *reserved.KEPT_FROM_PACKAGES_PREFIXES,
    }


def test_passing_headers_stand_there() -> None:
    """The page names every response header that passes, and those that are the engine's."""
    told = _named("Of a package's response headers")
    assert told == {
        "service-worker-allowed",
        "x-",
        "x-accel-*",
        *reserved.REPLY_HEADERS,
        *reserved.ENGINE_REPLY_HEADERS,
        *reserved.PROXY_COMMANDS,
    }


def test_cors_lists_stand_there() -> None:
    """The page's methods and headers for browsers are those that the engine sends."""
    for sentence, sent in (
        ("- Methods:", reserved.CORS_METHODS),
        ("- Request headers:", reserved.CORS_ALLOWED_HEADERS),
        ("- Response headers that scripts", reserved.CORS_EXPOSED_HEADERS),
    ):
        assert _named(sentence) == {name.lower() for name in sent}


def test_limits_stand_there() -> None:
    """The limits table has the numbers of the code."""
    told = {row[0]: row[1] for row in rows(section(PAGE, "## Limits"))}
    assert told["the body of a call"] == f"{limits.GATEWAY.body // limits.MIB} MiB"
    assert told["a request's headers together"] == f"{limits.GATEWAY.headers // limits.KIB} KiB"
    assert (
        told["a reply"]
        == f"{VersionLimits().reply_size // limits.GIB} GiB; less where the manifest's `limits.reply_size` says so"
    )
    assert told["the time of a call"].startswith(f"{CAPS.timeout_s:g} s;")
    assert told["calls that wait for one instance"].startswith(f"{limits.RUNTIME.queued};")
