"""`ship login`: check a key, then keep it in ~/.steamship.json."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit

import click

from steamship.cli.failures import CommandError, MissingAnswerError
from steamship.cli.output import print_json
from steamship.cli.session import assume_yes, command_options, current_session

_API_PATH = "/api/v1/"


@click.command(epilog="\b\n  ship login < key.txt")
@click.option(
    "--api-base", metavar="URL", help="Where the engine's API is, such as http://localhost:8080/api/v1/."
)
@click.option("--app-base", metavar="URL", help="Where its instances are; default: the API's host.")
@click.option("--web-base", metavar="URL", help="Where its pages are; default: the API's host.")
@click.option("--browser", is_flag=True, help="Get a key of its own, approved on a page with a key you have.")
@assume_yes
@command_options
def login(api_base: str | None, app_base: str | None, web_base: str | None, browser: bool) -> None:
    """Store the key and the address of an engine in ~/.steamship.json.

    The key is asked for on a terminal, and read from standard input elsewhere. With --browser the engine
    makes a new one, once you have approved that on its page, within five minutes.
    It is kept only if the engine knows it. Everything else in the file stays.
    """
    from steamship.base.config_sources import FIELDS, default_config_file, read_profile, write_profile

    session = current_session()
    profile = session.profile or os.environ.get("STEAMSHIP_PROFILE") or None
    path = default_config_file()
    stored = read_profile(path, profile)
    bases = _bases({"api_base": api_base, "app_base": app_base, "web_base": web_base}, stored)
    if stored.get("api_key") and session.may_ask:
        where = f'the profile "{profile}"' if profile else f'"{path}"'
        if not click.confirm(f"There is a key in {where} already. Replace it?", default=True, err=True):
            raise CommandError("Nothing was changed.")
    key = _key_by_browser(bases) if browser else _key()
    user = _owner(key, bases)
    write_profile(path, profile, {"api_key": key, **bases})
    if session.as_json:
        shown = {FIELDS[name]: value for name, value in bases.items()}
        print_json({"user": user, **shown, "profile": profile})
        return
    click.echo(f"You are {user['handle']} at {bases['api_base']}.")
    click.echo(f'Kept in "{path}"' + (f', profile "{profile}".' if profile else "."))


def _bases(given: dict[str, str | None], stored: dict[str, str]) -> dict[str, str]:
    """The three bases: as given, else from the given API base's host, else from where they always come."""
    from steamship.base.config_sources import DEFAULT_BASES, checked_base

    bases = {name: value for name, value in given.items() if value}
    api_base = bases.get("api_base")
    if api_base:
        api_base = bases["api_base"] = _with_api_path(checked_base("api_base", api_base))
        origin = "{0.scheme}://{0.netloc}/".format(urlsplit(api_base))
        bases = {"app_base": origin, "web_base": origin, **bases}
    for name, default in DEFAULT_BASES.items():
        value = bases.get(name) or os.environ.get(f"STEAMSHIP_{name.upper()}") or stored.get(name) or default
        bases[name] = checked_base(name, value)
    return {name: bases[name] for name in DEFAULT_BASES}


def _with_api_path(base: str) -> str:
    """An address without a path is an engine's; its API lies below it."""
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}{_API_PATH}" if parts.path == "/" else base


def _key_by_browser(bases: dict[str, str]) -> str:
    from steamship.cli.browser_login import key_by_browser

    return key_by_browser(bases)


def _key() -> str:
    from steamship.base.config_sources import checked_key

    if sys.stdin.isatty():
        key: str = click.prompt("API key", hide_input=True, err=True)
    else:
        key = sys.stdin.read()
    if not key.strip():
        raise MissingAnswerError(
            "There is no key on standard input.", suggestion="Pipe it in: `ship login < key.txt`."
        )
    return checked_key(key)


def _owner(key: str, bases: dict[str, str]) -> dict[str, str]:
    """Whose key it is. Raises AuthenticationError for one the engine does not know."""
    from steamship.base.client import Client
    from steamship.base.configuration import Configuration

    client = Client.without_workspace(Configuration(api_key=key, **bases))
    user: dict[str, str] = client.get("account/current")["user"]
    return user
