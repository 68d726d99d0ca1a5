"""The table of settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from steamship_engine.commands import serve
from steamship_engine.model.version_limits import CAPS
from steamship_engine.settings import SETTINGS, SettingsError, inherited, load, reference

ROOT = Path(__file__).parents[3]


def test_a_flag_wins_over_the_environment() -> None:
    """Flags come before STEAMSHIP_ENGINE_ variables, and those before defaults."""
    environ = {"STEAMSHIP_ENGINE_PORT": "1"}
    assert load({"port": "2"}, environ).port == 2
    assert load({"port": None}, environ).port == 1
    assert load({}, {}).port == 8080


def test_an_empty_variable_is_none() -> None:
    """A variable that is set to nothing counts as not set."""
    assert load({}, {"STEAMSHIP_ENGINE_PORT": ""}).port == 8080


def test_an_unknown_variable_is_refused() -> None:
    """A misspelt variable is an error that names it and the one that was meant."""
    with pytest.raises(SettingsError, match='"STEAMSHIP_ENGINE_PROT" .* Did you mean STEAMSHIP_ENGINE_PORT'):
        load({}, {"STEAMSHIP_ENGINE_PROT": "1"})


def test_the_clients_variables_are_none_of_its_business() -> None:
    """STEAMSHIP_API_KEY and the like are the SDK's."""
    load({}, {"STEAMSHIP_API_KEY": "x"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "many"),
        ("port", "65536"),
        ("port", "-1"),
        ("insecure_no_sandbox", "perhaps"),
        ("drain_s", "nan"),
        ("drain_s", "-1"),
        ("caps", "memory=lots"),
        ("caps", "mem=1GiB"),
        ("log_level", "loud"),
        ("app_base", "ftp://x/"),
        ("app_base", "nowhere"),
        ("app_base", "https://me:secret@x/"),
        ("api_base", "https://x.example/"),
    ],
)
def test_a_value_that_cannot_be_is_refused(name: str, text: str) -> None:
    """A wrong value is an error that names setting and value."""
    with pytest.raises(SettingsError) as error:
        load({}, {f"STEAMSHIP_ENGINE_{name.upper()}": text})
    assert f'STEAMSHIP_ENGINE_{name.upper()} is "{text}"' in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("app_base", "https://run.example", "https://run.example/"),
        ("app_base", "http://10.0.0.1:8080/localhost/", "http://10.0.0.1:8080/localhost/"),
        ("api_base", "https://x.example/api/v1", "https://x.example/api/v1/"),
        ("pythons", "/a/python:/b/python", (Path("/a/python"), Path("/b/python"))),
        ("insecure_no_sandbox", "TRUE", True),
        ("caps", "timeout_s=5,max_workers=2", replace(CAPS, timeout_s=5, max_workers=2)),
        ("metrics_key", "k" * 32, "k" * 32),
    ],
)
def test_values_are_read(name: str, text: str, value: Any) -> None:
    """Text becomes the setting's type; bases end in a slash."""
    assert getattr(load({name: text}, {}), name) == value


def test_settings_do_not_show_their_secrets() -> None:
    """The representation of settings holds no value."""
    assert "canary" not in repr(load({}, {"STEAMSHIP_ENGINE_ADMIN_KEY": "canary"}))


@pytest.mark.parametrize("text", ["canary", "canary " * 10, "canäry" * 10])
def test_a_refused_secret_is_not_shown(text: str) -> None:
    """A key that is too short, or that no header can hold, is refused without its value."""
    with pytest.raises(SettingsError) as error:
        load({}, {"STEAMSHIP_ENGINE_METRICS_KEY": text})
    assert "STEAMSHIP_ENGINE_METRICS_KEY cannot be used: it is 32 characters or more" in str(error.value)
    assert text[:4] not in str(error.value)


def test_tools_do_not_inherit_settings() -> None:
    """What the engine runs gets its environment without its settings."""
    assert inherited({"PATH": "/bin", "STEAMSHIP_ENGINE_SECRET_KEY": "canary"}) == {"PATH": "/bin"}


def test_secrets_have_no_flags() -> None:
    """A key on the command line could be read by every user of the machine."""
    secrets = {setting.name for setting in SETTINGS if setting.secret}
    assert secrets == {setting.name for setting in SETTINGS if setting.name.endswith("_key")}
    assert not any(setting.flag for setting in SETTINGS if setting.secret)


def test_help_lists_every_setting() -> None:
    """`ship serve --help` has each flag and each variable that has none."""
    text = CliRunner().invoke(serve, ["--help"]).output
    for setting in SETTINGS:
        assert (setting.option if setting.flag else setting.variable) in text


def test_the_page_has_the_table() -> None:
    """docs/reference/settings.md holds the table as the code has it; else run `settings.reference()` again."""
    assert reference() in (ROOT / "docs/reference/settings.md").read_text()
