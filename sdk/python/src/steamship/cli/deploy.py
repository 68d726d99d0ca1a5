"""`ship deploy`."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from steamship.base.error import AlreadyExistsError, ConflictError
from steamship.cli.bundle import LARGE_FILE, Bundle, make_bundle
from steamship.cli.failures import CommandError, InterruptedCommandError
from steamship.cli.local_check import Checked, LocalCheck
from steamship.cli.manifest_making import Flags, ask_version, project_of
from steamship.cli.output import print_json, size
from steamship.cli.pages import whole_list
from steamship.cli.progress import Progress
from steamship.cli.project import MANIFEST_FILE, Project, next_version, note_in_manifest
from steamship.cli.session import Session, assume_yes, command_options, current_session

if TYPE_CHECKING:
    from steamship.base.client import Client
    from steamship.base.tasks import Task

SHORTEST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 1.0
_SDKS = {"native": "native, for steamship 3", "original": "original, for steamship 2"}
# What the engine answers for a package handle that is another user's, and nothing else.
_SOMEBODY_ELSES = "Something went wrong."


@click.command
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@click.option("--handle", metavar="HANDLE", help="The package's handle, instead of the manifest's.")
@click.option("--version", metavar="HANDLE", help="The version's handle, instead of the manifest's.")
@click.option("--public/--private", "public", default=None, help="Whether every user may use the package.")
@click.option("--description", metavar="TEXT", help="A line about the package.")
@click.option(
    "--python",
    metavar="PROGRAM",
    type=click.Path(path_type=Path),
    help="For code on the original SDK: an interpreter that has it; default: that of the active environment, or of .venv or venv in FOLDER.",
)
@assume_yes
@command_options
def deploy(
    folder: Path,
    handle: str | None,
    version: str | None,
    public: bool | None,
    description: str | None,
    python: Path | None,
) -> None:
    """Make a version of a package from FOLDER, the current one by default.

    FOLDER holds `api.py` with the package's class (or has it in `src/`), and `steamship.json`, which is
    made from your answers, or from the flags, where it is missing. The class is imported here first. A
    deploy that fails takes no version handle and leaves nothing behind. Where the version is deployed
    already, --yes takes the next one.

    Code on the original SDK (requirements.txt wants `steamship` below 3, or the manifest says `"runtime":
    "original"`) is bundled as the original's `ship` does it. Its config template is asked of an interpreter
    that has that SDK, and noted in `steamship.json`; without one that file's is taken.

    With --json: the version; the steps go to stderr.
    """
    session = current_session()
    flags = Flags(handle, version, public, description)
    project = project_of(folder, flags, session)
    _check_python(python)
    with Progress(as_json=session.as_json) as progress:
        progress.doing("checking the code here")
        with LocalCheck(project, python=python) as check:
            client = session.client()
            checked = check.result()
        _tell(project, checked, progress)
        project = _with_template(project, checked.template, progress)
        package = _package(client, project)
        project = _free_version(session, client, project, package["id"], progress, keep=version is None)
        bundle = _bundle(project, progress)
        made = _deployed(client, project, package["id"], bundle, progress)
        _describe_package(client, project, package["id"])
        progress.done(f"deployed {project.handle} {made['handle']} in {progress.seconds:.1f} s")
    if session.as_json:
        print_json(made)
    else:
        click.echo(f"\nNext: ship use {project.handle}")


def _check_python(python: Path | None) -> None:
    if python is not None and not (python.is_file() and os.access(python, os.X_OK)):
        raise CommandError(
            f'"{python}" is no program.', suggestion="Name an interpreter, such as --python .venv/bin/python."
        )


def _tell(project: Project, checked: Checked, progress: Progress) -> None:
    if checked.doubt is not None:
        progress.done(f"not checked here: {checked.doubt}; the engine decides")
        if project.is_original() and project.manifest.get("configTemplate") is None:
            progress.warn(f'"{MANIFEST_FILE}" has no configTemplate: the version takes any config.')
    elif checked.template is not None:
        progress.done(f"checked, on the original SDK: {_count(len(checked.template), 'config parameter')}")
    else:
        progress.done(f"checked: {_count(checked.routes or 0, 'method')}")


def _with_template(project: Project, template: dict[str, Any] | None, progress: Progress) -> Project:
    """The project with the config template of its class, which its manifest then has, too."""
    if template is None or template == _without_nulls(project.manifest.get("configTemplate")):
        return project
    note_in_manifest(project.folder, configTemplate=template)
    progress.done(f"noted the changed config parameters in {MANIFEST_FILE}")
    return Project(project.folder, {**project.manifest, "configTemplate": template})


def _without_nulls(template: Any) -> Any:
    """The original's own command line writes what a parameter does not have as null."""
    if not isinstance(template, dict):
        return template
    return {
        name: {key: value for key, value in parameter.items() if value is not None}
        for name, parameter in template.items()
        if isinstance(parameter, dict)
    }


def _bundle(project: Project, progress: Progress) -> Bundle:
    progress.doing("bundling")
    bundle = make_bundle(project)
    for name, length in bundle.large:
        progress.warn(
            f'"{name}" has {size(length)}, above {size(LARGE_FILE)}. Does it belong to the package?'
        )
    for note in bundle.notes:
        progress.warn(f"{note}.")
    progress.done(f"bundled {_count(len(bundle.files), 'file')}, {size(len(bundle.content))}")
    return bundle


def _package(client: Client, project: Project) -> dict[str, Any]:
    """The user's own package of that handle, made now where it is missing."""
    mine = client.get("account/current")["user"]["id"]
    wanted = {
        "handle": project.handle,
        "profile": project.manifest,
        "isPublic": project.is_public,
        "fetchIfExists": True,
    }
    try:
        package: dict[str, Any] = client.post("package/create", wanted, repeatable=True)["package"]
    except ConflictError as error:
        if error.message != _SOMEBODY_ELSES:
            raise
        raise _taken_handle(project) from error
    if package["userId"] != mine:
        raise _taken_handle(project)
    return package


def _taken_handle(project: Project) -> CommandError:
    return CommandError(
        f'The package handle "{project.handle}" belongs to another user.',
        suggestion='Choose another one: change "handle" in steamship.json, or give --handle.',
    )


def _free_version(
    session: Session, client: Client, project: Project, package_id: str, progress: Progress, *, keep: bool
) -> Project:
    """The project under a version handle that is free: the next one with --yes, asked for on a terminal.

    `keep` writes it into the manifest.
    """
    found = whole_list(
        client, "package/version/list", "packageVersions", packageId=package_id, sortOrder="DESC"
    )
    taken = [str(version["handle"]) for version in found]
    used = {handle.lower() for handle in taken}
    if project.version.lower() not in used:
        return project
    version = project.version
    if session.yes:
        version = next_version(taken)
    elif not session.may_ask:
        raise _taken_version(project, taken)
    with progress.aside():
        while version.lower() in used:
            question = f'Version "{version}" of "{project.handle}" is deployed already. Deploy as'
            version = ask_version(question, next_version(taken))
    if keep:
        note_in_manifest(project.folder, version=version)
    return project.with_version(version)


def _taken_version(project: Project, taken: list[str]) -> CommandError:
    return CommandError(
        f'The version "{project.version}" of "{project.handle}" is deployed already, and a version never changes.',
        suggestion=f"Deploy under another one, such as `ship deploy --version {next_version(taken)}`.",
    )


def _deployed(
    client: Client, project: Project, package_id: str, bundle: Bundle, progress: Progress
) -> dict[str, Any]:
    """Upload, and wait until the version serves. Raises what the engine found wrong."""
    from steamship.base.request_bodies import Upload

    progress.doing(f"uploading {size(len(bundle.content))}")
    wanted = {
        "packageId": package_id,
        "handle": project.version,
        "type": "file",
        # Counts for original code alone; the engine asks native code itself.
        "configTemplate": json.dumps(_without_nulls(project.manifest.get("configTemplate")) or {}),
    }
    upload = Upload(f"{project.handle}.zip", bundle.content, "application/zip")
    try:
        task = client.post("package/version/create", wanted, file=upload)
        progress.done("uploaded")
        progress.doing("building the environment, and importing the class in it")
        made = _made(task)
    except AlreadyExistsError as error:
        raise _taken_version(project, [project.version]) from error
    except KeyboardInterrupt as error:
        raise InterruptedCommandError(
            "Interrupted. What was uploaded whole is still deployed by the engine.",
            suggestion=f"`ship versions {project.handle}` shows whether it was.",
        ) from error
    schemas = made.get("schemas") or {}
    count = sum(1 for key in schemas if key != "config")
    about = f": {_count(count, 'method')}" if schemas else ""
    progress.done(f"built the environment and imported the class{about}")
    reason = f": {made['kindReason']}" if made.get("kindReason") else ""
    progress.done(f"{_SDKS[made.get('kind', 'native')]}{reason}")
    for note in made.get("notes") or []:
        progress.warn(str(note))
    return made


def _made(task: Task[Any]) -> dict[str, Any]:
    """The version, once the task has made it; asked for after a twelfth of the time it already took."""
    from steamship.base.tasks import TaskState

    start = time.monotonic()
    while task.state not in {TaskState.succeeded, TaskState.failed}:
        waited = time.monotonic() - start
        time.sleep(min(max(waited / 12, SHORTEST_PAUSE_S), LONGEST_PAUSE_S))
        task.refresh()
    if task.state == TaskState.failed:
        raise task.as_error()
    made: dict[str, Any] = task.output["packageVersion"]
    return made


def _describe_package(client: Client, project: Project, package_id: str) -> None:
    """Let the package's page say what this version says; only now that it serves."""
    told = {
        "id": package_id,
        "isPublic": project.is_public,
        "description": project.description,
        "readme": project.readme,
        "profile": project.manifest,
    }
    client.post("package/update", {name: value for name, value in told.items() if value is not None})


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
