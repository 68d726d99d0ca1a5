"""A request as the gateway reads it."""

from __future__ import annotations

from typing import Any

import pytest

from steamship_engine.gateway.inbound import Inbound
from steamship_engine.model.errors import InvalidRequestError


def _inbound(authorization: str | None) -> Inbound:
    headers = [] if authorization is None else [(b"authorization", authorization.encode())]
    scope: dict[str, Any] = {"method": "GET", "query_string": b"", "path": "/", "headers": headers}
    return Inbound(scope, None)


@pytest.mark.parametrize(
    ("authorization", "key"),
    [(None, None), ("", None), ("Bearer secret-key", "secret-key"), ("bearer  secret-key ", "secret-key")],
)
def test_a_key_is_read(authorization: str | None, key: str | None) -> None:
    """The scheme may be in any case; without a header there is no key."""
    assert _inbound(authorization).bearer() == key


@pytest.mark.parametrize("authorization", ["secret-key", "Basic secret-key", "Bearer", "Bearer  "])
def test_what_is_no_bearer_key_is_refused_unquoted(authorization: str) -> None:
    """The refusal says what to send, and repeats nothing of the header: a bare key may stand in it."""
    with pytest.raises(InvalidRequestError) as raised:
        _inbound(authorization).bearer()
    assert "Bearer {key}" in str(raised.value.suggestion)
    assert "secret-key" not in raised.value.message
