"""Commands of the original that are not there yet, so that whoever types them is told; and one for fun."""

from __future__ import annotations

import click

from steamship.cli.failures import CommandError
from steamship.cli.output import print_json
from steamship.cli.session import command_options, current_session

# The original's options, whatever they are, are no reason to say something else.
_ANYTHING = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
_takes_anything = click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS]", expose_value=False
)


@click.command(context_settings=_ANYTHING)
@click.argument("environment", type=click.Choice(["local", "remote"], case_sensitive=False))
@_takes_anything
@command_options
def run(environment: str) -> None:
    """Not there yet: serve the package in this folder on this machine (local), or deploy and use it (remote)."""
    if environment.lower() == "remote":
        raise CommandError(
            "`ship run remote` is not there yet.", suggestion="Run `ship deploy`, then `ship use HANDLE`."
        )
    raise CommandError(
        "`ship run local` is not there yet.",
        suggestion="Run an engine here with `ship serve`, and `ship deploy` to it: a redeploy takes about a second.",
    )


@click.command(context_settings=_ANYTHING)
@click.argument("environment", type=click.Choice(["local"], case_sensitive=False), expose_value=False)
@_takes_anything
@command_options
def clean() -> None:
    """Not there yet: delete the instances that `ship run local` has made."""
    raise CommandError(
        "`ship clean local` is not there yet, and neither are the instances that it would delete.",
        suggestion="`ship delete -w WORKSPACE -i INSTANCE` deletes any other.",
    )


@click.command
@command_options
def ships() -> None:
    """Show some ships."""
    fleet = ["🚢"] * 3
    if current_session().as_json:
        print_json(fleet)
    else:
        click.echo(" ".join(fleet))
