"""What a command says when it fails: the message, then what helps. Never a traceback of ours."""

from __future__ import annotations

import json
from typing import Any

import click

INTERRUPTED = 130


class CommandError(click.ClickException):
    """A failure of the command itself. `suggestion` says what helps; exit code 1."""

    def __init__(self, message: str, *, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


class MissingAnswerError(CommandError):
    """Something that only an option or a person can tell, and no person is there. Exit code 2."""

    exit_code = 2


class InterruptedCommandError(CommandError):
    """A Ctrl-C about which there is something to say. Exit code 130."""

    exit_code = INTERRUPTED


def reported_exit_code(error: BaseException) -> int:
    """1 for what failed, 2 for wrong usage, 130 for an interrupt."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return INTERRUPTED
    return error.exit_code if isinstance(error, click.ClickException) else 1


def report(error: BaseException, *, as_json: bool = False, color: bool | None = None) -> None:
    """Write the failure to stderr, as text or as one JSON object."""
    if isinstance(error, click.exceptions.Exit):
        return
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    if as_json:
        click.echo(json.dumps({"error": _facts(error)}, ensure_ascii=False), err=True)
        return
    facts = _facts(error)
    head = (
        "" if reported_exit_code(error) == INTERRUPTED else f"{click.style('Error:', fg='red', bold=True)} "
    )
    click.echo(f"{head}{_shown(facts['message'])}", err=True, color=color)
    if facts["suggestion"]:
        click.echo(_shown(facts["suggestion"]), err=True)
    if facts.get("requestId"):
        click.echo(f"The engine's log has more under request id {facts['requestId']}.", err=True)


def _shown(text: str) -> str:
    """The text without what would command the terminal: it may be somebody's package's."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def _facts(error: BaseException) -> dict[str, Any]:
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return {"message": "Interrupted.", "suggestion": None, "code": "Interrupted"}
    if isinstance(error, click.UsageError):
        return _misused(error)
    if isinstance(error, click.ClickException):
        suggestion = getattr(error, "suggestion", None)
        return {"message": error.format_message(), "suggestion": suggestion, "code": type(error).__name__}
    message = getattr(error, "message", None)
    if isinstance(message, str):
        return _told(error, message)
    return {
        "message": f"{type(error).__name__}: {error}",
        "suggestion": "This should not happen. Run `ship --debug ...` to see where it did.",
        "code": "Unexpected",
    }


def _misused(error: click.UsageError) -> dict[str, Any]:
    path = error.ctx.command_path if error.ctx else "ship"
    message = error.format_message().replace("'", '"')
    suggestion = None if "`ship " in message else f"`{path} --help` shows how it is used."
    return {"message": message, "suggestion": suggestion, "code": "Usage"}


def _told(error: BaseException, message: str) -> dict[str, Any]:
    """What an error of the SDK's, or of the engine's own commands, has to say."""
    facts = {
        "message": message.rstrip(),
        "suggestion": getattr(error, "suggestion", None),
        "code": getattr(error, "code", None) or type(error).__name__,
    }
    if facts["code"] == "InternalError":
        facts["requestId"] = getattr(error, "request_id", None)
    return facts
