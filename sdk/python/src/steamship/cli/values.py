"""Values from the command line: `name=text`, `name:=json`, whole JSON objects, and times."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

_PAIR = re.compile(r"([^=:]+)(:?=)(.*)", re.DOTALL)
_SPAN = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Text(str):
    """A value that came as plain text, and may mean a number or a boolean."""

    __slots__ = ()


def pairs(words: Sequence[str]) -> dict[str, Any]:
    """`name=text` (kept as Text) and `name:=json` words by name. Raises UsageError for anything else."""
    found: dict[str, Any] = {}
    for word in words:
        form = _PAIR.fullmatch(word)
        if form is None:
            raise click.UsageError(f'"{word}" is neither name=text nor name:=json.')
        name, sign, text = form.groups()
        if name in found:
            raise click.UsageError(f'"{name}" is given twice.')
        found[name] = Text(text) if sign == "=" else parsed_json(text, f'"{name}"')
    return found


def json_object(source: str) -> dict[str, Any]:
    """The JSON object that a text is, or that the file after an `@` holds; `-` and `@-` mean standard input."""
    if source in {"-", "@-"}:
        source, what = sys.stdin.read(), "standard input"
    elif source.startswith("@"):
        path, what = Path(source[1:]), f'"{source[1:]}"'
        try:
            source = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise click.UsageError(f"{what} cannot be read: {reason}.") from error
    else:
        what = f'"{source}"'
    found = parsed_json(source, what)
    if not isinstance(found, dict):
        raise click.UsageError(f"{what} is not a JSON object.")
    return found


def parsed_json(text: str, what: str) -> Any:
    """`text` as JSON. Raises UsageError that names `what`."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{what} is not JSON: {error}.") from error


def config_of(given: Sequence[str]) -> dict[str, Any] | None:
    """The config that `--config` words make together; None without any: no opinion."""
    if not given:
        return None
    config: dict[str, Any] = {}
    for word in given:
        is_object = word.lstrip().startswith("{") or word.startswith("@") or word == "-"
        if not is_object and "=" not in word and Path(word).is_file():
            word, is_object = f"@{word}", True  # noqa: PLW2901  # as the original takes it
        config.update(json_object(word) if is_object else pairs([word]))
    return config


def typed_config(config: Mapping[str, Any], template: Mapping[str, Any]) -> dict[str, Any]:
    """`config` with its Text values as numbers and booleans, where the template wants such."""
    return {name: _typed(value, template.get(name)) for name, value in config.items()}


def moment(span: str, now: datetime) -> datetime:
    """`30d`, `12h`, `90m` or `2w` from `now`, or an ISO date or time (UTC unless it says otherwise)."""
    form = _SPAN.fullmatch(span)
    try:
        if form is not None:
            return now + timedelta(**{_UNITS[form[2]]: int(form[1])})
        found = datetime.fromisoformat(span)
    except (ValueError, OverflowError):
        raise click.UsageError(
            f'"{span}" is not a time: write 30d, 12h, 90m or 2w, or a date such as 2030-12-31.'
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _typed(value: Any, parameter: Any) -> Any:
    kind = parameter.get("type") if isinstance(parameter, Mapping) else None
    if not isinstance(value, Text) or kind not in {"number", "boolean"}:
        return value
    try:
        read = json.loads(value, parse_constant=_no_constant)
    except ValueError:
        return value
    wanted = bool if kind == "boolean" else (int, float)
    return read if isinstance(read, wanted) and isinstance(read, bool) == (kind == "boolean") else value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
