"""`ship whoami`."""

from __future__ import annotations

import click

from steamship.cli.output import print_facts, print_json
from steamship.cli.session import command_options, current_session


@click.command
@command_options
def whoami() -> None:
    """Show whose key is used, and on which engine.

    With --json: the user, with `apiBase` and `profile` beside.
    """
    session = current_session()
    client = session.client()
    user = client.get("account/current")["user"]
    config = client.config
    if session.as_json:
        print_json({**user, "apiBase": config.api_base, "profile": config.profile})
        return
    print_facts([("user", user["handle"]), ("engine", config.api_base), ("profile", config.profile)])
