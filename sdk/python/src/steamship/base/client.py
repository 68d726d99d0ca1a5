"""Calls of an engine's API and of packages, with one key, in one workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

from steamship.base.error import PackageTimeoutError, SteamshipError, UnavailableError
from steamship.base.transport import HttpReply, HttpRequest, NoReplyError, Transport
from steamship.utils.url import Verb, is_local

if TYPE_CHECKING:
    from pathlib import Path

    from steamship.base.configuration import Configuration
    from steamship.base.request_bodies import Upload
    from steamship.base.tasks import Task

# What an operation's last word says about sending it twice.
_REPEATABLE = frozenset({"get", "list", "query", "status", "raw", "current"})


class Client:
    """A key and a workspace to call an engine with. Its calls may come from several threads.

    `config` says which; see `Configuration` for where that comes from. Constructing it makes one
    call, which finds the workspace (`default` unless one is named) and creates it when it is missing;
    with `fail_if_workspace_exists` it has to be missing. `trust_workspace_config` leaves the call out:
    workspace id and handle must both be given.
    """

    config: Configuration
    # Set by tests. None: the pool of the process, asked for at each call, since a forked process gets its own.
    transport: Transport | None = None

    def __init__(
        self,
        api_key: str | None = None,
        api_base: str | None = None,
        app_base: str | None = None,
        web_base: str | None = None,
        workspace: str | None = None,
        fail_if_workspace_exists: bool = False,
        profile: str | None = None,
        config_file: Path | str | None = None,
        config: Configuration | None = None,
        trust_workspace_config: bool = False,
        **kwargs: Any,
    ) -> None:
        from steamship.base.configuration import Configuration

        Configuration.refuse_unknown(type(self).__name__, kwargs)
        if config is None:
            given = {"api_key": api_key, "api_base": api_base, "app_base": app_base, "web_base": web_base}
            config = Configuration(config_file, **given, profile=profile, **kwargs)
        self._adopt(config)
        self.switch_workspace(
            workspace_handle=workspace or config.workspace_handle,
            workspace_id=None if workspace else config.workspace_id,
            fail_if_workspace_exists=fail_if_workspace_exists,
            trust_workspace_config=trust_workspace_config,
        )

    @classmethod
    def without_workspace(
        cls, config: Configuration, request_id: Callable[[], str | None] | None = None
    ) -> Self:
        """A client that has made no call and is in no workspace but that of `config`."""
        client = cls.__new__(cls)
        client._adopt(config, request_id)
        return client

    def in_workspace_of(self, workspace_id: str | None, workspace_handle: str | None) -> Self:
        """A client with the same key in another workspace, itself if it is there already; makes no call."""
        if workspace_id is None or workspace_id == self.config.workspace_id:
            return self
        client = self.without_workspace(self.config, self._request_id)
        client.transport = self.transport
        client._enter(workspace_id, workspace_handle)
        return client

    def _adopt(self, config: Configuration, request_id: Callable[[], str | None] | None = None) -> None:
        self.config = config.model_copy()
        self._request_id = request_id or (lambda: self.config.request_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(api_base={self.config.api_base!r}, workspace={self.config.workspace_handle!r})"

    def switch_workspace(
        self,
        workspace_handle: str | None = None,
        workspace_id: str | None = None,
        fail_if_workspace_exists: bool = False,
        trust_workspace_config: bool = False,
    ) -> None:
        """Work in another workspace from here on; neither handle nor id means `default`.

        One that is named by handle alone is created when it is missing. Raises NotFoundError for an
        unknown id, AlreadyExistsError with `fail_if_workspace_exists`.
        """
        if trust_workspace_config:
            if not (workspace_handle and workspace_id):
                raise SteamshipError(
                    "A trusted workspace needs both its id and its handle.",
                    suggestion="Leave trust_workspace_config out, or give both.",
                )
        else:
            if workspace_id:
                operation, wanted = "workspace/get", {"id": workspace_id}
                if workspace_handle:
                    wanted["handle"] = workspace_handle
            else:
                operation = "workspace/create"
                wanted = {"handle": workspace_handle or "default"}
            answer = self.post(
                operation,
                {**wanted, "fetchIfExists": operation == "workspace/create" and not fail_if_workspace_exists},
            )
            workspace = answer["workspace"]
            workspace_id, workspace_handle = workspace["id"], workspace["handle"]
        self._enter(workspace_id, workspace_handle)

    def _enter(self, workspace_id: str | None, workspace_handle: str | None) -> None:
        self.config.workspace_id = workspace_id
        self.config.workspace_handle = workspace_handle

    def post(self, operation: str, payload: Any = None, **options: Any) -> Any:
        """`call` with POST."""
        return self.call(Verb.POST, operation, payload, **options)

    def get(self, operation: str, payload: Any = None, **options: Any) -> Any:
        """`call` with GET; the payload goes into the query."""
        return self.call(Verb.GET, operation, payload, **options)

    def call(
        self,
        verb: Verb,
        operation: str,
        payload: Any = None,
        file: Upload | None = None,
        expect: type[Any] | None = None,
        raw_response: bool = False,
        is_package_call: bool = False,
        package_owner: str | None = None,
        package_id: str | None = None,
        package_instance_id: str | None = None,
        as_background_task: bool = False,
        wait_on_tasks: Iterable[str | Task[Any]] | None = None,
        timeout_s: float | None = None,
        task_delay_ms: int | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """Call an operation of the API; with `is_package_call`, a package at its path below the app base.

        `payload` is a dict, a model or raw bytes; `file` makes it a multipart form. The answer's
        `data` comes back as `expect`, a model class, or as parsed JSON without one; with
        `raw_response` the body's bytes. An operation that was accepted as a task gives a `Task`:
        those that always are, and any other with `as_background_task`, tasks to wait for, or a
        `task_delay_ms`. Raises the SteamshipError that the answer reports; UnavailableError when
        there is none.
        """
        from steamship.base import answers

        task_headers = _task_headers(as_background_task, wait_on_tasks, task_delay_ms)
        operation = operation.lstrip("/")
        if is_package_call:
            url, headers = self.package_address(package_owner, package_id, package_instance_id, operation)
            return self.call_package(
                operation, url, verb, payload or {}, timeout_s, {**headers, **task_headers}
            )
        reply = self._operation(verb, operation, payload, file, timeout_s, task_headers, repeatable)
        if raw_response:
            return answers.raw_content(operation, reply)
        return self._value(answers.envelope(operation, reply), expect)

    def task_status(self, task_id: str) -> dict[str, Any]:
        """How a task is: its fields under `status`, failed or not, and under `data` what it made."""
        from steamship.base import answers

        reply = self._operation(Verb.POST, "task/status", {"taskId": task_id}, None, None, {}, True)
        return answers.task_envelope("task/status", reply, task_id)

    def call_package(
        self,
        method: str,
        url: str,
        verb: Verb,
        arguments: Mapping[str, Any],
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """What the method of a package at `url` returned; with task headers, the `Task` that will call it.

        Raises the SteamshipError that the package or the engine reports.
        """
        from steamship.base import answers

        headers = headers or {}
        request = self._request(verb, method, url, arguments, None, timeout_s, headers)
        reply = self._send(method, request._replace(repeatable=verb == Verb.GET), in_package=True)
        if "X-Task-Background" in headers:
            return self._value(answers.envelope(method, reply), None)
        return answers.package_value(method, reply)

    def stream_package(
        self,
        method: str,
        url: str,
        verb: Verb,
        arguments: Mapping[str, Any],
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Generator[Any, None, None]:
        """What the method of a package at `url` yields, as it arrives; see `streamed.items`.

        The call is made for the first item, and given up when the iterator is closed.
        """
        from steamship.base import answers, streamed

        headers = {"Accept": streamed.ACCEPT, **(headers or {})}
        request = self._request(verb, method, url, arguments, None, timeout_s, headers)
        request = request._replace(repeatable=verb == Verb.GET)
        try:
            with closing(self._transport().open(request)) as reply:
                if 200 <= reply.status < 300:
                    yield from streamed.items(method, reply)
                else:
                    whole = HttpReply(reply.status, reply.headers, b"".join(reply))
                    yield answers.package_value(method, _without_key(request, whole))
        except NoReplyError as error:
            raise _no_reply(method, request, error, True) from error

    def package_address(
        self, owner: str | None, package_id: str | None, instance_id: str | None, path: str
    ) -> tuple[str, dict[str, str]]:
        """Address and headers for a package's method at its path below the app base."""
        named = {"Owner-Handle": owner, "Id": package_id, "Instance-Id": instance_id}
        headers = {f"X-Package-{name}": value for name, value in named.items() if value}
        return self._app_url(owner, path), headers

    def _operation(
        self,
        verb: Verb,
        operation: str,
        payload: Any,
        file: Upload | None,
        timeout_s: float | None,
        task_headers: Mapping[str, str],
        repeatable: bool | None,
    ) -> HttpReply:
        headers = {"X-Steamship-Accept": "use/1", **self._workspace(), **task_headers}
        url = self.config.api_base + operation
        request = self._request(verb, operation, url, payload, file, timeout_s, headers)
        if repeatable is None:
            repeatable = operation.rpartition("/")[2] in _REPEATABLE
        return self._send(operation, request._replace(repeatable=repeatable))

    def _app_url(self, owner: str | None, path: str) -> str:
        base = self.config.app_base
        if owner and not is_local(base):
            scheme, _, rest = base.partition("://")
            base = f"{scheme}://{owner}.{rest}"
        return base + path.lstrip("/")

    def _request(
        self,
        verb: Verb,
        what: str,
        url: str,
        payload: Any,
        file: Upload | None,
        timeout_s: float | None,
        more_headers: Mapping[str, str],
    ) -> HttpRequest:
        from steamship.base import request_bodies

        headers = {**self._identity(), **more_headers}
        fields = _fields(payload)
        body = None
        if file is not None:
            headers["Content-Type"], body = request_bodies.multipart(what, fields, file)
        elif isinstance(payload, bytes):
            body = payload
        elif verb == Verb.GET:
            url += request_bodies.query(what, fields)
        else:
            headers["Content-Type"] = "application/json"
            body = request_bodies.json_body(what, fields)
        return HttpRequest(str(verb), url, headers, body, timeout_s)

    def _identity(self) -> dict[str, str]:
        key = self.config.api_key.get_secret_value()
        headers = {"User-Agent": "steamship-python", "Authorization": f"Bearer {key}"}
        if request_id := self._request_id():
            headers["x-request-id"] = request_id
        return headers

    def _workspace(self) -> dict[str, str]:
        if self.config.workspace_id:
            return {"X-Workspace-Id": self.config.workspace_id}
        if self.config.workspace_handle:
            return {"X-Workspace-Handle": self.config.workspace_handle}
        return {}

    def _send(self, what: str, request: HttpRequest, *, in_package: bool = False) -> HttpReply:
        try:
            reply = self._transport().send(request)
        except NoReplyError as error:
            raise _no_reply(what, request, error, in_package) from error
        return reply if 200 <= reply.status < 300 else _without_key(request, reply)

    def _transport(self) -> Transport:
        if self.transport is not None:
            return self.transport
        from steamship.base.connections import shared_pool

        return shared_pool()

    def _value(self, envelope: dict[str, Any], expect: type[Any] | None) -> Any:
        """A task, or the data as `expect`."""
        if "status" in envelope:
            from steamship.base.tasks import Task

            return Task.of_answer(self, envelope, expect)
        if "data" not in envelope and expect is None:
            return envelope
        return self._parsed(envelope.get("data"), expect)

    def _parsed(self, data: Any, expect: type[Any] | None) -> Any:
        if expect is None:
            return data
        from pydantic import ValidationError

        try:
            return expect.model_validate(data, context={"client": self})
        except ValidationError as error:
            raise UnavailableError(
                f"The engine's answer is no {expect.__name__}: {error}.",
                suggestion="Check that the engine and this SDK are of matching versions.",
            ) from error


def _without_key(request: HttpRequest, reply: HttpReply) -> HttpReply:
    """A failed answer, whose text goes into an error: something on the way may have quoted the request's headers."""
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return reply._replace(body=reply.body.replace(key.encode(), b"***")) if key else reply


def _fields(payload: Any) -> Mapping[str, Any]:
    """The payload by wire names. A model's fields that are None are left out: an engine sees no difference."""
    if payload is None or isinstance(payload, bytes):
        return {}
    if isinstance(payload, Mapping):
        return payload
    fields = payload.model_dump(mode="json", by_alias=True)
    return {name: value for name, value in fields.items() if value is not None}


def _task_headers(
    background: bool, wait_on_tasks: Iterable[str | Task[Any]] | None, delay_ms: int | None
) -> dict[str, str]:
    headers = {}
    ids = [task if isinstance(task, str) else str(task.task_id) for task in wait_on_tasks or ()]
    if ids:
        headers["X-Task-Dependency"] = ",".join(ids)
    if delay_ms:
        start = time.gmtime(time.time() + delay_ms / 1000)
        headers["X-Task-Run-After"] = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", start)
    if background or headers:
        headers["X-Task-Background"] = "true"
    return headers


def _no_reply(what: str, request: HttpRequest, error: NoReplyError, in_package: bool) -> SteamshipError:
    if error.timed_out:
        kind = PackageTimeoutError if in_package else UnavailableError
        return kind(
            f'"{what}" did not answer within {request.timeout_s:g} s.',
            suggestion="Allow it longer with timeout_s, or run it as a task.",
        )
    address = request.url.partition("?")[0]
    return UnavailableError(
        f'"{what}" got no answer from "{address}": {error}.',
        suggestion="Start an engine with `ship serve`, or name a running one with `ship login` or STEAMSHIP_API_BASE.",
    )
