"""`ship limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from steamship.cli.output import print_json, print_table, remark, size
from steamship.cli.session import command_options, current_session

if TYPE_CHECKING:
    from steamship.base.client import Client


@click.command
@click.argument("package", required=False)
@click.option("--version", metavar="HANDLE", help="This version, instead of the newest.")
@command_options
def limits(package: str | None, version: str | None) -> None:
    """Show what the workers and calls of PACKAGE may take, and how the engine enforces it.

    Without PACKAGE: what a version gets that asks for nothing. `limits` in steamship.json asks for something
    else; no version gets more than the engine's operator allows.

    With --json: an array of limits, sizes in bytes.
    """
    if version is not None and package is None:
        raise click.UsageError("--version needs a PACKAGE.")
    session = current_session()
    client = session.client()
    made = _version(client, package, version) if package is not None else None
    told = client.post("limits", {} if made is None else {"versionId": made["id"]})["limits"]
    if session.as_json:
        print_json(told)
        return
    if made is not None:
        remark(f'Version "{made["handle"]}" of "{package}":')
    print_table(
        ["LIMIT", "VALUE", "ASKED FOR", "AT MOST", "ENFORCED"],
        [
            [
                limit["name"],
                _shown(limit["value"], limit["unit"]) or "the class decides",
                _shown(limit["asked"], limit["unit"]),
                _shown(limit["cap"], limit["unit"]),
                limit["enforced"],
            ]
            for limit in told
        ],
    )


def _version(client: Client, package: str, version: str | None) -> dict[str, Any]:
    wanted = {"packageHandle": package, "handle": version}
    found = client.post("package/version/get", {name: text for name, text in wanted.items() if text})
    made: dict[str, Any] = found["packageVersion"]
    return made


def _shown(value: float | None, unit: str) -> str | None:
    if value is None:
        return None
    if unit == "bytes":
        return size(int(value))
    return f"{value:g} s" if unit == "seconds" else f"{value:g}"
