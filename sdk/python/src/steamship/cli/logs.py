"""`ship logs`."""

from __future__ import annotations

import sys
from typing import Any

import click

from steamship.cli.output import print_json, remark
from steamship.cli.session import command_options, current_session

_COLORS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


@click.command
@click.option(
    "-w", "--workspace", metavar="HANDLE", help="The workspace; default: the profile's, else `default`."
)
@click.option(
    "-o",
    "--offset",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    default=0,
    show_default=True,
    help="Leave out this many of the newest entries.",
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    default=50,
    show_default=True,
    help="Show this many at most.",
)
@click.option("-p", "--package", metavar="HANDLE", help="Only what this package said.")
@click.option("-i", "--instance", metavar="HANDLE", help="Only what this instance said.")
@click.option("-v", "--version", metavar="HANDLE", help="Only what this version said.")
@click.option("--path", metavar="PATH", help="Only what was said during calls of this path.")
@click.option("-f", "--with-fields", metavar="K=V,K=V", help="Only entries whose fields have these values.")
@command_options
def logs(
    workspace: str | None,
    offset: int,
    number: int,
    package: str | None,
    instance: str | None,
    version: str | None,
    path: str | None,
    with_fields: str | None,
) -> None:
    """Show what your instances in a workspace have printed and logged, the newest last.

    With --json, and where stdout is no terminal: an object with `from`, `count` and `entries`.
    """
    session = current_session()
    wanted: dict[str, Any] = {"from": offset, "size": number}
    filters = {
        "invocableHandle": package,
        "invocableInstanceHandle": instance,
        "invocableVersionHandle": version,
        "invocablePath": path,
        "fieldValues": _fields(with_fields) or None,
    }
    wanted |= {name: value for name, value in filters.items() if value is not None}
    found = session.client(workspace).post("logs/list", wanted)
    if session.as_json or not sys.stdout.isatty():
        print_json(found)
        return
    for entry in reversed(found["entries"]):
        click.echo(_line(entry))
    if not found["entries"]:
        remark("There is nothing in the logs that fits.")


def _fields(given: str | None) -> dict[str, str]:
    """`k=v,k=v` by name. Raises UsageError."""
    found = {}
    for pair in (given or "").split(",") if given else []:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            raise click.UsageError(f'"{pair}" is not name=value.')
        found[name.strip()] = value
    return found


def _line(entry: dict[str, Any]) -> str:
    """Time, level, instance, path and message; what a package wrote commands no terminal."""
    level = str(entry.get("level") or "")
    place = " ".join(str(entry[name]) for name in ("invocableInstanceHandle", "path") if entry.get(name))
    head = f"{entry.get('timestamp') or ''} {level:<7} {place}".strip()
    message = str(entry.get("message") or "").rstrip()
    shown = "".join(c for c in f"{head}: {message}" if c.isprintable() or c in "\n\t")
    return click.style(shown, fg=_COLORS.get(level.upper()))
