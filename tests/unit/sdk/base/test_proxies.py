"""Which proxy a call goes through."""

from __future__ import annotations

import pytest

from steamship.base.error import InvalidRequestError
from steamship.base.proxies import Proxy, proxy_for


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_proxy_is_used_for_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTPS_PROXY is for https, ALL_PROXY for what has none of its own."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert proxy_for("https", "example.com", 443) == Proxy(("proxy", 3128))
    assert proxy_for("http", "example.com", 80) is None
    monkeypatch.setenv("all_proxy", "other:8080")
    assert proxy_for("http", "example.com", 80) == Proxy(("other", 8080))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "alice.localhost"])
def test_this_machine_is_reached_directly(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """A proxy is never asked for a local engine."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    assert proxy_for("http", host, 8080) is None


@pytest.mark.parametrize(
    "excepted", ["example.com", ".example.com", "a.b, api.example.com", "*", "api.example.com:80"]
)
def test_no_proxy_excepts_hosts(monkeypatch: pytest.MonkeyPatch, excepted: str) -> None:
    """NO_PROXY names hosts, domains, a host with its port, or everything."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", excepted)
    assert proxy_for("http", "api.example.com", 80) is None
    assert (proxy_for("http", "notexample.com", 81) is None) == (excepted == "*")


def test_credentials_are_sent_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's user and password go into its header, and into nothing that is printed."""
    monkeypatch.setenv("http_proxy", "http://me:hid%20den@proxy")
    proxy = proxy_for("http", "example.com", 80)
    assert proxy is not None
    assert proxy.headers == {"Proxy-Authorization": "Basic bWU6aGlkIGRlbg=="}
    assert "hid" not in repr(proxy)


def test_a_proxy_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy is an error that says what to set."""
    monkeypatch.setenv("ALL_PROXY", "socks5://me:hidden@proxy")
    with pytest.raises(InvalidRequestError, match='"socks5://proxy" cannot be used') as caught:
        proxy_for("https", "example.com", 443)
    assert "HTTPS_PROXY" in str(caught.value)
