"""`ship info` and `ship support-info`: what somebody who helps needs to know, and no secret."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import click

from steamship.cli.output import print_facts, print_json
from steamship.cli.session import Session, command_options, current_session

_BASES = {"apiBase": "api_base", "appBase": "app_base", "webBase": "web_base"}
_PASSWORD = re.compile(r"//[^/\s@]+@")


@click.command
@command_options
def info() -> None:
    """Show who you are to the engine, and where it is.

    With --json: an object with `user`, the three bases and `profile`.
    """
    session = current_session()
    found = _connection(session)
    if session.as_json:
        print_json(found)
        return
    print_facts(
        [
            ("user", found["user"]["handle"]),
            ("user id", found["user"]["id"]),
            ("engine", found["apiBase"]),
            ("packages", found["appBase"]),
            ("pages", found["webBase"]),
            ("profile", found["profile"]),
        ]
    )


@click.command("support-info")
@command_options
def support_info() -> None:
    """Show what is useful to tell when you ask for help: no key, and no password.

    It works without a key, too. With --json: one object.
    """
    session = current_session()
    facts = {
        "account": _account(session),
        "project": _project(Path()),
        "requirements": _requirements(Path()),
        "system": _system(),
        "packages": _installed(),
    }
    if session.as_json:
        print_json(facts)
        return
    for title, found in facts.items():
        click.secho(title.capitalize(), bold=True)
        if isinstance(found, dict):
            print_facts([(name, str(value)) for name, value in found.items() if value is not None])
        else:
            click.echo((found or "none").rstrip())
        click.echo()


def _connection(session: Session) -> dict[str, Any]:
    client = session.client()
    user = client.get("account/current")["user"]
    bases = {name: getattr(client.config, own) for name, own in _BASES.items()}
    return {"user": user, **bases, "profile": client.config.profile}


def _account(session: Session) -> dict[str, Any]:
    from steamship.base.error import SteamshipError

    try:
        found = _connection(session)
    except SteamshipError as error:
        return {"problem": error.message}
    return {"user id": found["user"]["id"], "user": found["user"]["handle"], "engine": found["apiBase"]}


def _project(folder: Path) -> dict[str, Any]:
    from steamship.base.error import InvalidManifestError
    from steamship.cli.project import Project, read_manifest

    try:
        manifest = read_manifest(folder)
    except InvalidManifestError as error:
        return {"problem": error.message}
    if manifest is None:
        return {"problem": "There is no steamship.json in this folder."}
    sdk = "original" if Project(folder, manifest).is_original() else "native"
    told = {name: manifest.get(name) for name in ("type", "handle", "version")}
    return {**told, "runtime": sdk}


def _requirements(folder: Path) -> str | None:
    path = folder / "requirements.txt"
    if not path.is_file():
        return None
    return _PASSWORD.sub("//...@", path.read_text("utf-8", errors="replace"))


def _system() -> dict[str, Any]:
    from steamship.version import __version__

    return {
        "steamship": __version__,
        "python": sys.version.replace("\n", " "),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "shell": os.environ.get("SHELL"),
        "virtual environment": "yes" if sys.prefix != sys.base_prefix else "no",
    }


def _installed() -> dict[str, str]:
    found = {each.name: each.version for each in distributions() if each.name}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))
