"""What the engine reads out of a version's description of itself, hostile ones included."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.model.errors import DeployError
from steamship_engine.model.package_spec import check_spec, is_seconds, public_methods, timeouts

SPEC = {
    "methods": [
        {"verb": "get", "path": "/hello", "config": {"public": True, "timeout": 5}},
        {"verb": "POST", "path": "/hello", "config": {"public": "yes", "timeout": "5"}},
        {"verb": "POST", "path": "/__dir__", "config": None},
    ]
}

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["GET", "/a", "public"])
OPTIONS = st.dictionaries(st.sampled_from(["public", "timeout", "other"]), LEAVES)
METHODS = st.dictionaries(st.sampled_from(["verb", "path", "config"]), LEAVES | OPTIONS)
SPECS = st.dictionaries(st.sampled_from(["methods", "name"]), LEAVES | st.lists(LEAVES | METHODS, max_size=3))


def test_public_methods_and_timeouts_by_verb_and_path():
    """A method is public where it says true and nothing else; its timeout counts where it is a number."""
    check_spec(SPEC)
    assert public_methods(SPEC) == {("GET", "/hello")}
    assert timeouts(SPEC) == {("GET", "/hello"): 5.0}


@given(SPECS)
def test_any_spec_is_refused_or_usable(spec):
    """Whatever a worker says of its methods, a deploy refuses it or calls can be decided by it."""
    try:
        check_spec(spec)
    except DeployError:
        return
    assert all(isinstance(verb, str) for verb, _ in public_methods(spec))
    assert all(0 < seconds < 1e9 for seconds in timeouts(spec).values())


@pytest.mark.parametrize("value", [True, 0, -1, float("inf"), float("nan"), 10**400, "5", None])
def test_what_is_no_number_of_seconds(value):
    """Booleans, texts, infinities and what is not above zero are no seconds."""
    assert not is_seconds(value)
