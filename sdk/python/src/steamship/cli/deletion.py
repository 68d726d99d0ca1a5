"""`ship delete`."""

from __future__ import annotations

import click

from steamship.cli.failures import CommandError, MissingAnswerError
from steamship.cli.output import print_json
from steamship.cli.session import Session, assume_yes, command_options, current_session


@click.command
@click.option(
    "-w", "--workspace", metavar="HANDLE", required=True, help="The workspace, or that of the instance."
)
@click.option("-i", "--instance", metavar="HANDLE", help="Delete this instance only.")
@assume_yes
@command_options
def delete(workspace: str, instance: str | None) -> None:
    """Delete a workspace with everything in it, or one instance in it.

    It cannot be undone, so it asks first; where nobody is there to answer, --yes is needed. With --json:
    what was deleted.
    """
    session = current_session()
    client = session.client(workspace)
    found = client.post("workspace/get", {"handle": workspace})["workspace"]
    if instance is None:
        _ask(session, f'Delete the workspace "{found["handle"]}", with all instances, files and tasks in it?')
        deleted = client.post("workspace/delete", {"id": found["id"]})["workspace"]
        what = f'The workspace "{found["handle"]}"'
    else:
        made = client.post("package/instance/get", {"handle": instance})["packageInstance"]
        _ask(session, f'Delete the instance "{made["handle"]}" in the workspace "{found["handle"]}"?')
        deleted = client.post("package/instance/delete", {"id": made["id"]})["packageInstance"]
        what = f'The instance "{made["handle"]}"'
    if session.as_json:
        print_json(deleted)
    else:
        click.echo(f"{what} is deleted.")


def _ask(session: Session, question: str) -> None:
    if session.yes:
        return
    if not session.may_ask:
        raise MissingAnswerError(
            "Nobody is there to confirm it. Nothing was changed.", suggestion="Add --yes."
        )
    if not click.confirm(question, default=False, err=True):
        raise CommandError("Nothing was changed.")
