"""`ship use`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from steamship.cli.output import print_facts, print_json
from steamship.cli.session import Session, command_options, current_session
from steamship.cli.values import Text, config_of, typed_config


@click.command(epilog="\b\n  ship use greeter my-handle --config greeting=Ahoy")
@click.argument("package", required=False)
@click.argument("instance", required=False)
@click.option(
    "-i", "--instance", "--instance_handle", "named", metavar="HANDLE", help="The same as INSTANCE."
)
@click.option("--version", metavar="HANDLE", help="Use this version; default: the last one deployed.")
@click.option(
    "-c",
    "--config",
    multiple=True,
    metavar="CONFIG",
    help="name=text, name:=json, a JSON object, or a FILE (or @FILE) with one; may be repeated.",
)
@click.option(
    "-w",
    "--workspace",
    metavar="HANDLE",
    help="The workspace of the instance; default: one of its own handle.",
)
@command_options
def use(
    package: str | None,
    instance: str | None,
    named: str | None,
    version: str | None,
    config: tuple[str, ...],
    workspace: str | None,
) -> None:
    """Get INSTANCE of PACKAGE: it is made on first use, and the same one ever after.

    Without PACKAGE it is the package and the version that `steamship.json` in this folder names. Without
    INSTANCE it has the package's handle. With --json: the instance.
    """
    session = current_session()
    if package is None:
        package, of_folder = _of_folder(Path())
        version = version or of_folder
    if instance is not None and named is not None:
        raise click.UsageError("The instance is named twice.")
    handle = instance or named or package
    made = _used(session, package, handle, version, config_of(config), workspace)
    if session.as_json:
        print_json(made)
        return
    print_facts(
        [
            ("instance", made["handle"]),
            ("package", f"{made['packageHandle']} {made['packageVersionHandle']}"),
            ("workspace", made.get("workspaceHandle")),
            ("address", made["invocationURL"]),
        ]
    )
    where = "" if made.get("workspaceHandle") == made["handle"] else f" --workspace {made['workspaceHandle']}"
    click.echo(f"\nIts methods: ship invoke {made['handle']} __dir__ --get{where}")


def _of_folder(folder: Path) -> tuple[str, str]:
    """The package and the version of a folder's manifest. Raises UsageError where it has none."""
    from steamship.cli.project import MANIFEST_FILE, check_manifest, read_manifest

    manifest = read_manifest(folder)
    if manifest is None:
        raise click.UsageError(f'Name a package, or go to a folder with a "{MANIFEST_FILE}".')
    checked = check_manifest(manifest)
    return str(checked["handle"]), str(checked["version"])


def _used(
    session: Session,
    package: str,
    instance: str,
    version: str | None,
    config: dict[str, Any] | None,
    workspace: str | None,
) -> dict[str, Any]:
    """The instance as a wire object."""
    from steamship.client.steamship import Steamship

    if config and any(isinstance(value, Text) for value in config.values()):
        config = typed_config(config, _template(session, package, version))
    made = Steamship.use(
        package, instance, config, version=version, workspace_handle=workspace, profile=session.profile
    )
    return made.model_dump(mode="json", by_alias=True)


def _template(session: Session, package: str, version: str | None) -> dict[str, Any]:
    """The config template of the version that a new instance would get."""
    wanted = {"packageHandle": package, "handle": version}
    asked = {name: value for name, value in wanted.items() if value is not None}
    found = session.client().post("package/version/get", asked)["packageVersion"]
    template: dict[str, Any] = found.get("configTemplate") or {}
    return template
