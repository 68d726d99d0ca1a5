"""`ship`: the table of commands, each loaded only when it is named.

`ship --help` must be quick, so this module imports click and nothing else that is large.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import click

from steamship.cli.failures import CommandError, report, reported_exit_code
from steamship.cli.session import Session, global_options


class Entry(NamedTuple):
    """Where a command is, and its line in `ship --help`."""

    home: str
    about: str


COMMANDS = {
    "login": Entry("steamship.cli.login:login", "Store the key and the address of an engine."),
    "whoami": Entry("steamship.cli.whoami:whoami", "Show whose key is used, and on which engine."),
    "deploy": Entry("steamship.cli.deploy:deploy", "Make a version of a package from a folder."),
    "it": Entry("steamship.cli.deploy:deploy", "The same as `ship deploy`."),
    "use": Entry("steamship.cli.use:use", "Get an instance of a package, made on first use."),
    "invoke": Entry("steamship.cli.invoke:invoke", "Call a method of an instance."),
    "packages": Entry("steamship.cli.listings:packages", "List the packages you may use."),
    "versions": Entry("steamship.cli.listings:versions", "List a package's versions, the newest first."),
    "instances": Entry("steamship.cli.listings:instances", "List your instances."),
    "restart": Entry("steamship.cli.workers:restart", "Give an instance new workers."),
    "limits": Entry("steamship.cli.limits:limits", "Show what a package's workers and calls may take."),
    "logs": Entry("steamship.cli.logs:logs", "Show what your instances have printed and logged."),
    "delete": Entry("steamship.cli.deletion:delete", "Delete a workspace, or an instance."),
    "keys": Entry("steamship.cli.keys:keys", "Make, list and revoke keys."),
    "info": Entry("steamship.cli.info:info", "Show who you are to the engine, and where it is."),
    "support-info": Entry("steamship.cli.info:support_info", "Show what to tell when you ask for help."),
    "run": Entry("steamship.cli.later:run", "Not there yet: serve the package in this folder."),
    "clean": Entry("steamship.cli.later:clean", "Not there yet: delete what `ship run local` made."),
    "ships": Entry("steamship.cli.later:ships", "Show some ships."),
}
# From the engine's distribution, where that is installed.
ENGINE_COMMANDS = {
    "serve": "Run an engine on this machine.",
    "admin": "Operate an engine: make users, read the audit trail.",
    "doctor": "Show which sandboxes hold on this machine.",
}
ENTRY_POINTS = "steamship.commands"


class LazyGroup(click.Group):
    """The commands of the tables above."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in the order of the tables."""
        return [*COMMANDS, *ENGINE_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded now; None where there is none of that name."""
        if cmd_name in COMMANDS:
            module, _, name = COMMANDS[cmd_name].home.partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command
        if cmd_name in ENGINE_COMMANDS:
            return _engine_command(cmd_name)
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the names that were probably meant."""
        name = args[0]
        if name not in COMMANDS and name not in ENGINE_COMMANDS and not name.startswith("-"):
            near = get_close_matches(name, self.list_commands(ctx), n=3, cutoff=0.6)
            meant = " or ".join(f"`ship {other}`" for other in near)
            raise click.UsageError(
                f'There is no command "{name}".'
                + (f" Did you mean {meant}?" if near else " `ship --help` lists them."),
                ctx,
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The tables, without loading a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.about) for name, entry in COMMANDS.items()])
        with formatter.section("Commands of the engine (pip install steamship-engine)"):
            formatter.write_dl(list(ENGINE_COMMANDS.items()))


def _engine_command(name: str) -> click.Command:
    from importlib.metadata import entry_points

    for found in entry_points(group=ENTRY_POINTS, name=name):
        command: click.Command = found.load()
        return command
    raise CommandError(
        f"`ship {name}` belongs to the engine, which is not installed here.",
        suggestion="Run `pip install steamship-engine`.",
    )


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from steamship.version import __version__

        click.echo(f"ship {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=False,
    invoke_without_command=True,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version of `ship` and stop.",
)
@global_options
@click.pass_context
def ship(ctx: click.Context) -> None:
    """Deploy Steamship packages, use them and invoke them.

    A first package: `ship login`, then `ship deploy` in its folder, `ship use HANDLE my-handle`,
    `ship invoke my-handle METHOD name=value`.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    session = Session()
    color = False if os.environ.get("NO_COLOR") else None  # None: as the stream is a terminal or not
    try:
        result: Any = ship.main(
            list(arguments), prog_name="ship", standalone_mode=False, obj=session, color=color
        )
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        return 1
    except (Exception, KeyboardInterrupt) as error:
        if session.debug and not isinstance(error, click.ClickException | click.exceptions.Exit):
            import traceback

            traceback.print_exc()
        report(error, as_json=session.as_json, color=color)
        return reported_exit_code(error)
    return result if isinstance(result, int) else 0


def _drop_output() -> None:
    """Whoever read the output has seen enough; the interpreter must not fail on the rest at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
