"""What a run is asked to do."""

from __future__ import annotations

import pytest
from benchmarks import contenders
from benchmarks.cores import all_cores, one_core
from benchmarks.servers import read_answer


def test_all_peers_unless_some_are_named():
    """Without a list all peers run; a list gives those it names, in its order."""
    assert contenders.chosen(None) == list(contenders.PEERS)
    assert [peer.name for peer in contenders.chosen("ray, asgi")] == ["ray", "asgi"]


def test_a_quick_run_has_the_peers_that_targets_are_about():
    """Bare ASGI and FastAPI alone, unless others are named."""
    assert [peer.name for peer in contenders.chosen(None, quick=True)] == ["asgi", "fastapi", "fastapi-def"]
    assert [peer.name for peer in contenders.chosen("ray", quick=True)] == ["ray"]


def test_an_unknown_peer_is_named():
    """A peer that there is none of is quoted, with those that there are."""
    with pytest.raises(ValueError, match='no peer is called "flask"; there are asgi, fastapi'):
        contenders.chosen("flask")


def test_every_peer_has_its_lock():
    """Each peer's lock pins the distribution that the table names."""
    assert all(contenders.version(peer)[0].isdecimal() for peer in contenders.PEERS)


def test_server_and_load_have_a_core_each():
    """On one core's budget the server gets one core and what loads it another; one alone is refused."""
    cores = one_core([2, 3, 5])
    assert (cores.server, cores.caller) == ((2,), (3,))
    assert all_cores([2, 3]).server == all_cores([2, 3]).caller == (2, 3)
    with pytest.raises(ValueError, match="a core each"):
        one_core([0])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Hello, you!", "Hello, you!"),
        ('"Hello, Zo\\u00eb!"', "Hello, Zoë!"),
        ('"Hello', '"Hello'),
        ("", ""),
    ],
)
def test_a_greeting_may_be_text_or_json(text, answer):
    """Peers answer in plain text or with a JSON string; both are the same greeting."""
    assert read_answer(text) == answer
