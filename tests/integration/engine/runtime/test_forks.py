"""What Python's own modules do at a fork is done at an author's, and left out at a birth."""

from __future__ import annotations

_FORKS = """
import logging, os, random, threading

from steamship.invocable import PackageService, post

random.seed(1)
LOCK = threading.Lock()
TOLD = []
os.register_at_fork(after_in_child=lambda: TOLD.append(os.getpid()))


class Forks(PackageService):
    @post("born")
    def born(self) -> dict:
        return {"random": random.random(), "told": TOLD, "pid": os.getpid(), "threads": threading.active_count()}

    @post("fork")
    def fork(self) -> dict:
        lock = logging.getLogger().handlers[0].lock
        reading, writing = os.pipe()
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with lock:
                held.set()
                done.wait()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        pid = os.fork()
        if pid == 0:
            # The lock that a thread of the parent's holds was made anew, and of its threads none is known.
            free = lock.acquire(blocking=False) and threading.active_count() == 1
            os.write(writing, f"{int(free)} {random.random()}".encode())
            os._exit(0)
        done.set()
        holder.join()
        os.waitpid(pid, 0)
        free, drawn = os.read(reading, 100).split()
        return {"free": int(free), "child": float(drawn), "own": random.random()}
"""


def test_every_birth_draws_its_own_numbers_and_tells_the_authors_handlers(nurse):
    """Two workers of a seeded import draw differently; a handler that the author registered is told of each birth."""

    async def work(n):
        version = n.version("hoards", {"api.py": _FORKS})
        told = [await (await n.grown(version)).call("/born") for _ in range(2)]
        assert told[0]["random"] != told[1]["random"]
        assert [facts["told"] for facts in told] == [[facts["pid"]] for facts in told]

    nurse(work)


def test_an_authors_fork_is_done_as_python_does_it(nurse):
    """In a process that a worker forks the locks of logging are free, one thread is known, and numbers are its own."""

    async def work(n):
        worker = await n.grown(n.version("hoards", {"api.py": _FORKS}))
        facts = await worker.call("/fork")
        assert facts["free"] == 1
        assert facts["child"] != facts["own"]

    nurse(work)
