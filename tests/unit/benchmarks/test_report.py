"""What a run prints."""

from __future__ import annotations

import pytest
from benchmarks.figures import Spread
from benchmarks.report import Section, Table, duration, markdown, size, spread, spread_of_times


def test_a_table_is_aligned_markdown():
    """The first column is left-aligned, the others right, each as wide as its widest cell."""
    table = Table(["", "calls/s"], [["ours", "10,000"], ["a peer", "9"]], "one core")
    assert table.markdown().splitlines() == [
        "**one core**",
        "",
        "|        | calls/s |",
        "| ------ | ------: |",
        "| ours   |  10,000 |",
        "| a peer |       9 |",
    ]


def test_a_row_that_does_not_fit_is_refused():
    """A row needs a cell for each head."""
    with pytest.raises(ValueError, match="1 cells under 2 heads"):
        Table(["a", "b"], [["1"]]).markdown()


def test_a_report_has_notes_before_tables():
    """Each section is its title, its notes, its tables, with a blank line between."""
    sections = [Section("Warm", ["One core."], [Table(["x"], [["1"]])]), Section("Wakes")]
    assert markdown(sections) == "## Warm\n\nOne core.\n\n| x   |\n| --- |\n| 1   |\n\n## Wakes\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.000_25, "250 us"), (0.0125, "12.50 ms"), (0.001, "1.00 ms"), (2.5, "2.50 s")]
)
def test_times_have_the_unit_that_reads_well(seconds, text):
    """Microseconds, milliseconds or seconds, by size."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(2_500_000, "2.50 MB"), (512, "0.5 kB"), (-3_000_000, "-3.00 MB")]
)
def test_sizes_are_megabytes(amount, text):
    """Bytes as MB of 10^6, few as kB."""
    assert size(amount) == text


def test_one_repeat_has_no_spread():
    """The extremes stand there only where there is more than one repeat."""
    assert spread(Spread(0.5, 0.4, 0.6, 3)) == "0.50 (0.40-0.60)"
    assert spread(Spread(12_345, 12_000, 13_000, 2)) == "12,345 (12,000-13,000)"
    assert spread(Spread(1.5, 1.5, 1.5, 1), "x") == "1.50x"
    assert spread_of_times(Spread(0.002, 0.001, 0.003, 2)) == "2.00 ms (1.00 ms-3.00 ms)"
    assert spread_of_times(Spread(0.002, 0.002, 0.002, 1)) == "2.00 ms"
