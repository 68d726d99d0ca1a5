"""From a template to a page: rendered with everything escaped, and headers that let nothing else in."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from steamship_engine.model.errors import SteamshipError, UnavailableError

_TEMPLATES = "templates"


@dataclass(frozen=True)
class Page:
    """What goes out: a whole HTML document."""

    status: int
    body: str
    headers: tuple[tuple[bytes, bytes], ...]


def page(template: str, status: int = 200, **values: Any) -> Page:
    """The page that `templates/{template}` makes of `values`."""
    body = _environment().get_template(template).render(style=Markup(_style()), **values)  # noqa: S704  # our own file
    return Page(status, body, _headers())


def failure(error: SteamshipError) -> Page:
    """A page that says what is wrong and what helps."""
    made = page("failure.html", error.http_status, message=error.message, suggestion=error.suggestion)
    if isinstance(error, UnavailableError):
        return Page(
            made.status, made.body, (*made.headers, (b"retry-after", str(error.retry_after_s).encode()))
        )
    return made


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("steamship_engine.web", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return (files("steamship_engine.web") / _TEMPLATES / "style.css").read_text("utf-8")


@cache
def _headers() -> tuple[tuple[bytes, bytes], ...]:
    """No script, nothing from elsewhere, no frame around it, and no trace of its address (it has a token)."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return (
        (b"content-security-policy", policy.encode()),
        (b"x-frame-options", b"DENY"),
        (b"x-content-type-options", b"nosniff"),
        # `no-referrer` would make browsers hide the origin of the page's own form.
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    )
