"""The users of this machine that a zygote's workers have."""

from __future__ import annotations

import socket

from steamship_engine.runtime.launcher.lives import Worker, Zygote
from steamship_engine.runtime.launcher.sandbox import Limits, Users

LIMITS = Limits(memory=1, cpu=1, processes=1, files=1, scratch=1)


def test_a_worker_has_a_user_that_no_sibling_has():
    """It gets the first that is free, none when all are taken, and one again when a sibling has gone."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        users = Users(1 << 30, 4)
        zygote = Zygote(1, "", LIMITS, users, control=ours)
        workers = [Worker(number, "", LIMITS, users, zygote=zygote) for number in range(4)]
        for worker in workers[:3]:
            assert worker.take_user()
            zygote.workers[100 + worker.number] = worker
        assert [worker.user for worker in workers] == [1, 2, 3, 0]
        assert not workers[3].take_user()
        del zygote.workers[101]
        assert workers[3].take_user()
        assert workers[3].user == 2
