"""Nested values out of flat names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.api.nesting import nested
from steamship_engine.model.errors import InvalidRequestError


def test_lists_and_objects_come_back() -> None:
    """Names with numbers from 0 on become lists, others objects, at every level."""
    fields = {
        "handle": "x",
        "tags[0][kind]": "a",
        "tags[0][value][deep][0]": "b",
        "tags[1][kind]": "c",
        "odd[1]": "d",
        "empty[]": "e",
    }
    assert nested(fields, 10) == {
        "handle": "x",
        "tags": [{"kind": "a", "value": {"deep": ["b"]}}, {"kind": "c"}],
        "odd": {"1": "d"},
        "empty": {"": "e"},
    }


def test_more_than_ten_elements_keep_their_order() -> None:
    """Indexes are ordered as numbers, not as text."""
    assert nested({f"a[{index}]": str(index) for index in range(12)}, 3) == {
        "a": [str(index) for index in range(12)]
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"a": "1", "a[b]": "2"},
        {"a[b]": "2", "a": "1"},
        {"a[b][c]": "2", "a[b]": "1"},
        {"a[": "1"},
        {"[a]": "1"},
        {"a]b": "1"},
        {"a[b]c": "1"},
        {"": "1"},
        {"a" + "[b]" * 10: "1"},
    ],
)
def test_contradictions_and_bad_names_are_refused(fields: dict[str, str]) -> None:
    """A name that is no name, is too deep, or contradicts another gives InvalidRequestError."""
    with pytest.raises(InvalidRequestError):
        nested(fields, 10)


def _flat(name: str, value: object) -> dict[str, str]:
    if isinstance(value, str):
        return {name: value}
    children = enumerate(value) if isinstance(value, list) else value.items()  # type: ignore[attr-defined]
    return {key: text for step, child in children for key, text in _flat(f"{name}[{step}]", child).items()}


_NAMES = st.text("abcxyz_", min_size=1, max_size=4)
_VALUES = st.recursive(
    st.text(max_size=5),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(_NAMES, _VALUES))
def test_flattening_is_undone(value: dict[str, object]) -> None:
    """What the original clients flatten comes back as it was."""
    fields: dict[str, str] = {}
    for name, child in value.items():
        fields |= _flat(name, child)
    assert nested(fields, 100) == value
