"""CSV tables: reading them, and telling what is in them."""

import csv
import io
import statistics
from collections import Counter
from dataclasses import dataclass

_GAPS = {"", "NA", "N/A", "NaN", "null"}


class TableError(ValueError):
    """A table that cannot be read, or a column that it does not have."""


@dataclass(frozen=True)
class Table:
    """Columns by name, each a list of texts; None where the table has a gap."""

    columns: dict[str, list[str | None]]
    rows: int

    @classmethod
    def parse(cls, text: str) -> "Table":
        """The table in a CSV text whose first line names the columns."""
        lines = [line for line in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if line]
        if len(lines) < 2:
            raise TableError("The CSV has no rows below its header line.")
        header, *rows = lines
        if len(set(header)) < len(header):
            raise TableError("Two columns of the CSV have the same name.")
        for number, row in enumerate(rows, 2):
            if len(row) != len(header):
                raise TableError(
                    f"Line {number} of the CSV has {len(row)} fields, its header has {len(header)}."
                )
        columns = {
            name: [None if row[i].strip() in _GAPS else row[i].strip() for row in rows]
            for i, name in enumerate(header)
        }
        return cls(columns, len(rows))

    def summary(self) -> dict:
        """`{rows, columns: {name: {...}}}`."""
        return {
            "rows": self.rows,
            "columns": {name: _describe(values) for name, values in self.columns.items()},
        }

    def numbers(self, column: str, by: str | None) -> dict[str, list[float]]:
        """The numbers of a column, grouped by the values of another, or all under its own name."""
        values = self._column(column)
        if not _is_numeric(values):
            raise TableError(f'The column "{column}" does not hold numbers.')
        labels = [column] * self.rows if by is None else self._column(by)
        groups: dict[str, list[float]] = {}
        for label, value in zip(labels, values, strict=True):
            if label is not None and value is not None:
                groups.setdefault(label, []).append(float(value))
        return dict(sorted(groups.items()))

    def _column(self, name: str) -> list[str | None]:
        if name not in self.columns:
            raise TableError(f'There is no column "{name}"; the columns are {", ".join(self.columns)}.')
        return self.columns[name]


def _is_numeric(values: list[str | None]) -> bool:
    present = [value for value in values if value is not None]
    try:
        return bool(present) and all(abs(float(value)) < float("inf") for value in present)
    except ValueError:
        return False


def _describe(values: list[str | None]) -> dict:
    present = [value for value in values if value is not None]
    facts = {"missing": len(values) - len(present)}
    if not _is_numeric(values):
        return {
            "kind": "text",
            **facts,
            "distinct": len(set(present)),
            "commonest": dict(Counter(present).most_common(5)),
        }
    numbers = [float(value) for value in present]
    return {
        "kind": "number",
        **facts,
        "least": min(numbers),
        "median": statistics.median(numbers),
        "mean": round(statistics.fmean(numbers), 4),
        "most": max(numbers),
    }
