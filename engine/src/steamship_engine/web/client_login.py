"""The page on which a person lets a client that waits in a terminal have a key of its own."""

from __future__ import annotations

from collections.abc import Mapping

from steamship_engine.control import logins
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import Source
from steamship_engine.model.errors import AuthenticationError, ForbiddenError, SteamshipError
from steamship_engine.web.pages import Page, page


def asked(ground: Ground, query: Mapping[str, str]) -> Page:
    """The form for the attempt in `attemptToken`. Raises what `logins.pending` and `logins.check_client` raise."""
    return _form(ground, query, None)


def answered(ground: Ground, form: Mapping[str, str], source: Source) -> Page:
    """What came of the form: approved, or the form again with what is wrong with the key."""
    client = _client(form)
    try:
        user = logins.approve(ground, _token(form), form.get("key", "").strip(), client, source=source)
    except (AuthenticationError, ForbiddenError) as error:
        return _form(ground, form, error)
    return page("approved.html", client=client, user=user)


def _form(ground: Ground, given: Mapping[str, str], refused: SteamshipError | None) -> Page:
    client = _client(given)
    logins.check_client(client)
    pending = logins.pending(ground, _token(given))
    return page(
        "client_login.html",
        200 if refused is None else refused.http_status,
        token=_token(given),
        name=given.get("client", ""),
        version=given.get("version", ""),
        client=client,
        code=pending.code,
        until=pending.expires_at.strftime("%H:%M:%S UTC"),
        engine=ground.addresses.api,
        refused=_words(refused),
    )


def _words(refused: SteamshipError | None) -> str | None:
    """The engine's own words speak of headers; a person has pasted something."""
    if isinstance(refused, AuthenticationError):
        return "This engine has no such key. Paste one that is neither revoked nor expired."
    return None if refused is None else f"{refused.message} {refused.suggestion or ''}".strip()


def _client(given: Mapping[str, str]) -> str:
    """What the client calls itself, with its version; also the name of the key it gets."""
    return f"{given.get('client', '')} {given.get('version', '')}".strip() or "unnamed client"


def _token(given: Mapping[str, str]) -> str:
    return given.get("attemptToken", "")
