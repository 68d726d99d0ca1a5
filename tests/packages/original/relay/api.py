"""Work in the background: chains of tasks that wait for one another."""

from typing import List, Optional

from steamship import SteamshipError, Task
from steamship.invocable import PackageService, get, post
from steamship.utils.kv_store import KeyValueStore
from steamship.utils.url import Verb


class Relay(PackageService):
    """Runs in turns."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.track = KeyValueStore(self.client, "track")

    @post("run")
    def run(self, runner: str, fails: bool = False) -> dict:
        """One turn; it sees whether the turn before is over."""
        if fails:
            raise SteamshipError(message=f"{runner} fell.", code="Fallen")
        order = (self.track.get("order") or {}).get("runners", [])
        self.track.set("order", {"runners": [*order, runner]})
        return {"runner": runner, "after": order}

    @get("say")
    def say(self, text: str = "nothing") -> str:
        return f"I say {text}"

    @post("start")
    def start(self, runners: List[str], falls: Optional[str] = None) -> Task:
        """Each runner starts when the one before has arrived; the task of the last is the answer."""
        self.track.reset()
        task = None
        for runner in runners:
            task = self.invoke_later(
                "run",
                wait_on_tasks=[task] if task else None,
                arguments={"runner": runner, "fails": runner == falls},
            )
        return task

    @post("start_together")
    def start_together(self, runners: List[str]) -> dict:
        """All at once, and one that waits for all."""
        self.track.reset()
        tasks = [self.invoke_later("/say", verb=Verb.GET, arguments={"text": name}) for name in runners]
        last = self.invoke_later("run", wait_on_tasks=tasks, arguments={"runner": "last"})
        return {"taskId": last.task_id, "requestId": last.request_id}

    @post("start_with_ids")
    def start_with_ids(self) -> Task:
        first = self.invoke_later("say", verb=Verb.GET, arguments={"text": "one"})
        return self.invoke_later("say", verb=Verb.GET, wait_on_tasks=[first.task_id])

    @post("start_late")
    def start_late(self) -> Task:
        return self.invoke_later("say", verb=Verb.GET, arguments={"text": "late"}, delay_ms=1000)

    @post("start_nothing")
    def start_nothing(self) -> Task:
        """Schedules a method that is not there."""
        return self.invoke_later("nowhere")

    @post("accepted")
    def accepted(self) -> list:
        """How a new task looks to the package that made it."""
        task = self.invoke_later("say", verb=Verb.GET)
        return [task.state, task.output, bool(task.task_id), bool(task.request_id)]

    @post("order")
    def order(self) -> List[str]:
        return (self.track.get("order") or {}).get("runners", [])
