"""Calls of packages in calls of packages, by every way there is."""

import base64
import json
import os
import threading
import time
import urllib.error
import urllib.request
from typing import Any

from steamship import Steamship
from steamship.base.error import SteamshipError
from steamship.invocable import PackageService, get, post
from steamship.utils.kv_store import KeyValueStore


def own_number() -> int:
    """What no other process has, whatever its namespace of processes calls it."""
    return os.stat("/proc/self/ns/pid").st_ino % 2**28 << 22 | os.getpid()


class Nests(PackageService):
    """Each method on a route calls the next one, and answers with the processes on the way."""

    @post("through")
    def through(self, route: list[str]) -> list[Any]:
        """Over plain HTTP, with the key of this call."""
        return [
            own_number(),
            *(_posted(route[0] + "through", self._key(), {"route": route[1:]}) if route else ()),
        ]

    @post("by_use")
    def by_use(self, handles: list[str]) -> list[Any]:
        """By `self.client.use`, in the instance's own workspace."""
        if not handles:
            return [own_number()]
        other = self.client.use("nests", handles[0])
        return [own_number(), *other.invoke("by_use", handles=handles[1:])]

    @post("by_other_use")
    def by_other_use(self, handles: list[str]) -> list[Any]:
        """By a client that the package makes itself."""
        if not handles:
            return [own_number()]
        config = self.client.config
        client = Steamship(
            api_key=self._key(),
            api_base=config.api_base,
            app_base=config.app_base,
            web_base=config.web_base,
            workspace=config.workspace_handle,
        )
        other = client.use("nests", handles[0])
        return [own_number(), *other.invoke("by_other_use", handles=handles[1:])]

    @post("by_task")
    def by_task(self, depth: int) -> list[Any]:
        """By a task of this instance's that is waited for."""
        if depth == 0:
            return [own_number()]
        task = self.invoke_later("by_task", arguments={"depth": depth - 1})
        task.wait(max_timeout_s=60, retry_delay_s=0.05)
        return [own_number(), *json.loads(base64.b64decode(str(task.output)))]

    @post("without_end")
    def without_end(self) -> dict[str, Any]:
        """Call itself until somebody stops it; the status that did."""
        try:
            stopped: dict[str, Any] = _posted(self._url() + "without_end", self._key(), {})
            return stopped
        except urllib.error.HTTPError as error:
            return {"http": error.code, "failed": json.loads(error.read())["status"]}

    @post("refused")
    def refused(self) -> dict[str, Any]:
        """The class of the error that a too deep call raises in the SDK."""
        try:
            self.client.use("nests", self.context.invocable_instance_handle).invoke("refused_inside", left=20)
        except SteamshipError as error:
            return {"class": type(error).__name__, "message": error.message}
        return {}

    @post("refused_inside")
    def refused_inside(self, left: int) -> int:
        """Call itself as often as `left` says."""
        if left:
            self.client.use("nests", self.context.invocable_instance_handle).invoke(
                "refused_inside", left=left - 1
            )
        return left

    @post("fetches_itself")
    def fetches_itself(self) -> str:
        """Fetch a public method of the own address."""
        request = urllib.request.Request(
            self._url() + "open", headers={"Authorization": f"Bearer {self._key()}"}
        )
        with urllib.request.urlopen(request) as answer:
            return f"I say: {answer.read().decode()}"

    @post("fetches_round")
    def fetches_round(self, other: str) -> str:
        """Have another instance fetch a public method of this one, all without a key."""
        with urllib.request.urlopen(f"{other}fetch?url={self._url()}open") as answer:
            return f"They say: {answer.read().decode()}"

    @get("fetch", public=True)
    def fetch(self, url: str) -> str:
        """Fetch an address without a key."""
        with urllib.request.urlopen(url) as answer:
            return f"it says {answer.read().decode()}"

    @get("open", public=True)
    def open(self) -> str:
        """Anybody may ask."""
        return "open"

    @post("meets")
    def meets(self, other: str, together: str) -> list[Any]:
        """Wait until the other has begun the same, then call it: each waits for the other's worker."""
        marks = KeyValueStore(self.client, together)
        marks.set(self.context.invocable_instance_handle, {})
        until = time.monotonic() + 30
        while marks.get(other) is None:
            assert time.monotonic() < until, f"{other} did not begin"
            time.sleep(0.02)
        return [own_number(), *self.client.use("nests", other).invoke("by_use", handles=[])]

    @post("makes")
    def makes(self, handle: str) -> list[Any]:
        """Make an instance whose init calls this one, and wait for it."""
        made = self.client.use("inits", handle, config={"back": self.context.invocable_instance_handle})
        return [own_number(), *made.invoke("pids")]

    @post("later")
    def later(self, text: str) -> str:
        """Submit a task that nobody waits for, and go on; its id."""
        return str(self.invoke_later("said", arguments={"text": text}).task_id)

    @post("said")
    def said(self, text: str) -> str:
        """The text."""
        return text

    @post("slow")
    def slow(self, seconds: float) -> int:
        """Sleep."""
        time.sleep(seconds)
        return own_number()

    @post("goes_on")
    def goes_on(self) -> str:
        """Answer, while a thread calls this instance with the key of the call that has ended."""
        key, url = self._key(), self._url()

        def call() -> None:
            time.sleep(0.3)
            _posted(url + "note", key, {"text": "thread"})

        threading.Thread(target=call).start()
        return "answered"

    @post("note")
    def note(self, text: str) -> int:
        """Keep a text in the process."""
        self._noted = text
        return own_number()

    @post("noted")
    def noted(self) -> str:
        """What this process was told."""
        return getattr(self, "_noted", "")

    def _key(self) -> str:
        key = self.client.config.api_key
        return str(getattr(key, "get_secret_value", lambda: key)())

    def _url(self) -> str:
        return str(self.context.invocable_url)


def _posted(url: str, key: str, arguments: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        url,
        json.dumps(arguments).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())
