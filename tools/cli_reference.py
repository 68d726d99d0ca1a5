"""Writes docs/reference/cli.md from the commands themselves: `python -m tools.cli_reference`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import click

from steamship.cli.main import COMMANDS, ENGINE_COMMANDS, ship
from tools.stamps import ROOT

PAGE = ROOT / "docs" / "reference" / "cli.md"

_HEAD = """# The `ship` command

<!-- Written by `python -m tools.cli_reference`; change the commands, not this page. -->

`pip install steamship` brings the command. `ship serve`, `ship admin` and `ship doctor` come with the engine: `pip install steamship-engine`.

Every command answers `--help`. What holds for all of them:

- **Output.** Results go to stdout, everything else to stderr. With `--json` stdout is one JSON value: an object, or an array for a list, of the
  objects that the API answers. Where stdout is no terminal, or `NO_COLOR` is set, there are no colours.
- **Failures.** A message, then what helps, on stderr; with `--json` one object `{"error": {"message", "suggestion", "code"}}`. A traceback is shown only
  with `--debug`, or when it is of the package's own code.
- **Exit codes.** 0 done; 1 failed; 2 wrong usage, or an answer is missing that nobody is there to give; 130 interrupted by Ctrl-C.
- **Questions** are asked on a terminal only, and never with `--yes`.
- **Key and engine** come from `STEAMSHIP_API_KEY`, `STEAMSHIP_API_BASE` and the like, else from `~/.steamship.json`, where `ship login` keeps them;
  `--profile` or `STEAMSHIP_PROFILE` chooses a profile there.

These stand before a command or, the last three, after it:
"""


# Told once, at the top.
_EVERYWHERE = frozenset({"--profile", "--debug", "--help"})


def reference() -> str:
    """The page's text."""
    context = click.Context(ship, info_name="ship", **ship.context_settings)
    sections: list[str] = []
    known: dict[int, str] = {}
    for name in [*COMMANDS, *ENGINE_COMMANDS]:
        first = known.setdefault(id(ship.get_command(context, name)), name)
        sections += _sections(name, context) if first == name else _alias(name, first)
    return "\n".join([_HEAD, *_options(ship, context), *sections])


def _alias(name: str, first: str) -> Iterator[str]:
    """Another name of a command that has its part already."""
    yield f"\n## ship {name}\n"
    yield f"The same as [`ship {first}`](#ship-{first}).\n"


def _sections(name: str, parent: click.Context) -> Iterator[str]:
    """A command's part, and those of its subcommands."""
    assert isinstance(parent.command, click.Group)
    command = parent.command.get_command(parent, name)
    assert command is not None, f"the command {name} cannot be loaded"
    context = click.Context(command, info_name=name, parent=parent)
    subcommands = command.list_commands(context) if isinstance(command, click.Group) else []
    if not isinstance(command, click.Group) or command.invoke_without_command:
        usage = " ".join(command.collect_usage_pieces(context))
        yield f"\n## {context.command_path}\n"
        yield f"```\n{context.command_path} {usage}\n```\n"
        yield from _prose(command.help or "")
        yield from _options(command, context)
        yield from _prose(command.epilog or "")
    for sub in subcommands:
        yield from _sections(sub, context)


def _prose(text: str) -> Iterator[str]:
    """Paragraphs; one that click is told to leave alone is a block of code, its first line apart if not indented."""
    for paragraph in text.split("\n\n"):
        if not paragraph.strip():
            continue
        if paragraph.startswith("\b"):
            lines = paragraph.lstrip("\b\n").splitlines()
            heads = [line for line in lines if not line.startswith(" ")]
            code = textwrap.dedent("\n".join(line for line in lines if line.startswith(" ")))
            yield from (f"{head}\n" for head in heads)
            yield f"```\n{code}\n```\n"
        else:
            yield f"{' '.join(paragraph.split())}\n"


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    rows = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and (context.parent is None or _EVERYWHERE.isdisjoint(parameter.opts))
        and (record := parameter.get_help_record(context))
    ]
    if not rows:
        return
    yield "| option | |\n|---|---|"
    for names, about in rows:
        yield f"| `{names}` | {re.sub(r'  +', ' ', about).replace('|', chr(92) + '|')} |"
    yield ""


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference())


if __name__ == "__main__":
    main()
