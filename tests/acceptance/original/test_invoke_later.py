"""Calls in tasks, by the unmodified original client."""

from __future__ import annotations

from tests.services.original_client import Original


def test_a_method_called_later(original: Original, later: str) -> None:
    """The task is waiting, then succeeded, with the reply's body in base64, and can be waited for."""
    found = original("""
        import base64
        client = Steamship(workspace="original-later")
        instance = client.use("later", "mine")
        def later(path, **arguments):
            return client.post("package/instance/invoke", {"instanceHandle": "mine", "payload": {
                "httpVerb": "POST", "invocationPath": path, "arguments": arguments}},
                expect=Task[Task], as_background_task=True)
        task = later("hello", name="Unicorn")
        result = {"first": [task.state, bool(task.request_id), bool(task.task_id)]}
        task.wait(retry_delay_s=0.1)
        result["text"] = base64.b64decode(task.output).decode()
        task = later("/facts", name="Unicorn")
        task.wait(retry_delay_s=0.1)
        result["json"] = base64.b64decode(task.output).decode()
        try:
            later("refuses").wait(retry_delay_s=0.1)
        except SteamshipError as error:
            result["failed"] = error.message
    """)
    assert found["first"] == ["waiting", True, True]
    assert found["text"] == "Hello, Unicorn!"
    assert found["json"].replace(" ", "") == '{"name":"Unicorn","data":null}'
    assert "Not today." in found["failed"]


def test_a_package_that_has_itself_called(original: Original, later: str) -> None:
    """The task that a package made with a delay and dependencies can be got and waited for from outside."""
    found = original("""
        import base64
        client = Steamship(workspace="original-later-chain")
        instance = client.use("later", "mine")
        told = instance.invoke("chain")
        task = Task.get(client, told["taskId"])
        task.wait(retry_delay_s=0.1)
        result = {"last": base64.b64decode(task.output).decode(), "words": instance.invoke("words")}
    """)
    assert found == {"last": "three", "words": ["one", "two", "three"]}
