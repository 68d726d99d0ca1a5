"""`ship packages`, `ship versions` and `ship instances`."""

from __future__ import annotations

import json
from typing import Any

import click

from steamship.cli.output import print_json, print_table, remark
from steamship.cli.pages import whole_list
from steamship.cli.session import command_options, current_session


@click.command
@command_options
def packages() -> None:
    """List the packages you may use: your own, and other people's public ones.

    With --json: an array of packages.
    """
    session = current_session()
    client = session.client()
    found = whole_list(client, "package/list", "packages")
    if session.as_json:
        print_json(found)
    elif found:
        mine = client.get("account/current")["user"]["id"]
        print_table(
            ["PACKAGE", "OWNER", "VISIBLE TO", "ABOUT"],
            [
                [
                    package["handle"],
                    "you" if package["userId"] == mine else "somebody else",
                    "everybody" if package["isPublic"] else "its owner",
                    _about(package),
                ]
                for package in found
            ],
        )
    else:
        remark("There are no packages yet. `ship deploy` makes one.")


@click.command
@click.argument("package")
@command_options
def versions(package: str) -> None:
    """List the versions of PACKAGE, the newest first, and the config that the newest one takes.

    With --json: an array of versions, each with its config template.
    """
    session = current_session()
    found = whole_list(
        session.client(), "package/version/list", "packageVersions", packageHandle=package, sortOrder="DESC"
    )
    if session.as_json:
        print_json(found)
        return
    if not found:
        remark(f'The package "{package}" has no version yet.')
        return
    print_table(
        ["VERSION", "DEPLOYED", "NETWORK", "ABOUT"],
        [
            [version["handle"], version.get("createdAt"), version.get("network"), version.get("description")]
            for version in found
        ],
    )
    _print_config(found[0])


@click.command
@click.option("--workspace", metavar="HANDLE", help="Only those in this workspace.")
@click.option(
    "--workers", "with_workers", is_flag=True, help="Show their workers: what they do, and why they ended."
)
@command_options
def instances(workspace: str | None, with_workers: bool) -> None:
    """List your instances in all workspaces.

    With --json: an array of instances, with --workers each with its `workers`.
    """
    session = current_session()
    client = session.client(workspace)
    found = whole_list(
        client,
        "package/instance/list",
        "packageInstances",
        acrossWorkspaces=workspace is None,
        includeWorkspace=True,
    )
    if with_workers and found:
        from steamship.cli.workers import print_workers

        print_workers(session, client, found, everywhere=workspace is None)
    elif session.as_json:
        print_json(found)
    elif found:
        print_table(
            ["INSTANCE", "WORKSPACE", "PACKAGE", "VERSION", "INIT", "MADE"],
            [
                [
                    instance["handle"],
                    instance.get("workspaceHandle"),
                    instance["packageHandle"],
                    instance["packageVersionHandle"],
                    _init(instance),
                    instance["createdAt"],
                ]
                for instance in found
            ],
        )
    else:
        remark("There are no instances. `ship use PACKAGE` makes one.")


def _about(package: dict[str, Any]) -> str | None:
    registry = (package.get("profile") or {}).get("steamshipRegistry") or {}
    return package.get("description") or registry.get("tagline")


def _init(instance: dict[str, Any]) -> str:
    status = str(instance["initStatus"])
    message = instance.get("initMessage")
    return f"{status}: {message}" if status == "failed" and message else status


def _print_config(version: dict[str, Any]) -> None:
    template: dict[str, dict[str, Any]] = version.get("configTemplate") or {}
    click.echo()
    if not template:
        click.echo(f"Version {version['handle']} takes no config.")
        return
    click.echo(f"Config of version {version['handle']}:")
    print_table(
        ["PARAMETER", "TYPE", "DEFAULT", "ABOUT"],
        [
            [name, _type(parameter), _default(parameter), parameter.get("description")]
            for name, parameter in template.items()
        ],
    )


def _type(parameter: dict[str, Any]) -> str:
    """Its type, or where only some values are admitted, these."""
    values = parameter.get("values")
    if not values:
        return str(parameter.get("type"))
    return " | ".join(json.dumps(value, ensure_ascii=False) for value in values)


def _default(parameter: dict[str, Any]) -> str:
    default = parameter.get("default")
    required = parameter.get("required", default is None)
    if required:
        return "required"
    if default is None:
        return "none"
    return "(secret)" if parameter.get("secret") else json.dumps(default, ensure_ascii=False)
