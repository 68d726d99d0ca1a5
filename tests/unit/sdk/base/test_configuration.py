"""Where a client's configuration comes from."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from steamship import Configuration
from steamship.base.config_sources import write_profile
from steamship.base.configuration import LiveSecret
from steamship.base.error import AuthenticationError, InvalidRequestError


def _write(home: Path, content: Any) -> Path:
    path = home / ".steamship.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def _key(configuration: Configuration) -> str:
    return configuration.api_key.get_secret_value()


def test_an_argument_wins_over_environment_and_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, environment, file, default: the first that has a value gives it, for each field by itself."""
    _write(home, {"apiKey": "file-key", "apiBase": "http://file/", "appBase": "http://file-app/"})
    monkeypatch.setenv("STEAMSHIP_API_KEY", "environment-key")
    monkeypatch.setenv("STEAMSHIP_API_BASE", "http://environment/")
    configuration = Configuration(api_key="argument-key")
    assert _key(configuration) == "argument-key"
    assert configuration.api_base == "http://environment/"
    assert configuration.app_base == "http://file-app/"
    assert configuration.web_base == "http://localhost:8080/"


def test_camel_case_arguments_win_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """`apiKey` is the same argument as `api_key`."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", "environment-key")
    assert _key(Configuration(apiKey="argument-key")) == "argument-key"


def test_the_default_is_a_local_engine() -> None:
    """Without any base the client speaks to this machine, port 8080."""
    configuration = Configuration(api_key="k")
    assert configuration.api_base == "http://localhost:8080/api/v1/"
    assert configuration.app_base == configuration.web_base == "http://localhost:8080/"


def test_an_empty_variable_counts_as_unset(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`STEAMSHIP_API_KEY=` hides no key of the file."""
    _write(home, {"apiKey": "file-key"})
    monkeypatch.setenv("STEAMSHIP_API_KEY", "")
    assert _key(Configuration()) == "file-key"


def test_a_profile_is_all_that_counts_of_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile, named by argument or environment, replaces the file's own fields and is not mixed with them."""
    _write(
        home,
        {"apiKey": "own-key", "apiBase": "http://own/", "profiles": {"work": {"apiKey": "work-key"}}},
    )
    assert _key(Configuration(profile="work")) == "work-key"
    assert Configuration(profile="work").api_base == "http://localhost:8080/api/v1/"
    monkeypatch.setenv("STEAMSHIP_PROFILE", "work")
    assert _key(Configuration()) == "work-key"


def test_a_profile_that_the_default_file_lacks_gives_no_key(home: Path) -> None:
    """The file's own key never stands in for that of a missing profile; the error names the profile."""
    _write(home, {"apiKey": "own-key"})
    with pytest.raises(AuthenticationError, match='the profile "work" of') as caught:
        Configuration(profile="work")
    assert caught.value.suggestion == "Run `ship login`."


def test_a_profile_that_a_named_file_lacks_is_an_error(tmp_path: Path) -> None:
    """With `config_file`, the file and the profile must be there."""
    path = tmp_path / "own.json"
    with pytest.raises(InvalidRequestError, match=f'no configuration file "{path}"'):
        Configuration(config_file=path, api_key="k")
    path.write_text(json.dumps({"apiKey": "k"}))
    with pytest.raises(InvalidRequestError, match=f'"{path}" has no profile "work"'):
        Configuration(config_file=path, profile="work", api_key="k")
    assert _key(Configuration(config_file=str(path))) == "k"


def test_without_a_key_the_error_names_ship_login(home: Path) -> None:
    """No key anywhere: the error says where it was looked for and what to run."""
    with pytest.raises(AuthenticationError) as caught:
        Configuration()
    assert str(home / ".steamship.json") in str(caught.value)
    assert "STEAMSHIP_API_KEY" in str(caught.value)
    assert "`ship login`" in str(caught.value)


@pytest.mark.parametrize("content", ["{", "[]", '"text"', "\xff"])
def test_a_broken_file_is_an_error_that_names_it(home: Path, content: str) -> None:
    """A file that is no JSON object is never passed over in silence."""
    path = _write(home, "")
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(InvalidRequestError, match=str(path)):
        Configuration()


@pytest.mark.parametrize(
    "base", ["localhost:8080", "ftp://host/", "http://", "http://host/?a=1", "http://host/#a", "http://a b/"]
)
def test_a_base_that_is_no_address_is_refused(base: str) -> None:
    """The error holds the value and an example of a good one."""
    with pytest.raises(InvalidRequestError) as caught:
        Configuration(api_key="k", api_base=base)
    assert f'"{base}"' in str(caught.value)
    assert "http://localhost:8080/api/v1/" in str(caught.value)


def test_a_base_with_a_password_is_refused_without_showing_it() -> None:
    """Credentials in a base are refused, and are not in the error."""
    with pytest.raises(InvalidRequestError) as caught:
        Configuration(api_key="k", app_base="http://me:hidden@host/")
    assert "hidden" not in str(caught.value)


def test_bases_get_their_slash() -> None:
    """A base without a slash at its end gets one."""
    assert Configuration(api_key="k", api_base="http://host/api/v1").api_base == "http://host/api/v1/"


def test_workspace_id_and_handle_come_from_one_source(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handle from the environment is not joined with an id from the file: they may be two workspaces."""
    _write(home, {"apiKey": "k", "workspaceId": "W1", "workspaceHandle": "one"})
    monkeypatch.setenv("STEAMSHIP_WORKSPACE_HANDLE", "two")
    configuration = Configuration()
    assert (configuration.workspace_handle, configuration.workspace_id) == ("two", None)


@pytest.mark.parametrize("key", ["a\nb", "a b", "schlüssel", "\x00"])
def test_a_key_that_could_break_a_header_is_refused_without_showing_it(key: str) -> None:
    """A key is one line of printable ASCII; the error does not hold it."""
    with pytest.raises(AuthenticationError) as caught:
        Configuration(api_key=key)
    assert key not in str(caught.value)


def test_a_key_is_never_shown() -> None:
    """Neither repr nor str nor the JSON of a configuration holds the key."""
    configuration = Configuration(api_key="a-very-secret-key")
    shown = (
        f"{configuration!r} {configuration} {configuration.model_dump()} {configuration.model_dump_json()}"
    )
    assert "a-very-secret-key" not in shown
    live = LiveSecret(lambda: "a-very-secret-key")
    assert "a-very-secret-key" not in f"{live!r} {live}"


def test_writing_a_profile_keeps_the_rest(home: Path) -> None:
    """Fields of one profile are set or removed; all else stays, and only the owner may read the file."""
    path = _write(
        home, {"apiKey": "own", "other": [1], "profiles": {"work": {"apiKey": "old", "webBase": "x"}}}
    )
    write_profile(path, "work", {"api_key": "new", "web_base": None})
    assert json.loads(path.read_text()) == {
        "apiKey": "own",
        "other": [1],
        "profiles": {"work": {"apiKey": "new"}},
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(home.iterdir()) == [path]


def test_writing_makes_file_and_profile(home: Path) -> None:
    """A first login needs no file and no profile to be there."""
    path = home / ".steamship.json"
    write_profile(path, None, {"api_key": "k"})
    write_profile(path, "work", {"api_key": "w"})
    assert json.loads(path.read_text()) == {"apiKey": "k", "profiles": {"work": {"apiKey": "w"}}}
