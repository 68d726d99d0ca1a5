"""What `uv` is given, and what is shown of its words."""

from __future__ import annotations

from pathlib import Path

from steamship_engine.runtime.installer import clean_environment, readable

CACHE = Path("/cache")


def test_only_the_allowed_variables_pass():
    """It gets its own settings, certificates and proxies, and nothing else of the engine's environment."""
    passed = clean_environment(
        {
            "STEAMSHIP_API_KEY": "secret",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "PYTHONPATH": "/elsewhere",
            "VIRTUAL_ENV": "/elsewhere",
            "UV_INDEX_URL": "https://index.test/simple",
            "https_proxy": "http://proxy.test",
            "SSL_CERT_FILE": "/certs",
            "PATH": "/bin",
        },
        CACHE,
    )
    assert passed == {
        "HOME": "/cache",
        "LANG": "C.UTF-8",
        "PATH": "/bin",
        "SSL_CERT_FILE": "/certs",
        "UV_CACHE_DIR": "/cache",
        "UV_INDEX_URL": "https://index.test/simple",
        "https_proxy": "http://proxy.test",
    }


def test_variables_that_would_undo_the_rules_do_not_pass():
    """A setting of uv's that allows source builds or another interpreter stays outside."""
    passed = clean_environment({"UV_NO_BINARY": "1", "UV_PYTHON": "3.8", "UV_LINK_MODE": "symlink"}, CACHE)
    assert passed.keys() == {"UV_CACHE_DIR", "HOME", "LANG"}


def test_pips_index_is_uvs_too():
    """PIP_INDEX_URL is passed on under the name that uv knows, unless uv has its own."""
    assert (
        clean_environment({"PIP_INDEX_URL": "https://a.test"}, CACHE)["UV_DEFAULT_INDEX"] == "https://a.test"
    )
    own = {"PIP_INDEX_URL": "https://a.test", "UV_DEFAULT_INDEX": "https://b.test"}
    assert clean_environment(own, CACHE)["UV_DEFAULT_INDEX"] == "https://b.test"


def test_paths_to_distributions_and_certificates_become_absolute(monkeypatch):
    """What is named from the folder that the engine was started in is found from elsewhere; addresses stay as they are."""
    monkeypatch.setattr("os.getcwd", lambda: "/started")
    asked = {
        "UV_FIND_LINKS": "wheels,./other wheels,/srv/a=b,https://a.test/x",
        "UV_INDEX": "mine=packages ./more https://a.test/simple named=https://b.test file:///srv/x",
        "SSL_CERT_FILE": "ca file.pem",
        "SSL_CERT_DIR": "certs:/srv/certs",
        "UV_RESOLUTION": "lowest",
    }
    passed = clean_environment(asked, CACHE)
    assert {name: passed[name] for name in asked} == {
        "UV_FIND_LINKS": "/started/wheels,/started/other wheels,/srv/a=b,https://a.test/x",
        "UV_INDEX": "mine=/started/packages /started/more https://a.test/simple named=https://b.test file:///srv/x",
        "SSL_CERT_FILE": "/started/ca file.pem",
        "SSL_CERT_DIR": "/started/certs:/srv/certs",
        "UV_RESOLUTION": "lowest",
    }


def test_credentials_and_tokens_are_not_shown():
    """User, password and query of an address are left out of what is shown."""
    shown = readable("Failed at https://me:secret@index.test/simple/x?token=secret `more`")
    assert shown == "Failed at https://***@index.test/simple/x?*** `more`"
    assert readable("at `https://me:s@secret@index.test/x`") == "at `https://***@index.test/x`"
