"""What an original package's handler replied. An input is that reply as JSON."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from steamship_engine.runtime.child import original_kinds, original_replies, replies
from tests.fuzzing.inputs import as_json, texts, values
from tests.fuzzing.target import Target, check_words


def check(data: bytes) -> None:
    """An answer whose header the engine takes, or the word that it is none."""
    try:
        reply = json.loads(data)
    except (ValueError, RecursionError):
        return
    kinds = original_kinds.of_spec(reply)
    for named in kinds.values():
        original_kinds.typed(dict.fromkeys(named, "1e999"), set(named), named)
    try:
        answer = original_replies.read(reply, "POST", "/a", [], "/code")
    except original_replies.WrongReply as error:
        check_words(str(error))
        return
    assert isinstance(answer.body, bytes)
    assert 200 <= answer.status <= 599
    if answer.error is None:
        try:
            packed = replies.packed_success(answer.status, answer.headers)
        except ValueError as error:
            check_words(str(error))
            return
    else:
        packed = replies.packed(replies.failed(answer.status, **answer.error))
    json.loads(b"{" + packed)


_status = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["failed", "succeeded", "running"]) | values,
        "statusMessage": values,
        "statusSuggestion": values,
        "statusCode": values,
    },
)
_http = st.fixed_dictionaries(
    {},
    optional={
        "status": st.integers(0, 700) | values,
        "headers": st.dictionaries(texts | st.just("Content-Type"), texts | values, max_size=3) | values,
        "base64Wrapped": st.booleans(),
    },
)
_replies = st.fixed_dictionaries(
    {}, optional={"status": _status | values, "http": _http | values, "data": values | st.just("AA==")}
)
_argument = st.fixed_dictionaries(
    {
        "name": texts,
        "kind": st.sampled_from(["<class 'int'>", "typing.Optional[float]", "<class 'bool'>"]) | values,
    }
)
_method = st.fixed_dictionaries(
    {"verb": texts, "path": texts, "args": st.lists(_argument, max_size=3) | values}
)
_specs = st.fixed_dictionaries({"methods": st.lists(_method | values, max_size=3) | values})

TARGET = Target(
    "original_replies",
    check,
    st.builds(as_json, _replies | _specs | values),
    (original_kinds, original_replies),
)
