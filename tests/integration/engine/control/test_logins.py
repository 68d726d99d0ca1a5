"""Logins by the approve page: once, within their time, with a user's key, and nothing at rest that opens anything."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, update

from steamship_engine.control import identity, keys, logins, users
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.logins import Polled, Progress
from steamship_engine.model.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
from steamship_engine.model.limits import LoginLimits
from steamship_engine.store import schema
from steamship_engine.store.columns import now
from steamship_engine.store.rows import Paging
from tests.services.grounds import add_workspace


@pytest.fixture
def key(ground: Ground, alice: Actor) -> str:
    """A key of Alice's."""
    return keys.create(ground, alice, name="laptop").secret


def _attempts(ground: Ground) -> int:
    with ground.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(schema.login_attempts)) or 0


def _expire(ground: Ground) -> None:
    with ground.database.begin() as connection:
        connection.execute(update(schema.login_attempts).values(expires_at=now() - timedelta(seconds=1)))


def test_an_approved_login_gets_a_key_once(ground: Ground, alice: Actor, key: str) -> None:
    """The client waits until a user's key approves it, then gets a key named after it, in one answer only."""
    token = logins.begin(ground)
    assert logins.poll(ground, token) == Polled(Progress.WAITING)
    assert logins.approve(ground, token, key, "pycli 0.0.1") == "alice"
    done = logins.poll(ground, token)
    assert done.progress is Progress.DONE
    assert identity.authenticate(ground, done.key).user_id == alice.user_id
    assert done.key != key
    named = [made.name for made in keys.listed(ground, alice, Paging(10)).items]
    assert named[0] == "pycli 0.0.1"
    assert logins.poll(ground, token) == Polled(Progress.ENDED)
    assert _attempts(ground) == 0


def test_two_polls_at_once_get_one_key(ground: Ground, alice: Actor, key: str) -> None:
    """Of polls that arrive together one gets the key, and one key is made."""
    token = logins.begin(ground)
    logins.approve(ground, token, key, "pycli")
    before = len(keys.listed(ground, alice, Paging(50)).items)
    together, answers = Barrier(4), []

    def poll() -> None:
        together.wait()
        answers.append(logins.poll(ground, token).progress)

    threads = [Thread(target=poll) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [Progress.DONE, *[Progress.ENDED] * 3]
    assert len(keys.listed(ground, alice, Paging(50)).items) == before + 1


def test_no_second_approval(ground: Ground, key: str) -> None:
    """An attempt that somebody approved is nobody else's to approve."""
    bobs = users.create(ground.database, "carol", many_users=True)[1]
    token = logins.begin(ground)
    logins.approve(ground, token, key, "pycli")
    with pytest.raises(ConflictError, match="approved already"):
        logins.approve(ground, token, bobs, "pycli")
    with pytest.raises(ConflictError, match="approved already"):
        logins.pending(ground, token)


def test_an_attempt_expires(ground: Ground, key: str) -> None:
    """After its time an attempt is neither approved nor, if it was, fetched, and the next one sweeps it away."""
    waiting, approved = logins.begin(ground), logins.begin(ground)
    logins.approve(ground, approved, key, "pycli")
    assert (
        timedelta(seconds=290) < logins.pending(ground, waiting).expires_at - now() < timedelta(seconds=301)
    )
    _expire(ground)
    with pytest.raises(NotFoundError, match="over"):
        logins.approve(ground, waiting, key, "pycli")
    assert logins.poll(ground, waiting) == logins.poll(ground, approved) == Polled(Progress.ENDED)
    logins.begin(ground)
    assert _attempts(ground) == 1


@pytest.mark.parametrize("token", ["", "unknown", "x" * 5000])
def test_an_unknown_token_is_over(ground: Ground, key: str, token: str) -> None:
    """A token that was never given out is told apart from one that is over by nobody."""
    assert logins.poll(ground, token) == Polled(Progress.ENDED)
    with pytest.raises(NotFoundError, match="over, or was never started"):
        logins.approve(ground, token, key, "pycli")


def test_only_a_users_key_approves(ground: Ground, alice: Actor, key: str) -> None:
    """Keys that are unknown, revoked or scoped approve nothing, and each counts."""
    token = logins.begin(ground)
    revoked = keys.create(ground, alice, name="revoked")
    keys.revoke(ground, alice, revoked.key.id)
    add_workspace(ground, alice, "space")
    scoped = keys.create(ground, alice, name="scoped", workspace_handle="space").secret
    for wrong in ("", "nonsense", revoked.secret):
        with pytest.raises(AuthenticationError):
            logins.approve(ground, token, wrong, "pycli")
    with pytest.raises(ForbiddenError, match="one workspace or instance only"):
        logins.approve(ground, token, scoped, "pycli")
    assert logins.poll(ground, token) == Polled(Progress.WAITING)
    with pytest.raises(AuthenticationError):
        logins.approve(ground, token, "nonsense", "pycli")
    with pytest.raises(NotFoundError):
        logins.approve(ground, token, key, "pycli")
    assert logins.poll(ground, token) == Polled(Progress.ENDED)


def test_a_key_revoked_meanwhile_approves_nothing(ground: Ground, alice: Actor, key: str) -> None:
    """Where the approving key ends before the client has fetched its own, there is none."""
    token = logins.begin(ground)
    logins.approve(ground, token, key, "pycli")
    keys.revoke(ground, alice, identity.authenticate(ground, key).key_id)
    assert logins.poll(ground, token) == Polled(Progress.ENDED)


def test_the_oldest_make_room(ground: Ground, key: str) -> None:
    """Above the limit the oldest attempts end, but not those that somebody has approved."""
    limits = LoginLimits(attempts=3)
    first, *rest = [logins.begin(ground, limits) for _ in range(3)]
    logins.approve(ground, first, key, "pycli", limits)
    rest += [logins.begin(ground, limits) for _ in range(2)]
    progress = [logins.poll(ground, token).progress for token in rest]
    assert progress == [Progress.ENDED, *[Progress.WAITING] * 3]
    assert logins.poll(ground, first).progress is Progress.DONE


def test_nothing_at_rest_opens_anything(ground: Ground, key: str) -> None:
    """The row holds neither the token nor a key, before and after the approval."""
    token = logins.begin(ground)
    logins.approve(ground, token, key, "pycli")
    with ground.database.read() as connection:
        row = connection.execute(select(schema.login_attempts)).one()
    kept = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert token.encode() not in kept
    assert b"ship_" not in kept


@pytest.mark.parametrize("name", ["", " ", "a\nb", "<b>", "x" * 61, "two  blanks", "é"])
def test_a_client_has_a_plain_name(ground: Ground, key: str, name: str) -> None:
    """What a client calls itself is shown to a person and names a key, so it is short and plain."""
    with pytest.raises(InvalidRequestError, match="not a client's name"):
        logins.approve(ground, logins.begin(ground), key, name)


def test_the_code_tells_attempts_apart(ground: Ground) -> None:
    """Two attempts have two codes, and a code is not a part of its token."""
    one, two = logins.begin(ground), logins.begin(ground)
    assert logins.pending(ground, one).code == logins.code_of(one) != logins.code_of(two)
    assert len(logins.code_of(one)) == 9
    assert logins.code_of(one).replace("-", "").lower() not in one.lower()
