"""`ship invoke`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from steamship.cli.failures import CommandError, MissingAnswerError
from steamship.cli.output import print_json, remark, size
from steamship.cli.session import Session, command_options, current_session
from steamship.cli.values import json_object, pairs

if TYPE_CHECKING:
    from steamship.data.package.package_instance import PackageInstance


@click.command(
    epilog="\b\n  ship invoke my-handle greet name=Beautiful\n  ship invoke my-handle add numbers:='[1, 2]'"
)
@click.argument("instance")
@click.argument("method")
@click.argument("arguments", nargs=-1, metavar="[NAME=TEXT | NAME:=JSON]...")
@click.option(
    "--json-args", metavar="JSON", help="All arguments as a JSON object; @FILE reads it, - from stdin."
)
@click.option("--get", "is_get", is_flag=True, help="Call it by GET instead of POST.")
@click.option("--package", metavar="HANDLE", help="Fail unless it is an instance of this package.")
@click.option(
    "--workspace", metavar="HANDLE", help="Where the instance is; default: the workspace of its own handle."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Wait no longer than this.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the answer to this file."
)
@command_options
def invoke(
    instance: str,
    method: str,
    arguments: tuple[str, ...],
    json_args: str | None,
    is_get: bool,
    package: str | None,
    workspace: str | None,
    timeout: float | None,
    output: Path | None,
) -> None:
    """Call METHOD of INSTANCE and print what it returned.

    Text is printed as it is, everything else as JSON; bytes need --output on a terminal. With --json
    text is JSON, too.
    """
    session = current_session()
    values = {**(json_object(json_args) if json_args is not None else {}), **pairs(arguments)}
    path = _path(method)
    found = _instance(session, instance, package, workspace)
    answer = _answer(found, method, path, values, is_get=is_get, timeout=timeout)
    if output is not None:
        _write(answer, output)
    else:
        _print(answer, as_json=session.as_json)


def _instance(session: Session, handle: str, package: str | None, workspace: str | None) -> PackageInstance:
    """The instance. Raises CommandError where there is none, or one of another package."""
    from steamship.base.error import NotFoundError
    from steamship.data.package.package_instance import PackageInstance

    where = workspace or handle
    try:
        found = PackageInstance.get(session.client(where), handle)
    except NotFoundError as error:
        raise no_such_instance(handle, workspace, package) from error
    if package is not None and found.package_handle != package:
        raise CommandError(
            f'The instance "{handle}" is of the package "{found.package_handle}", not "{package}".',
            suggestion="Name another instance, or leave --package out.",
        )
    return found


def no_such_instance(handle: str, workspace: str | None, package: str | None = None) -> CommandError:
    """What to say of an instance that is not there; `workspace` and `package` as the command line names them."""
    in_workspace = f" --workspace {workspace}" if workspace else ""
    return CommandError(
        f'You have no instance "{handle}" in the workspace "{workspace or handle}".',
        suggestion=f"Make it with `ship use {package or 'PACKAGE'} {handle}{in_workspace}`;"
        " `ship instances` lists yours.",
    )


def _answer(
    instance: PackageInstance,
    method: str,
    path: str,
    values: dict[str, Any],
    *,
    is_get: bool,
    timeout: float | None,
) -> Any:
    """What the method returned. Not through `instance.invoke`, whose own parameters an argument may be named like."""
    from steamship.base.error import PackageTimeoutError
    from steamship.utils.url import Verb

    url = f"{instance.invocation_url}{path}"
    try:
        return instance.client.call_package(method, url, Verb.GET if is_get else Verb.POST, values, timeout)
    except PackageTimeoutError as error:
        if timeout is not None:
            error.suggestion = "Allow it longer with --timeout."
        raise


def _path(method: str) -> str:
    segments = method.lstrip("/").split("/")
    if segments[0] == "" or "." in segments or ".." in segments:
        raise click.UsageError(f'"{method}" is not the name of a method.')
    return "/".join(quote(segment, safe="") for segment in segments)


def _write(answer: Any, path: Path) -> None:
    if isinstance(answer, bytes):
        content = answer
    else:
        content = (answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)).encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f'"{path}" cannot be written: {error.strerror}.') from error
    remark(f'{size(len(content))} in "{path}".')


def _print(answer: Any, *, as_json: bool) -> None:
    if isinstance(answer, bytes):
        if as_json or sys.stdout.isatty():
            raise MissingAnswerError(
                f"The answer is {size(len(answer))} of binary data.", suggestion="Add `-o FILE` to keep it."
            )
        sys.stdout.buffer.write(answer)
    elif isinstance(answer, str) and not as_json:
        click.echo(answer)
    else:
        print_json(answer)
