"""What a command prints on stdout: tables and JSON, plain where no person reads them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click


def print_json(value: Any) -> None:
    """JSON: indented on a terminal, on one line elsewhere."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(value, ensure_ascii=False, indent=indent))


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    """Columns, two blanks apart; a value that is missing is a dash."""
    texts = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(head), *(len(row[i]) for row in texts)]) for i, head in enumerate(heads)]
    click.echo(click.style(_line(heads, widths), bold=True))
    for row in texts:
        click.echo(_line(row, widths))


def print_facts(facts: Sequence[tuple[str, str | None]]) -> None:
    """Names and values, one a line; those without a value are left out."""
    told = [(name, value) for name, value in facts if value]
    width = max((len(name) for name, _ in told), default=0)
    for name, value in told:
        click.echo(f"{click.style(name.ljust(width), bold=True)}  {_cell(value)}")


def remark(text: str) -> None:
    """A word beside the result, on stderr."""
    click.echo(text, err=True)


def size(count: int) -> str:
    """Bytes for people, such as `1.4 MiB`."""
    if count < 1024:
        return f"{count} B"
    for unit, bytes_each in (("KiB", 1024), ("MiB", 1024**2)):
        if count < bytes_each * 1024:
            return f"{count / bytes_each:.1f} {unit}"
    return f"{count / 1024**3:.1f} GiB"


def _cell(value: str | None) -> str:
    """One line of text without control characters: it may be another user's."""
    text = " ".join(str(value).split()) if value is not None else ""
    return "".join(c for c in text if c.isprintable()) or "-"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
