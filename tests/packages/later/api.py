"""Methods to be called in tasks, and some that have tasks made."""

from typing import Any

from steamship.base.error import SteamshipError
from steamship.invocable import Config, InvocableResponse, PackageService, get, post
from steamship.invocable.invocable_response import Http
from steamship.utils.kv_store import KeyValueStore


class LaterConfig(Config):
    """A secret, to be kept out of what tasks say."""

    token: str = ""


class Later(PackageService):
    """Answers now or later."""

    config: LaterConfig

    @classmethod
    def config_cls(cls) -> type[Config]:
        """Its config."""
        return LaterConfig

    @post("hello")
    def hello(self, name: str = "World") -> str:
        """Greet."""
        return f"Hello, {name}!"

    @post("facts")
    def facts(self, name: str) -> dict[str, Any]:
        """JSON."""
        return {"name": name, "data": None}

    @get("typed")
    def typed(self, count: int, exact: bool, names: list[str]) -> list[Any]:
        """Arguments of several types."""
        return [count, exact, names]

    @post("seen")
    def seen(self) -> dict[str, Any]:
        """What the call knows of itself."""
        task = self.client.post("task/noop", as_background_task=True)
        return {"requestId": task.request_id, "headers": dict(self.context.headers or {})}

    @post("raises")
    def raises(self) -> str:
        """Fail by mistake."""
        raise ValueError("a mistake")

    @post("refuses")
    def refuses(self) -> str:
        """Fail on purpose."""
        raise SteamshipError("Not today.", suggestion="Come tomorrow.")

    @post("teapot")
    def teapot(self) -> InvocableResponse:
        """Answer with an error's status."""
        return InvocableResponse(json={"status": {"statusMessage": "I am a teapot."}}, http=Http(status=418))

    @post("note", timeout=5)
    def note(self, word: str) -> str:
        """Add a word to those that the instance keeps."""
        store = KeyValueStore(self.client, "words")
        words = (store.get("all") or {"words": []})["words"]
        store.set("all", {"words": [*words, word]})
        return word

    @post("words")
    def words(self) -> list[str]:
        """The words, in the order in which they came."""
        kept: list[str] = (KeyValueStore(self.client, "words").get("all") or {"words": []})["words"]
        return kept

    @post("chain")
    def chain(self) -> dict[str, Any]:
        """Have three words noted one after the other, the last first submitted; the last task."""
        first = self.invoke_later("note", arguments={"word": "one"}, delay_ms=1000)
        second = self.invoke_later("note", arguments={"word": "two"}, wait_on_tasks=[first])
        third = self.invoke_later("/note", arguments={"word": "three"}, wait_on_tasks=[first, second])
        return {
            "taskId": third.task_id,
            "requestIds": [first.request_id, second.request_id, third.request_id],
        }

    @post("waits")
    def waits(self, number: int) -> int:
        """Have another instance greet, in a task, and wait for it."""
        other = self.client.use("later", f"other-{number % 4}")
        answer = self.client.post(
            "package/instance/invoke",
            {
                "instanceHandle": other.handle,
                "payload": {"httpVerb": "POST", "invocationPath": "hello", "arguments": {}},
            },
            as_background_task=True,
        )
        answer.wait(max_timeout_s=60, retry_delay_s=0.1)
        return number
