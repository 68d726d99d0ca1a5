"""Ids: their form, and that each is another."""

from __future__ import annotations

import uuid

from steamship_engine.model.identifiers import id_of, is_id, new_call_id, new_id


def test_an_id_is_a_random_uuid_in_upper_case() -> None:
    """Every id has the form that the original clients look for, and version and variant of a random UUID."""
    ids = [new_id() for _ in range(500)]
    assert len(set(ids)) == 500
    for made in ids:
        assert is_id(made)
        assert (uuid.UUID(made).version, uuid.UUID(made).variant) == (4, uuid.RFC_4122)
    assert {made[19] for made in ids} == set("89AB")


def test_an_id_can_be_kept_as_its_bits() -> None:
    """The same id comes back out of its 16 bytes."""
    made = new_id()
    assert id_of(uuid.UUID(made).bytes) == made


def test_no_two_calls_have_one_id() -> None:
    """Ids of calls are 16 hexadecimal digits, each another."""
    ids = [new_call_id() for _ in range(500)]
    assert len(set(ids)) == 500
    assert all(len(made) == 16 and int(made, 16) >= 0 for made in ids)
