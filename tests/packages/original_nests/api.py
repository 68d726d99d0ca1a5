"""A package on the original SDK whose methods call other instances, and its own."""

import base64
import json
import os
from typing import Any

import requests

from steamship.invocable import PackageService, get, post


def own_number() -> int:
    """What no other process has, whatever its namespace of processes calls it."""
    return os.stat("/proc/self/ns/pid").st_ino % 2**28 << 22 | os.getpid()


class Nests(PackageService):
    """Each method on a route calls the next one, and answers with the processes on the way."""

    @post("through")
    def through(self, route: list[str]) -> list[Any]:
        """Over plain HTTP, with the key of this call."""
        if not route:
            return [own_number()]
        answer = requests.post(
            route[0] + "through",
            json={"route": route[1:]},
            headers={"Authorization": f"Bearer {self.client.config.api_key.get_secret_value()}"},
            timeout=60,
        )
        return [own_number(), *answer.json()]

    @post("by_use")
    def by_use(self, handles: list[str]) -> list[Any]:
        """By `self.client.use`."""
        if not handles:
            return [own_number()]
        other = self.client.use("original-nests", handles[0])
        return [own_number(), *other.invoke("by_use", handles=handles[1:])]

    @post("by_task")
    def by_task(self, depth: int) -> list[Any]:
        """By a task of this instance's that is waited for."""
        if depth == 0:
            return [own_number()]
        task = self.invoke_later("by_task", arguments={"depth": depth - 1})
        task.wait(max_timeout_s=60, retry_delay_s=0.1)
        return [own_number(), *json.loads(base64.b64decode(task.output))]

    @post("fetches_itself")
    def fetches_itself(self) -> str:
        """A public method of the own address, without a key."""
        return requests.get(self.context.invocable_url + "open", timeout=60).text

    @get("open", public=True)
    def open(self) -> str:
        """Anybody may ask."""
        return "open"
