"""One internet for all tests of the proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.internet import Internet, internet


@pytest.fixture(scope="session")
def _internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Internet]:
    with internet(tmp_path_factory.mktemp("internet")) as made:
        yield made


@pytest.fixture
def net(_internet: Internet) -> Internet:
    """The internet, which has told all that came before."""
    _internet.told()
    return _internet
