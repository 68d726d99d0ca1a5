"""What callers see of an instance while versions are deployed and instances deleted around them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import httpx

from tests.acceptance.conftest import StartEngine
from tests.packages import zipped
from tests.services.deploying import Api
from tests.services.engine import EngineProcess

CALLERS = 8

VERSIONED = """
import os, time, uuid
from steamship.invocable import PackageService, post

class Versioned(PackageService):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.made = uuid.uuid4().hex

    @post("who")
    def who(self) -> dict:
        return {{"version": {version!r}, "made": self.made, "pid": os.getpid()}}

    @post("pause")
    def pause(self) -> str:
        time.sleep(0.05)
        return "done"
"""


def source(version: str) -> bytes:
    return zipped({"api.py": VERSIONED.format(version=version), "requirements.txt": ""})


def made(api: Api, engine: EngineProcess, package: str, handle: str) -> tuple[str, dict[str, Any]]:
    """A new instance's address, and the instance."""
    instance = api("package/instance/create", {"packageHandle": package, "handle": handle})["packageInstance"]
    return instance["invocationURL"], instance


class Callers:
    """Threads that call an address until they are told to stop; what they were answered."""

    def __init__(self, url: str, key: str, method: str = "who") -> None:
        self.answers: list[httpx.Response] = []
        self.last: dict[int, int] = {}
        self.broken: list[Exception] = []
        self._url, self._key, self._stop = f"{url.rstrip('/')}/{method}", key, threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def _call(self) -> None:
        headers = {"authorization": f"Bearer {self._key}"}
        with httpx.Client(headers=headers, timeout=60, trust_env=False) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post(self._url, json={})
                except httpx.HTTPError as error:
                    self.broken.append(error)
                    return
                self.answers.append(answer)
                self.last[threading.get_ident()] = answer.status_code

    def await_answers(self, more: int) -> None:
        """Wait until so many more calls are answered."""
        enough, ends = len(self.answers) + more, time.monotonic() + 60
        while len(self.answers) < enough:
            assert time.monotonic() < ends
            time.sleep(0.01)

    def await_status(self, status: int) -> None:
        """Wait until that is everybody's last answer."""
        ends = time.monotonic() + 60
        while list(self.last.values()) != [status] * CALLERS:
            assert time.monotonic() < ends
            time.sleep(0.01)

    def end(self) -> Counter[int]:
        """Stop, and count the answers by status."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert not self.broken
        return Counter(answer.status_code for answer in self.answers)


def test_a_hundred_first_calls_make_one_object(start_engine: StartEngine) -> None:
    """A hundred first calls at the same moment are all answered, by one object in one process."""
    engine = start_engine()
    api = Api(engine.api_base, engine.key)
    api.deploy("versioned", source("1"), version="1.0.0")
    url, _ = made(api, engine, "versioned", "one")
    together = threading.Barrier(100)
    answers: list[httpx.Response] = []

    def call() -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            together.wait()
            answers.append(
                client.post(f"{url}who", json={}, headers={"authorization": f"Bearer {engine.key}"})
            )

    threads = [threading.Thread(target=call) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(answer.status_code for answer in answers) == {200: 100}
    assert len({answer.json()["made"] for answer in answers}) == 1
    api.close()


def test_deploying_during_traffic_fails_no_call(start_engine: StartEngine) -> None:
    """While versions are deployed, every call of an instance is answered, by its own version."""
    engine = start_engine()
    api = Api(engine.api_base, engine.key)
    api.deploy("versioned", source("1"), version="1.0.0")
    url, _ = made(api, engine, "versioned", "one")
    callers = Callers(url, engine.key)
    for number in range(2, 5):
        api.deploy("versioned", source(str(number)), version=f"{number}.0.0")
        callers.await_answers(2 * CALLERS)
    new, _ = made(api, engine, "versioned", "two")
    answer = httpx.post(
        f"{new}who", json={}, headers={"authorization": f"Bearer {engine.key}"}, trust_env=False, timeout=60
    )
    assert answer.json()["version"] == "4"
    assert callers.end().keys() == {200}
    assert {answer.json()["version"] for answer in callers.answers} == {"1"}
    api.close()


def test_deleting_during_traffic_is_clean(start_engine: StartEngine) -> None:
    """Each call of an instance that is deleted meanwhile is answered or not found, and nothing wakes it again."""
    engine = start_engine()
    api = Api(engine.api_base, engine.key)
    api.deploy("versioned", source("1"), version="1.0.0")
    for round_ in range(5):
        url, instance = made(api, engine, "versioned", f"one-{round_}")
        callers = Callers(url, engine.key, "pause")
        callers.await_answers(2 * CALLERS)
        api("package/instance/delete", {"id": instance["id"]})
        callers.await_status(404)
        callers.await_answers(2 * CALLERS)
        counted = callers.end()
        assert counted.keys() == {200, 404}, [
            answer.text for answer in callers.answers if answer.status_code not in (200, 404)
        ][:3]
        assert set(callers.last.values()) == {404}
    api.close()
