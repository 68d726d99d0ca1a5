"""Handles, by every noun's grammar. An input is the handle as UTF-8, half surrogates too."""

from __future__ import annotations

from hypothesis import strategies as st

from steamship_engine.model import handles
from steamship_engine.model.errors import InvalidHandleError
from tests.fuzzing.inputs import texts
from tests.fuzzing.target import Target, check_words

_GRAMMARS = [
    handles.USER,
    handles.PACKAGE,
    handles.VERSION,
    handles.WORKSPACE,
    handles.INSTANCE,
    handles.FILE,
]


def check(data: bytes) -> None:
    """The handle itself, fit to be one segment of a path and to be stored, or a refusal that can be told."""
    try:
        handle = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        handle = data.decode("latin-1")
    for grammar in _GRAMMARS:
        try:
            taken = grammar.check(handle)
        except InvalidHandleError as error:
            check_words(error.message, error.suggestion)
            continue
        assert taken == handle
        assert handle.encode("utf-8")
        assert not set(handle) & set("/\\\0\r\n")
        assert handle not in {"", ".", ".."}
        assert handles.folded(handle) == handles.folded(handles.folded(handle))


_near = st.text(st.sampled_from("abzAZ09-_.+/\\@ é\u0130\u2028\ud800\n\0"), max_size=140)
_inputs = st.one_of(_near, texts).map(lambda text: text.encode("utf-8", "surrogatepass"))

TARGET = Target("handles", check, _inputs, (handles,))
