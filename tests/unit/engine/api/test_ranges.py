"""Conditional and partial answers."""

from __future__ import annotations

import pytest

from steamship_engine.api.ranges import Part, part


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, Part(200, 0, 10)),
        ({"range": "bytes=0-3"}, Part(206, 0, 4)),
        ({"range": "bytes=4-"}, Part(206, 4, 10)),
        ({"range": "bytes=-3"}, Part(206, 7, 10)),
        ({"range": "bytes=-99"}, Part(206, 0, 10)),
        ({"range": "bytes=8-99"}, Part(206, 8, 10)),
        ({"range": "bytes=10-"}, Part(416, 0, 0)),
        ({"range": "bytes=-0"}, Part(416, 0, 0)),
        ({"range": "bytes=-"}, Part(200, 0, 10)),
        ({"range": "bytes=5-2"}, Part(200, 0, 10)),
        ({"range": "bytes=0-1,4-5"}, Part(200, 0, 10)),
        ({"range": "lines=1-2"}, Part(200, 0, 10)),
        ({"range": "bytes=0-3", "if-range": '"e"'}, Part(206, 0, 4)),
        ({"range": "bytes=0-3", "if-range": '"old"'}, Part(200, 0, 10)),
        ({"if-none-match": '"e"'}, Part(304, 0, 0)),
        ({"if-none-match": '"x", W/"e"'}, Part(304, 0, 0)),
        ({"if-none-match": "*"}, Part(304, 0, 0)),
        ({"if-none-match": '"x"', "range": "bytes=1-1"}, Part(206, 1, 2)),
    ],
)
def test_part(conditions, expected):
    """The headers of a request choose everything, one part, or nothing."""
    assert part(conditions, '"e"', 10) == expected


def test_an_empty_file_has_no_parts():
    """Every range of an empty file is unsatisfiable."""
    assert part({"range": "bytes=0-"}, '"empty"', 0) == Part(416, 0, 0)
