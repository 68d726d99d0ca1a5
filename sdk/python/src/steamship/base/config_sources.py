"""Where a client's configuration comes from: argument > environment > file > default."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from steamship.base.error import AuthenticationError, InvalidRequestError

# A local engine's: a key is never sent to a host that nobody named.
DEFAULT_BASES = {
    "api_base": "http://localhost:8080/api/v1/",
    "app_base": "http://localhost:8080/",
    "web_base": "http://localhost:8080/",
}
# Their names in ~/.steamship.json are in camelCase.
FIELDS = {
    "api_key": "apiKey",
    "api_base": "apiBase",
    "app_base": "appBase",
    "web_base": "webBase",
    "workspace_id": "workspaceId",
    "workspace_handle": "workspaceHandle",
}


def default_config_file() -> Path:
    """`~/.steamship.json`."""
    return Path.home() / ".steamship.json"


def resolved(arguments: Mapping[str, Any], config_file: Path | str | None = None) -> dict[str, Any]:
    """The fields of a configuration, by their Python names, from all sources.

    An empty text counts as not given. A workspace's id and handle come from the same source, for they
    belong together. Raises InvalidRequestError for a file or a base that cannot be used,
    AuthenticationError when no source has a key.
    """
    environment = {name: os.environ.get(f"STEAMSHIP_{name.upper()}") for name in (*FIELDS, "profile")}
    profile = arguments.get("profile") or environment["profile"]
    path = default_config_file() if config_file is None else Path(config_file)
    from_file = read_profile(path, profile, must_exist=config_file is not None)
    fields: dict[str, Any] = {}
    for source in (arguments, environment, from_file, DEFAULT_BASES):
        named = {name: source[name] for name in FIELDS if source.get(name)}
        if "workspace_id" in fields or "workspace_handle" in fields:
            named.pop("workspace_id", None)
            named.pop("workspace_handle", None)
        fields = {**named, **fields}
    if "api_key" not in fields:
        where = f'the profile "{profile}" of ' if profile else ""
        raise AuthenticationError(
            f"There is no API key: none was passed as api_key, set as STEAMSHIP_API_KEY or found in {where}"
            f'"{path}".',
            suggestion="Run `ship login`.",
        )
    return {**fields, "profile": profile}


def read_profile(path: Path, profile: str | None, *, must_exist: bool = False) -> dict[str, str]:
    """The fields that the file at `path` has, for one of its profiles or without any.

    A file or a profile that is not there gives no fields, or with `must_exist` an InvalidRequestError,
    which a file that cannot be read always gives.
    """
    content = read_config_file(path)
    if content is None:
        if must_exist:
            raise InvalidRequestError(
                f'There is no configuration file "{path}".',
                suggestion="Check the path given as config_file, or leave it out.",
            )
        return {}
    if profile:
        profiles = content.get("profiles")
        content = profiles.get(profile) if isinstance(profiles, dict) else None
        if not isinstance(content, dict):
            if must_exist:
                raise InvalidRequestError(
                    f'The configuration file "{path}" has no profile "{profile}".',
                    suggestion='Add it under "profiles", or name another.',
                )
            return {}
    return {name: value for name, wire in FIELDS.items() if isinstance(value := content.get(wire), str)}


def read_config_file(path: Path) -> dict[str, Any] | None:
    """The whole file, or None when there is none. Raises InvalidRequestError."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidRequestError(
            f'The configuration file "{path}" cannot be read: {error.strerror}.',
            suggestion="Make it readable for you.",
        ) from error
    except ValueError as error:
        raise InvalidRequestError(
            f'The configuration file "{path}" is not JSON: {error}.',
            suggestion="Mend it, or remove it and run `ship login`.",
        ) from error
    if not isinstance(content, dict):
        raise InvalidRequestError(
            f'The configuration file "{path}" is not a JSON object.',
            suggestion="Mend it, or remove it and run `ship login`.",
        )
    return content


def write_profile(path: Path, profile: str | None, fields: Mapping[str, str | None]) -> None:
    """Set fields (by their Python names; None removes one) of a profile, or of the file itself.

    Everything else in the file stays. It is replaced as a whole and only its owner may read it.
    """
    content = read_config_file(path) or {}
    entry = content
    if profile:
        entry = content.setdefault("profiles", {}).setdefault(profile, {})
    for name, value in fields.items():
        if value is None:
            entry.pop(FIELDS[name], None)
        else:
            entry[FIELDS[name]] = value
    # A link stays a link.
    target = path.resolve()
    aside = target.with_name(f"{target.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent="\t")
            file.write("\n")
        aside.replace(target)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def checked_base(name: str, value: str) -> str:
    """`value` with a slash at its end. Raises InvalidRequestError unless it is an http(s) address."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _no_base(name, value) from None
    if parts.username is not None or parts.password is not None:
        raise InvalidRequestError(
            f"{name} holds a user name or a password.",
            suggestion="Leave them out: the key is sent as a header.",
        )
    if not usable or parts.query or parts.fragment or any(c.isspace() for c in value):
        raise _no_base(name, value)
    return value if value.endswith("/") else f"{value}/"


def checked_key(key: str) -> str:
    """`key` without blanks around it. Raises AuthenticationError when it could be no key at all."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise AuthenticationError(
            "The API key is not one line of printable ASCII.",
            suggestion="Copy it again, or run `ship login`.",
        )
    return key


def _no_base(name: str, value: str) -> InvalidRequestError:
    return InvalidRequestError(
        f'{name} "{value}" is not the address of an engine.',
        suggestion=f"Give one like {DEFAULT_BASES[name]}",
    )
