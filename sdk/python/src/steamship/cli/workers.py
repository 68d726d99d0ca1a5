"""`ship instances --workers` and `ship restart`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from steamship.cli.invoke import no_such_instance
from steamship.cli.output import print_json, print_table, remark, size
from steamship.cli.pages import whole_list
from steamship.cli.session import Session, command_options, current_session

if TYPE_CHECKING:
    from steamship.base.client import Client


@click.command
@click.argument("instance", required=False)
@click.option("--all", "every", is_flag=True, help="Restart all your instances.")
@click.option("--package", metavar="HANDLE", help="With --all: only those of this package.")
@click.option(
    "--workspace",
    metavar="HANDLE",
    help="Where the instance is; default: the workspace of its own handle. With --all: only those in it.",
)
@command_options
def restart(instance: str | None, every: bool, package: str | None, workspace: str | None) -> None:
    """Give INSTANCE new workers: its next call finds a fresh object.

    Calls that run end on the old workers; none fails. Nothing is lost but what the object held in memory.

    With --json: how many workers were put down, with --all an array of that.
    """
    if every is (instance is not None):
        raise click.UsageError("Name one INSTANCE, or say --all.")
    if package is not None and not every:
        raise click.UsageError("--package goes with --all.")
    session = current_session()
    if instance is not None:
        done = _restarted(session.client(workspace or instance), instance, workspace)
        if session.as_json:
            print_json(done)
        else:
            click.echo(_told(done))
    else:
        _restart_all(session, package, workspace)


def print_workers(
    session: Session, client: Client, instances: list[dict[str, Any]], *, everywhere: bool
) -> None:
    """Print instances with their workers."""
    found = whole_list(client, "package/instance/workers", "workers", acrossWorkspaces=everywhere)
    for instance in instances:
        instance["workers"] = [worker for worker in found if worker["instanceId"] == instance["id"]]
    if session.as_json:
        print_json(instances)
        return
    print_table(
        ["INSTANCE", "WORKSPACE", "PACKAGE", "WORKER", "SINCE", "MEMORY", "CALLS", "WHY"],
        [
            [instance["handle"], instance.get("workspaceHandle"), instance["packageHandle"], *worker]
            for instance in instances
            for worker in _workers(instance["workers"])
        ],
    )


def _workers(workers: list[dict[str, Any]]) -> list[list[str | None]]:
    """A row for each that lives; where none does, one that says so, and why."""
    living = [worker for worker in workers if worker["state"] != "stopped"]
    if living:
        return [[worker["state"], *_facts(worker)] for worker in living]
    return [["asleep", *_facts(worker)] for worker in workers[-1:]] or [["asleep", None, None, None, None]]


def _facts(worker: dict[str, Any]) -> list[str | None]:
    memory = worker["memory"]
    since = re.sub(r"\.\d+", "", worker["since"])
    return [since, None if memory is None else size(memory), str(worker["calls"]), _why(worker)]


def _why(worker: dict[str, Any]) -> str | None:
    """`overMemory` as `over memory`, with what more is known."""
    reason = worker["reason"]
    if reason is None:
        return None
    words = re.sub(r"(?=[A-Z])", " ", reason).lower()
    return f"{words}: {worker['detail']}" if worker["detail"] else words


def _restarted(client: Client, handle: str, workspace: str | None) -> dict[str, Any]:
    from steamship.base.error import NotFoundError

    try:
        done: dict[str, Any] = client.post("package/instance/restart", {"handle": handle})["restart"]
    except NotFoundError as error:
        raise no_such_instance(handle, workspace) from error
    return done


def _restart_all(session: Session, package: str | None, workspace: str | None) -> None:
    from steamship.base.error import NotFoundError

    client = session.client(workspace)
    wanted: dict[str, Any] = {"acrossWorkspaces": workspace is None}
    if package is not None:
        wanted["packageId"] = client.post("package/get", {"handle": package})["package"]["id"]
    all_done = []
    for instance in whole_list(client, "package/instance/list", "packageInstances", **wanted):
        try:
            all_done.append(client.post("package/instance/restart", {"id": instance["id"]})["restart"])
        except NotFoundError:
            continue  # it was deleted meanwhile
    if session.as_json:
        print_json(all_done)
    elif all_done:
        for done in all_done:
            click.echo(_told(done))
    else:
        remark("There are no such instances. `ship instances` lists yours.")


def _told(done: dict[str, Any]) -> str:
    name = f'"{done["instanceHandle"]}"'
    if done["workspaceHandle"] != done["instanceHandle"]:
        name += f' in "{done["workspaceHandle"]}"'
    count = done["workers"]
    if count == 0:
        return f"{name} is asleep; its next call starts a worker."
    return (
        f"{name}: {count} {'worker' if count == 1 else 'workers'} put down; its next call starts a new one."
    )
