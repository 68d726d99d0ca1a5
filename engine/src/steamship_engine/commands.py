"""`ship serve` and `ship admin`. Only click and the settings are imported before a command runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from steamship_engine.settings import SETTINGS, SettingsError, load

if TYPE_CHECKING:
    from steamship_engine.model.audit import AuditLine

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


@click.command()
@_flags("data_dir", "port")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(*, as_json: bool, **flags: str | None) -> None:
    """Examine this machine: Pythons, and which sandboxes hold here.

    Each sandbox is tried by a worker that attempts what must be impossible. Exit code 1 where none holds.
    """
    with _in_words():
        settings = load(flags)
        from steamship_engine.app import doctor as examination

        findings = examination.examine(settings)
        mode = examination.chosen(findings)
    if as_json:
        import json

        shown = [{"name": each.name, "found": each.said, "problem": each.problem} for each in findings]
        _say(json.dumps({"sandbox": str(mode), "findings": shown}))
    else:
        for each in findings:
            _say(f"{each.name:22}{each.said}" + (f": {each.problem}" if each.problem else ""))
        _say("")
        if mode == "none":
            _say("No sandbox holds here, so `ship serve` starts only with --insecure-no-sandbox.")
        else:
            _say(f'`ship serve` takes the sandbox "{mode}".')
    sys.exit(1 if mode == "none" else 0)


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
        _say(json.dumps({"id": made.id, "handle": made.handle, "apiKey": key}))
        return
    _say(f'Made the user "{made.handle}". This is the key; it is not shown again:')
    _say(f"  {key}")


_MOMENTS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
_MOMENT = click.DateTime(_MOMENTS)
_database = _flags("data_dir", "database_url")


@admin.group("audit", invoke_without_command=True)
@click.option(
    "--since",
    type=_MOMENT,
    metavar="MOMENT",
    help="Only what happened from then on: 2031-05-01 or 2031-05-01T09:30, in UTC.",
)
@click.option("--until", type=_MOMENT, metavar="MOMENT", help="Only what happened before, in UTC.")
@click.option("--kind", help="Only such lines: `key.made`, or all of `key`.")
@click.option("--actor", help="Only what that user, worker or account did, by id or handle.")
@click.option("--subject", help="Only what was done to that, by id or handle.")
@click.option(
    "--last", type=click.IntRange(1), default=50, show_default=True, help="At most that many, the newest."
)
@click.option("--all", "every", is_flag=True, help="All of them, instead of the last.")
@_database
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, one object a line.")
@click.pass_context
def audit(
    context: click.Context,
    /,
    *,
    since: datetime | None,
    until: datetime | None,
    kind: str | None,
    actor: str | None,
    subject: str | None,
    last: int,
    every: bool,
    as_json: bool,
    **flags: str | None,
) -> None:
    """What was changed and what was refused: who, from where, and to what.

    Reads the engine's database itself, beside a running engine too. What was refused is there after a second, how often
    it came again after a minute.
    """
    context.obj = flags
    if context.invoked_subcommand is not None:
        return
    with _in_words():
        settings = load(flags)
        from steamship_engine.app.admin import audit_trail
        from steamship_engine.store.audit import AuditFilter

        _check_kind(kind)
        wanted = AuditFilter(_utc(since), _utc(until), kind, actor, subject)
        _print_lines(audit_trail(settings, wanted, None if every else last), as_json=as_json)


@audit.command("verify")
@click.option(
    "--head", help="A line's number and hash, as this command printed them before: whether it is still there."
)
@_database
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify_audit(context: click.Context, /, *, head: str | None, as_json: bool, **flags: str | None) -> None:
    """Whether no line of the audit trail was changed, removed or put in; exit code 1 where one was.

    Names the first line that is wrong. A --head that was pruned since cannot be compared, which is exit code 1 too: note
    a new one after each prune.
    """
    with _in_words():
        settings = load(_with_groups(context, flags))
        from steamship_engine.app import admin as administration
        from steamship_engine.store.audit import Head

        try:
            noted = None if head is None else Head.read(head)
        except ValueError as error:
            raise click.UsageError(f'--head is "{head}": {error}.') from None
        verdict = administration.verify_audit(settings, noted)
    broken = verdict.broken
    if as_json:
        told: dict[str, Any] = {"whole": broken is None, "lines": verdict.lines, "first": verdict.first}
        wrong = None if broken is None else {"line": broken.seq, "why": broken.why}
        _say(json.dumps({**told, "head": str(verdict.last), "broken": wrong}))
    elif broken is None:
        _say(f"The audit trail is whole: {verdict.lines} lines, from {verdict.first} to {verdict.last.seq}.")
        _say(f"Its last line: {verdict.last}")
    else:
        click.echo(f"The audit trail is not whole: line {broken.seq} {broken.why}.", err=True)
    if broken is not None:
        sys.exit(1)


@audit.command("prune")
@click.option(
    "--before", type=_MOMENT, required=True, metavar="MOMENT", help="The first moment that is kept, in UTC."
)
@_database
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def prune_audit(context: click.Context, /, *, before: datetime, as_json: bool, **flags: str | None) -> None:
    """Remove the audit trail's lines from before a moment, and add a line that says so.

    Nothing else ever removes one. Keep a copy, if they may be wanted: `ship admin audit --all --json`. Note a new head
    afterwards: `ship admin audit verify` prints it.
    """
    with _in_words():
        settings = load(_with_groups(context, flags))
        from steamship_engine.app import admin as administration

        removed = administration.prune_audit(settings, before.replace(tzinfo=UTC))
    _say(json.dumps({"removed": removed}) if as_json else f"Removed {removed} lines.")


def _with_groups(context: click.Context, flags: dict[str, str | None]) -> dict[str, str | None]:
    """The flags, and where one is not given the one that stands before the subcommand's name."""
    before: dict[str, str | None] = context.obj
    return {name: before.get(name) if value is None else value for name, value in flags.items()}


def _check_kind(kind: str | None) -> None:
    from steamship_engine.model.audit import AuditKind

    known = {name for each in AuditKind for name in (each.value, each.value.partition(".")[0])}
    if kind is not None and kind not in known:
        raise click.UsageError(
            f'--kind is "{kind}": there is no such kind. There are {", ".join(AuditKind)}.'
        )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _print_lines(lines: Iterable[AuditLine], *, as_json: bool) -> None:
    if not as_json:
        for line in lines:
            _say(_line_text(line))
        return
    # By and by: a trail may be long.
    opening = "["
    for line in lines:
        _say(opening + json.dumps(_line_json(line)))
        opening = ","
    _say("]" if opening == "," else "[]")


def _line_json(line: AuditLine) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "at": line.at.isoformat(),
        "kind": line.kind.value,
        "outcome": line.outcome.value,
        "times": line.times,
        "actor": {
            "kind": line.actor_kind.value,
            "id": line.actor_id,
            "handle": line.actor_handle,
            "keyId": line.key_id,
        },
        "address": line.address,
        "requestId": line.request_id,
        "subject": {"noun": line.noun, "id": line.subject_id, "handle": line.subject_handle},
        "detail": line.details,
        "hash": line.hash,
    }


def _line_text(line: AuditLine) -> str:
    """One line; what others may have chosen stands in it escaped."""
    actor = f"{line.actor_kind.value} {line.actor_handle or line.actor_id or ''}".rstrip()
    subject = f"{line.noun or '-'} {line.subject_handle or line.subject_id or ''}".rstrip()
    words = [
        str(line.seq),
        f"{line.at:%Y-%m-%dT%H:%M:%SZ}",
        f"{line.kind.value} {line.outcome.value}" + (f" x{line.times}" if line.times > 1 else ""),
        f"by {actor}",
        f"from {line.address or '-'}",
        f"request {line.request_id or '-'}",
        f"on {subject}",
        "" if line.detail == "{}" else line.detail,
    ]
    return ascii("  ".join(words).rstrip())[1:-1]


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn the errors that have words for the operator into those words and exit code 1."""
    try:
        yield
    except click.ClickException:
        raise
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
