"""Tags in the database."""

from __future__ import annotations

from steamship_engine.control.ground import Ground
from steamship_engine.store import tags


def test_any_number_of_files_can_be_asked_about(ground: Ground) -> None:
    """More files than one query may name values are asked about in portions."""
    with ground.database.read() as connection:
        assert tags.of_files(connection, [f"file {number}" for number in range(260_000)]) == {}
