"""What a run prints: Markdown tables, each number in a unit that reads well. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.figures import Spread

NOT_RUN = "not run"


@dataclass
class Section:
    """One part's result: tables for people, figures for the JSON file, and what a reader should know."""

    title: str
    notes: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Rows of text under heads; the first column is left-aligned, the others right."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    def markdown(self) -> str:
        """Aligned, so that it reads well in a terminal too."""
        for row in self.rows:
            if len(row) != len(self.heads):
                raise ValueError(f"a row has {len(row)} cells under {len(self.heads)} heads: {list(row)}")
        widths = [
            max(3, *(len(row[column]) for row in (self.heads, *self.rows)))
            for column in range(len(self.heads))
        ]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        lines = [_line(self.heads, widths), _line(rule, widths)]
        lines += [_line(row, widths) for row in self.rows]
        caption = [f"**{self.caption}**", ""] if self.caption else []
        return "\n".join([*caption, *lines])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return f"| {' | '.join([first, *rest])} |"


def markdown(sections: Iterable[Section]) -> str:
    """The whole report."""
    blocks: list[str] = []
    for section in sections:
        blocks.append(f"## {section.title}")
        blocks += section.notes
        blocks += [table.markdown() for table in section.tables]
    return "\n\n".join(blocks) + "\n"


def duration(seconds: float) -> str:
    """A time in the unit in which it has one to three digits before the point."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} us"
    if seconds < 1:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds:.2f} s"


def size(amount: float) -> str:
    """Bytes as MB (10^6), or kB where they are few."""
    return f"{amount / 1e6:.2f} MB" if abs(amount) >= 1e5 else f"{amount / 1e3:.1f} kB"


def spread(value: Spread, unit: str = "") -> str:
    """A ratio or a count with its repeats' extremes."""
    digits = 2 if value.median < 100 else 0
    numbers = f"{value.median:,.{digits}f}{unit}"
    if value.repeats == 1:
        return numbers
    return f"{numbers} ({value.low:,.{digits}f}-{value.high:,.{digits}f})"


def spread_of_times(value: Spread) -> str:
    """A time with its repeats' extremes."""
    if value.repeats == 1:
        return duration(value.median)
    return f"{duration(value.median)} ({duration(value.low)}-{duration(value.high)})"
