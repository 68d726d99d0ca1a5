"""The approve page as a browser gets and sends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from anyio.from_thread import start_blocking_portal
from httpx import ASGITransport, AsyncClient, Response

from steamship_engine.control import keys, logins
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.logins import Progress
from steamship_engine.store.database import Database
from steamship_engine.store.schema import metadata
from steamship_engine.web.app import Web

PAGE = "/account/client-login"
CLIENT = {"client": "pycli", "version": "0.0.1"}
SAME = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """One kind is enough: what the pages do there is tested below them."""
    opened = Database(f"sqlite:///{tmp_path / 'engine.db'}")
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def browse(ground: Ground) -> Iterator[object]:
    """A function that sends one request to the web door."""
    with start_blocking_portal("asyncio") as portal:
        client = AsyncClient(transport=ASGITransport(Web(ground)), base_url="http://localhost")

        def request(verb: str, path: str = PAGE, **more: Any) -> Response:
            return portal.call(lambda: client.request(verb, path, **more))

        yield request
        portal.call(client.aclose)


@pytest.fixture
def token(ground: Ground) -> str:
    """An attempt's."""
    return logins.begin(ground)


@pytest.fixture
def key(ground: Ground, alice: Actor) -> str:
    """A key of Alice's."""
    return keys.create(ground, alice, name="laptop").secret


def text_of(document: str) -> str:
    """What a person reads of a page."""
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", document, flags=re.DOTALL)).split())


def test_the_page_asks_for_a_key(browse, token) -> None:
    """It names the client, shows the attempt's code, and has a form that works without a script."""
    answer = browse("GET", params={"attemptToken": token, **CLIENT})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "pycli 0.0.1" in text_of(answer.text)
    assert logins.code_of(token) in answer.text
    assert '<form method="post">' in answer.text
    assert f'name="attemptToken" value="{token}"' in answer.text
    assert "<script" not in answer.text
    assert browse("HEAD", params={"attemptToken": token, **CLIENT}).content == b""


def test_every_page_lets_nothing_else_in(browse, token, key) -> None:
    """Good pages and bad ones: no script, no frame around them, no copy kept, nothing from another host."""
    sent = {"attemptToken": token, **CLIENT, "key": key}
    answers = [
        browse("GET", params={"attemptToken": token, **CLIENT}),
        browse("GET", params={"attemptToken": "unknown", **CLIENT}),
        browse("POST", data={**sent, "key": "wrong"}, headers=SAME),
        browse("POST", data=sent, headers=SAME),
        browse("GET", "/account/nothing"),
        browse("PUT"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 401, 200, 404, 405]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not {"set-cookie", "access-control-allow-origin"} & set(answer.headers)
        assert "src=" not in answer.text
        assert "http://www" not in answer.text
        assert key not in answer.text


def test_a_key_approves(browse, ground, token, key) -> None:
    """The form with a good key lets the client fetch one; sent again, it says that this is done."""
    sent = {"attemptToken": token, **CLIENT, "key": f" {key}\r\n"}
    answer = browse("POST", data=sent, headers=SAME)
    assert "may log in as alice" in text_of(answer.text)
    again = browse("POST", data=sent, headers=SAME)
    assert (again.status_code, "approved already" in text_of(again.text)) == (409, True)
    assert logins.poll(ground, token).progress is Progress.DONE


def test_a_wrong_key_is_told(browse, ground, token, key) -> None:
    """The form comes again with what is wrong; after five wrong keys the login is over."""
    sent = {"attemptToken": token, **CLIENT, "key": "wrong"}
    for _ in range(4):
        answer = browse("POST", data=sent, headers=SAME)
        assert answer.status_code == 401
        assert "no such key" in text_of(answer.text)
        assert '<form method="post">' in answer.text
    assert browse("POST", data=sent, headers=SAME).status_code == 404
    assert browse("POST", data={**sent, "key": key}, headers=SAME).status_code == 404
    assert logins.poll(ground, token).progress is Progress.ENDED


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://[broken"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://localhost", "sec-fetch-site": "cross-site"},
    ],
)
def test_another_sites_form_is_refused(browse, ground, token, key, headers) -> None:
    """A form that a browser sends from any page but this one approves nothing."""
    answer = browse("POST", data={"attemptToken": token, **CLIENT, "key": key}, headers=headers)
    assert answer.status_code == 403
    assert logins.poll(ground, token).progress is Progress.WAITING


def test_what_the_address_says_is_escaped(browse, token) -> None:
    """Names that are no client's are refused, and nothing of them becomes markup."""
    answer = browse("GET", params={"attemptToken": token, "client": "<script>x</script>", "version": "1"})
    assert answer.status_code == 400
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 400),
        (b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (urlencode([("a", "b")] * 30).encode(), "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe=%ff&%zz", "application/x-www-form-urlencoded", 404),
        (b"", "", 400),
    ],
)
def test_what_is_no_form_is_refused(browse, content, kind, status) -> None:
    """Other bodies, long ones and broken ones get a page that says so."""
    answer = browse("POST", content=content, headers={**SAME, "content-type": kind})
    assert answer.status_code == status
    assert "<h1>" in answer.text
