"""`.steamship/secrets.toml`: values that an author ships with the code and that config may override."""

from __future__ import annotations

import inspect
from contextlib import suppress
from pathlib import Path
from typing import Any

from steamship.base.error import InvalidConfigError

SECRETS_FILE = Path(".steamship") / "secrets.toml"


_kept: dict[type, dict[str, Any]] = {}


def keep_secrets(cls: type) -> None:
    """Read the file for the rest of this process, in which it does not change. Raises as `load_secrets`."""
    _kept[cls] = load_secrets(cls)


def load_secrets(cls: type) -> dict[str, Any]:
    """The file's values: from the working directory, else from beside the module of `cls`, else none.

    Raises InvalidConfigError when the file is there and is not TOML.
    """
    if cls in _kept:
        return dict(_kept[cls])
    for path in _places(cls):
        try:
            text = path.read_bytes()
        except OSError:
            continue
        import tomllib

        try:
            return tomllib.loads(text.decode("utf-8"))
        except ValueError as error:
            raise InvalidConfigError(
                f'"{SECRETS_FILE}" cannot be read: {error}.', suggestion="Correct the TOML in it."
            ) from None
    return {}


def _places(cls: type) -> list[Path]:
    places = [SECRETS_FILE]
    with suppress(TypeError, OSError):  # a class typed into a REPL or a notebook has no file
        places.append(Path(inspect.getfile(cls)).parent / SECRETS_FILE)
    return places
