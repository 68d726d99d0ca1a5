"""The project of a folder: its manifest read, changed by flags, or made from answers and flags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from steamship.base.error import InvalidBundleError
from steamship.cli.failures import MissingAnswerError
from steamship.cli.project import (
    CODE_FILE,
    MANIFEST_FILE,
    PACKAGE_HANDLE,
    PACKAGE_RULE,
    VERSION_HANDLE,
    VERSION_RULE,
    Project,
    check_manifest,
    read_manifest,
    write_manifest,
)
from steamship.cli.session import Session

FIRST_VERSION = "1.0.0"


@dataclass(frozen=True)
class Flags:
    """What the command line says of the manifest; None where it says nothing."""

    handle: str | None = None
    version: str | None = None
    public: bool | None = None
    description: str | None = None

    def given(self) -> dict[str, Any]:
        """What it does say."""
        return {name: value for name, value in vars(self).items() if value is not None}


def project_of(folder: Path, flags: Flags, session: Session) -> Project:
    """The project in `folder`. Flags win over the file for this once; a missing file is made and kept.

    Raises InvalidManifestError, InvalidBundleError where there is no code, and MissingAnswerError for what
    nobody told.
    """
    if folder.name == MANIFEST_FILE and not folder.is_dir():
        folder = folder.parent
    if not folder.is_dir():
        raise InvalidBundleError(f'There is no folder "{folder}".', suggestion="Name a package's folder.")
    found = read_manifest(folder)
    if not Project(folder, {}).source.joinpath(CODE_FILE).is_file():
        raise InvalidBundleError(
            f'There is no "{CODE_FILE}" in "{folder}" and none in its "src".',
            suggestion=f'Go to the package\'s folder, or write its class in "{CODE_FILE}".',
        )
    if found is not None:
        return Project(folder, check_manifest({**found, **flags.given()}))
    told = flags.given()
    if session.may_ask:
        told = _asked(folder, flags)
    missing = [option for name, option in _OPTIONS.items() if name not in told]
    if missing:
        raise MissingAnswerError(
            f'There is no "{MANIFEST_FILE}" in "{folder}", and {" and ".join(missing)} '
            f"{'is' if len(missing) == 1 else 'are'} not given.",
            suggestion=f"Write the file, or run `ship deploy {_EXAMPLE}`.",
        )
    made = check_manifest({"type": "package", **told, "steamshipRegistry": {"tags": []}})
    write_manifest(folder, made)
    return Project(folder, made)


_OPTIONS = {"handle": "--handle", "version": "--version", "public": "--public or --private"}
_EXAMPLE = "--handle HANDLE --version 1.0.0 --private"


def ask_version(question: str, default: str) -> str:
    """A version handle, from a person."""
    return _ask(question, default, VERSION_HANDLE, VERSION_RULE)


def _asked(folder: Path, flags: Flags) -> dict[str, Any]:
    told = flags.given()
    click.echo(f'There is no "{MANIFEST_FILE}" here yet; some answers make one.', err=True)
    if "handle" not in told:
        told["handle"] = _ask("Package handle", _handle_like(folder), PACKAGE_HANDLE, PACKAGE_RULE)
    if "version" not in told:
        told["version"] = ask_version("Version", FIRST_VERSION)
    if "description" not in told:
        told["description"] = click.prompt(
            "What it does, in a line", default="", show_default=False, err=True
        )
    if "public" not in told:
        told["public"] = click.confirm("May every user of the engine use it?", default=False, err=True)
    return {name: value for name, value in told.items() if value != ""}


def _ask(question: str, default: str | None, form: re.Pattern[str], rule: str) -> str:
    def checked(answer: str) -> str:
        if form.fullmatch(answer.strip()) is None:
            raise click.UsageError(f'"{answer}" does not fit: it must be {rule}.')
        return answer.strip()

    answer: str = click.prompt(question, default=default, value_proc=checked, err=True)
    return answer


def _handle_like(folder: Path) -> str | None:
    """The folder's name as a handle, None where it does not make one."""
    name = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-")
    return name if PACKAGE_HANDLE.fullmatch(name) else None
