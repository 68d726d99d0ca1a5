"""`ship keys`: the keys that let programs act for you."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from steamship.cli.failures import CommandError
from steamship.cli.output import print_json, print_table, remark
from steamship.cli.pages import whole_list
from steamship.cli.session import assume_yes, command_options, current_session
from steamship.cli.values import moment


@click.group
def keys() -> None:
    """Make, list and revoke keys."""


@keys.command
@click.argument("name")
@click.option("--workspace", metavar="HANDLE", help="Reach this workspace only.")
@click.option(
    "--instance",
    metavar="HANDLE",
    help="Reach this instance only; its workspace is that of its handle, or --workspace.",
)
@click.option("--expires", metavar="TIME", help="30d, 12h, 90m, 2w, or a date; for ever without it.")
@command_options
def create(name: str, workspace: str | None, instance: str | None, expires: str | None) -> None:
    """Make a key, called NAME, and show it this once.

    Without --workspace and --instance it may do everything that you may. On standard output stands the
    key alone, or with --json the key object with `apiKey`.
    """
    session = current_session()
    wanted: dict[str, Any] = {"name": name}
    if instance is not None:
        wanted |= {"instanceHandle": instance, "workspaceHandle": workspace or instance}
    elif workspace is not None:
        wanted["workspaceHandle"] = workspace
    if expires is not None:
        wanted["expiresAt"] = moment(expires, datetime.now(UTC)).isoformat()
    made = session.client().post("key/create", wanted)["key"]
    if session.as_json:
        print_json(made)
        return
    remark(f'The key "{made["name"]}" {_reach(made)} and {_ends(made)}. It is not shown again:')
    click.echo(made["apiKey"])


@keys.command
@click.option("--all", "with_ended", is_flag=True, help="Show revoked and expired keys, too.")
@command_options
def ls(with_ended: bool) -> None:
    """List your keys, without their secrets.

    With --json: an array of keys.
    """
    session = current_session()
    found = whole_list(session.client(), "key/list", "keys")
    if not with_ended:
        found = [key for key in found if not _has_ended(key)]
    if session.as_json:
        print_json(found)
    elif found:
        print_table(
            ["ID", "NAME", "SCOPE", "EXPIRES", "LAST USED"],
            [
                [key["id"], key["name"], key["scope"], _end(key), key["lastUsedAt"] or "never"]
                for key in found
            ],
        )
    else:
        remark("There are no keys.")


@keys.command
@click.argument("key")
@assume_yes
@command_options
def revoke(key: str) -> None:
    """End KEY, an id or a name, now and for good.

    With --json: the key.
    """
    session = current_session()
    client = session.client()
    found = _found(key, whole_list(client, "key/list", "keys"))
    if session.may_ask and not click.confirm(f'Revoke the key "{found["name"]}"?', err=True):
        raise CommandError("Nothing was changed.")
    revoked = client.post("key/revoke", {"id": found["id"]})["key"]
    if session.as_json:
        print_json(revoked)
    else:
        click.echo(f'The key "{revoked["name"]}" is revoked.')


def _found(wanted: str, all_keys: list[dict[str, Any]]) -> dict[str, Any]:
    """The key with that id, or the one living key of that name."""
    for key in all_keys:
        if wanted.upper() == key["id"]:
            return key
    named = [key for key in all_keys if key["name"] == wanted and not _has_ended(key)]
    if len(named) == 1:
        return named[0]
    if named:
        raise CommandError(
            f'{len(named)} keys have the name "{wanted}".',
            suggestion="Give an id; `ship keys ls` shows them.",
        )
    raise CommandError(f'You have no key "{wanted}".', suggestion="`ship keys ls` lists your keys.")


def _reach(key: dict[str, Any]) -> str:
    reaches = {"user": "may do all that you may", "workspace": "reaches one workspace"}
    return reaches.get(key["scope"], "reaches one instance")


def _ends(key: dict[str, Any]) -> str:
    return f"expires at {key['expiresAt']}" if key["expiresAt"] else "does not expire"


def _end(key: dict[str, Any]) -> str:
    return "revoked" if key["revokedAt"] else key["expiresAt"] or "never"


def _has_ended(key: dict[str, Any]) -> bool:
    expires = key["expiresAt"]
    if key["revokedAt"]:
        return True
    return expires is not None and datetime.fromisoformat(expires) <= datetime.now(UTC)
