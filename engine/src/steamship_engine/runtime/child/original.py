"""Packages on the original SDK, behind the surface by which a worker serves native ones (ARCHITECTURE.md).

The SDK is the package's own: in its bundle, or installed by its requirements. It is reached through one
callable, the handler, which takes an event and gives a reply (docs/reference/protocol.md#original-packages).
"""

import importlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from . import original_kinds, original_replies, records
from .loading import Refused, refusal
from .original_replies import Answer
from .records import Records, Teller

DEFAULT_HANDLER = "steamship.invocable.entrypoint.safe_handler"
DESCRIPTION = "/__dir__"
_INIT = ("POST", "/__instance_init__")
_VERBS = ("GET", "POST")


class DefinitionError(Exception):
    """The package cannot say what it is; the message is the SDK's or ours, for the author."""


class Instance(NamedTuple):
    """What a worker knows of its instance: the `instance` of the `load` frame."""

    workspace_id: str
    workspace_handle: str
    config: dict[str, Any]
    context: dict[str, str]
    bases: dict[str, str]


# A class is described without an instance; the SDK wants a workspace all the same.
_NOBODY = Instance("00000000-0000-0000-0000-000000000000", "none", {}, {}, {})


def load(code: str, handler: str | None, output: Teller) -> "tuple[Original, type]":
    """Import the handler, with the bundle as first place of import. Raises Refused."""
    os.chdir(code)
    sys.argv[:] = ["api.py"]
    sys.path.insert(0, code)
    said = records.install(output)
    if not os.path.isfile("api.py"):
        raise Refused("NoModule", "The bundle has no api.py at its root.")
    name = handler or DEFAULT_HANDLER
    module, _, attribute = name.rpartition(".")
    try:
        function = getattr(importlib.import_module(module), attribute)
    except BaseException as error:
        raise refusal(error, code, f'The handler "{name}" cannot be imported') from error
    return Original(function, code, said, is_sdks=name == DEFAULT_HANDLER), Original


class Original:
    """A loaded handler, in the place of the SDK's serving module."""

    def __init__(self, handler: Callable[..., Any], code: str, records: Records, *, is_sdks: bool) -> None:
        self._handler, self._code, self._records, self._is_sdks = handler, code, records, is_sdks
        self._kinds: dict[tuple[str, str], dict[str, str]] | None = None

    def describe(self, _cls: type) -> dict[str, Any]:
        """The description for a deploy; the class is not constructed. Raises DefinitionError."""
        answer = self._dir()
        if answer.error is not None:
            raise DefinitionError(answer.error["message"])
        spec = answer.data
        if not isinstance(spec, dict) or not isinstance(spec.get("methods"), list):
            raise DefinitionError(f"{DESCRIPTION} answered what is no description of a package.")
        places = {(m.get("verb"), m.get("path")) for m in spec["methods"] if isinstance(m, dict)}
        return {
            "spec": spec,
            "configTemplate": {},
            "schemas": {},
            "needsInit": _INIT in places,
            "notes": [],
        }

    def Serving(self, _cls: type, instance: dict[str, Any]) -> "Serving":  # noqa: N802  # the SDK's name
        """What answers the calls of one instance.

        The SDK's own handler imports `api` at the first call, within that call's time; so it is imported
        now. Where that fails, the handler's reply to each call says why.
        """
        if self._is_sdks:
            with suppress(Exception, SystemExit):
                importlib.import_module("api")
        return Serving(
            self,
            Instance(
                instance["workspaceId"],
                instance["workspaceHandle"],
                instance["config"],
                instance["context"],
                instance["bases"],
            ),
        )

    def kinds(self, verb: str, path: str) -> dict[str, str]:
        """The kinds of a method's arguments, by their names; of a method that is not in `__dir__`, none."""
        if self._kinds is None:
            answer = self._dir()
            self._kinds = original_kinds.of_spec(answer.data) if answer.error is None else {}
        return self._kinds.get((verb, path), {})

    def ask(self, verb: str, path: str, event: dict[str, Any]) -> Answer:
        """Call the handler. Whatever the package raises past its SDK is raised."""
        with self._records.watched() as raised:
            reply = self._handler(event, None)
        return original_replies.read(reply, verb, path, raised, self._code)

    def _dir(self) -> Answer:
        context = {"key": "none", "requestId": "none", "headers": {}}
        return self.ask("POST", DESCRIPTION, event("POST", DESCRIPTION, {}, _NOBODY, context))


class Serving:
    """One instance. The SDK makes a fresh object of the package's class for every call."""

    def __init__(self, original: Original, instance: Instance) -> None:
        self._original, self._instance = original, instance

    def call(
        self,
        verb: str,
        path: str,
        arguments: dict[str, Any],
        untyped: set[str],
        context: dict[str, Any],
    ) -> Answer:
        """Answer one call; see the serving contract. Raises what the package raised past its SDK."""
        if verb not in _VERBS:
            return original_replies.no_handler(verb, path)
        if untyped:
            kinds = self._original.kinds(verb, path)
            arguments = original_kinds.typed(arguments, untyped, kinds)
        return self._original.ask(verb, path, event(verb, path, arguments, self._instance, context))


def event(
    verb: str, path: str, arguments: dict[str, Any], instance: Instance, context: dict[str, Any]
) -> dict[str, Any]:
    """What the handler is given (docs/reference/protocol.md#the-event). `context` is the call's, as in the contract."""
    bases = instance.bases
    return {
        "clientConfig": {
            "apiKey": context["key"],
            **{f"{name}Base": base for name, base in bases.items()},
            "workspaceId": instance.workspace_id,
            "workspaceHandle": instance.workspace_handle,
            "requestId": context["requestId"],
        },
        "invocation": {
            "httpVerb": verb,
            "invocationPath": path,
            "arguments": arguments,
            "config": dict(instance.config),
        },
        "loggingConfig": {"loggingHost": "none", "loggingPort": "none"},
        "invocationContext": {**instance.context, "headers": dict(context["headers"])},
    }
