"""`ship serve` and `ship admin`. Only click and the settings are imported before a command runs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from steamship_engine.settings import SETTINGS, SettingsError, load

_ALL = {setting.name: setting for setting in SETTINGS}
_OTHERS = "\n\n\b\nSettings without a flag, with their default:\n" + "\n".join(
    f"  {setting.variable}  {setting.help} [{setting.shown_default}]"
    for setting in SETTINGS
    if not setting.flag
)


def _flags(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Options for the named settings; each also has its STEAMSHIP_ENGINE_ variable."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        for setting in (_ALL[name] for name in reversed(names)):
            shown = f"{setting.help} [{setting.shown_default}]"
            if setting.name == "insecure_no_sandbox":
                option = click.option(
                    setting.option, setting.name, flag_value="true", default=None, is_flag=True, help=shown
                )
            else:
                option = click.option(setting.option, setting.name, default=None, help=shown)
            command = option(command)
        return command

    return add


@click.command(
    epilog="Every flag is also a setting STEAMSHIP_ENGINE_..., such as STEAMSHIP_ENGINE_PORT." + _OTHERS
)
@_flags(*(setting.name for setting in SETTINGS if setting.flag))
def serve(**flags: str | None) -> None:
    """Run an engine here until it is told to stop.

    The first start on an empty data directory makes one user and shows their key once.
    """
    with _in_words():
        settings = load(flags)
        from steamship_engine.app.server import run

        sys.exit(run(settings, _say))


@click.group()
def admin() -> None:
    """Administer an engine on this machine."""


@admin.group()
def user() -> None:
    """The engine's users."""


@user.command("create")
@click.argument("handle")
@_flags("data_dir", "database_url", "insecure_no_sandbox")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create_user(handle: str, *, as_json: bool, **flags: str | None) -> None:
    """Make a user with one key, and show the key once.

    Works on the engine's database itself, beside a running engine too: name the same --data-dir or
    --database-url as it has.
    """
    with _in_words():
        settings = load(flags)
        from steamship_engine.app.admin import create_user as create

        made, key = create(settings, handle)
    if as_json:
        import json

        _say(json.dumps({"id": made.id, "handle": made.handle, "apiKey": key}))
        return
    _say(f'Made the user "{made.handle}". This is the key; it is not shown again:')
    _say(f"  {key}")


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn the errors that have words for the operator into those words and exit code 1."""
    try:
        yield
    except Exception as error:
        words = _words(error)
        if words is None:
            raise
        raise click.ClickException(words) from None


def _words(error: Exception) -> str | None:
    if isinstance(error, SettingsError):
        return str(error)
    if type(error).__module__.startswith("steamship_engine."):
        suggestion = getattr(error, "suggestion", None)
        return str(error) if suggestion is None else f"{error} {suggestion}"
    return None


def _say(line: str) -> None:
    click.echo(line)
    sys.stdout.flush()
