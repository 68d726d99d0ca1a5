"""The operator's settings: one table, and the only place that reads the environment.

A flag of `ship serve` wins over `STEAMSHIP_ENGINE_*`, which wins over the default.
"""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from steamship_engine.model.builds import Builds
from steamship_engine.model.network import Network, read_cap
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.version_limits import CAPS, VersionLimits, caps_text, read_caps

PREFIX = "STEAMSHIP_ENGINE_"
_SHORTEST_KEY = 32


class SettingsError(ValueError):
    """A setting that cannot be used, in words for the operator."""


@dataclass(frozen=True)
class Setting:
    """One row: its name in Python, how its text is read, its default as the help says it, and the help.

    `flag` ones are flags of `ship serve` too; `secret` ones never are, for every process can read flags, and no
    error shows them.
    """

    name: str
    read: Callable[[str], Any]
    default: str | None
    shown_default: str
    help: str
    flag: bool = False
    secret: bool = False

    @property
    def variable(self) -> str:
        """`STEAMSHIP_ENGINE_...`."""
        return PREFIX + self.name.upper()

    @property
    def option(self) -> str:
        """`--...`."""
        return "--" + self.name.replace("_", "-")


def _text(text: str) -> str:
    return text


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise ValueError("it is a number from 0 to 65535; 0 takes a free port")
    return int(text)


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _switch(text: str) -> bool:
    meaning = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in meaning:
        raise ValueError("it is true or false")
    return meaning[text.lower()]


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise ValueError("it is a number of seconds")
    return number


def _key(text: str) -> str:
    if len(text) < _SHORTEST_KEY or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"it is {_SHORTEST_KEY} characters or more, ASCII without blanks")
    return text


def _paths(text: str) -> tuple[Path, ...]:
    return tuple(Path(part).expanduser() for part in text.split(os.pathsep) if part)


def _level(text: str) -> str:
    levels = ("debug", "info", "warning", "error")
    if text.lower() not in levels:
        raise ValueError(f"it is one of {', '.join(levels)}")
    return text.lower()


def _sandbox(text: str) -> SandboxMode | None:
    if text.lower() == "auto":
        return None
    try:
        return SandboxMode(text.lower())
    except ValueError:
        raise ValueError(f"it is auto, {', '.join(SandboxMode)}") from None


def _builds(text: str) -> Builds:
    try:
        return Builds(text.lower())
    except ValueError:
        raise ValueError(f"it is {' or '.join(Builds)}") from None


def _base(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it looks like https://steamship.example.com/")
    if "@" in parts.netloc:
        raise ValueError("it has no user name or password")
    return text if text.endswith("/") else text + "/"


def _api_base(text: str) -> str:
    base = _base(text)
    if not base.endswith("/api/v1/"):
        raise ValueError("it ends in /api/v1/")
    return base


SETTINGS: tuple[Setting, ...] = (
    Setting("host", _text, "127.0.0.1", "127.0.0.1", "The address to listen on.", flag=True),
    Setting("port", _port, "8080", "8080", "The port to listen on; 0 takes a free one.", flag=True),
    Setting(
        "data_dir",
        _folder,
        "~/.steamship-engine",
        "~/.steamship-engine",
        "The folder for all that the engine keeps: database, blobs, environments, secret key.",
        flag=True,
    ),
    Setting(
        "database_url",
        _text,
        None,
        "engine.db in the data directory",
        "sqlite:///PATH or postgresql://USER@HOST/NAME.",
        flag=True,
    ),
    Setting(
        "blob_url",
        _text,
        None,
        "blobs/ in the data directory",
        "Where uploaded bytes are kept: file:///FOLDER, s3://, gs:// or az://.",
        flag=True,
    ),
    Setting(
        "api_base",
        _api_base,
        None,
        "http://localhost:PORT/api/v1/",
        "The API's address as clients reach it.",
        flag=True,
    ),
    Setting(
        "app_base",
        _base,
        None,
        "http://localhost:PORT/",
        "The packages' address as clients reach it. A domain gives each user a host name below it.",
        flag=True,
    ),
    Setting(
        "web_base",
        _base,
        None,
        "http://localhost:PORT/",
        "The web pages' address as browsers reach it.",
        flag=True,
    ),
    Setting(
        "sandbox",
        _sandbox,
        "auto",
        "auto: the strongest that holds",
        f"What packages run in: {', '.join(SandboxMode)}. `ship doctor` shows which of them hold here.",
        flag=True,
    ),
    Setting(
        "insecure_no_sandbox",
        _switch,
        "false",
        "false",
        "Start although nothing isolates one user's packages from another's, or packages from this machine.",
        flag=True,
    ),
    Setting("admin_handle", _text, "admin", "admin", "The handle of the user that a first start makes."),
    Setting(
        "admin_key",
        _text,
        None,
        "made by the engine",
        "The key of the user that a first start makes, 32 characters or more.",
        secret=True,
    ),
    Setting(
        "secret_key",
        _text,
        None,
        "secret.key in the data directory",
        "What secrets in the database are encrypted under, 32 characters or more.",
        secret=True,
    ),
    Setting(
        "metrics_key",
        _key,
        None,
        "none: this machine alone may read them",
        "What opens `/metrics`, as a bearer key, 32 characters or more.",
        secret=True,
    ),
    Setting(
        "pythons",
        _paths,
        "",
        "the engine's own Python; for originals also PATH, and where pyenv and uv keep theirs",
        "Interpreters, and folders of them, separated like PATH. Packages run on the first that is 3.11 or newer, "
        "originals on the first CPython 3.10, else 3.11.",
    ),
    Setting(
        "caps",
        read_caps,
        "",
        caps_text(CAPS),
        "The most that a version's limits may be; those left out are as by default.",
        flag=True,
    ),
    Setting(
        "network",
        read_cap,
        "internet",
        "internet",
        "The most that packages reach beside the engine: none, internet or host.",
        flag=True,
    ),
    Setting(
        "builds",
        _builds,
        Builds.WHEELS,
        Builds.WHEELS,
        "What requirements are installed from: wheels alone, or where there is none also what is built from sdists, whose "
        "code runs in the sandbox then, which must be full or no-cgroup.",
        flag=True,
    ),
    Setting(
        "drain_s",
        _seconds,
        "10",
        "10",
        "Seconds that calls in flight may take to end when the engine is told to stop.",
    ),
    Setting("log_level", _level, "info", "info", "debug, info, warning or error."),
)


@dataclass(frozen=True)
class Settings:
    """Every setting's value; None where the engine finds one itself."""

    host: str
    port: int
    data_dir: Path
    database_url: str | None
    blob_url: str | None
    api_base: str | None
    app_base: str | None
    web_base: str | None
    sandbox: SandboxMode | None
    insecure_no_sandbox: bool
    admin_handle: str
    admin_key: str | None
    secret_key: str | None
    metrics_key: str | None
    pythons: tuple[Path, ...]
    caps: VersionLimits
    network: Network
    builds: Builds
    drain_s: float
    log_level: str

    def __repr__(self) -> str:
        """Without values: some of them are secrets."""
        return "Settings(...)"


def load(flags: Mapping[str, str | None], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. `flags` are those given on the command line, as text.

    SettingsError for an unknown STEAMSHIP_ENGINE_ variable and for a value that its setting refuses.
    """
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    values = {setting.name: _value(setting, flags, environ) for setting in SETTINGS}
    return Settings(**values)


def inherited(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for the tools that the engine runs: its own, without its settings."""
    environ = os.environ if environ is None else environ
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}


def _value(setting: Setting, flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Any:
    text = flags.get(setting.name)
    source = setting.option
    if text is None:
        text = environ.get(setting.variable) or None
        source = setting.variable
    if text is None:
        text = setting.default
    if text is None:
        return None
    try:
        return setting.read(text)
    except ValueError as error:
        said = "cannot be used" if setting.secret else f'is "{text}"'
        raise SettingsError(f"{source} {said}: {error}.") from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {setting.variable for setting in SETTINGS}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise SettingsError(
                f'"{name}" is no setting of this engine.{hint} `ship serve --help` lists them all.'
            )


def reference() -> str:
    """The table of docs/reference/settings.md."""
    lines = ["| setting | flag | default | what it is |", "|---|---|---|---|"]
    for setting in SETTINGS:
        flag = f"`{setting.option}`" if setting.flag else ""
        lines.append(f"| `{setting.variable}` | {flag} | {setting.shown_default} | {setting.help} |")
    return "\n".join(lines) + "\n"


def _check_table() -> None:
    assert tuple(field.name for field in fields(Settings)) == tuple(setting.name for setting in SETTINGS)


_check_table()
