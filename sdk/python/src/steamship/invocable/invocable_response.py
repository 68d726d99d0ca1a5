"""What a method may return when the plain value does not say enough."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from steamship.base.error import DEFAULT_ERROR_MESSAGE, SteamshipError
from steamship.base.mime_types import MimeTypes
from steamship.base.model import CamelModel
from steamship.base.tasks import Task, TaskState
from steamship.invocable.encoding import encode_json, encode_text

if TYPE_CHECKING:
    from steamship.client.steamship import Steamship

T = TypeVar("T")


class Http(CamelModel):
    """Status, 200 unless given, and header fields of the HTTP answer."""

    status: int | None = None
    base64_wrapped: bool | None = None
    headers: dict[str, str] | None = None


class InvocableResponse(BaseModel, Generic[T]):
    """A result with its MIME type, status and headers.

    Give one of: `string` (text/plain), `json` (application/json; pydantic models in camelCase), `_bytes`
    (application/octet-stream), or `data` (text/plain for str, numbers and bools, else
    application/octet-stream). `mime_type`, or a Content-Type in `http`, replaces the type in brackets. With none of them the answer
    is `null` in JSON. With `error`, the call fails with it. `http` sets status and headers.

    `data` may also be a generator, or any iterator, of str or bytes: these are sent as they come.

    `data` afterwards holds the value: bytes as bytes, models as dicts.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    data: Any = None
    status: Task[Any] | None = None
    http: Http | None = None

    def __init__(
        self,
        status: Task[Any] | None = None,
        error: SteamshipError | None = None,
        http: Http | None = None,
        data: Any = None,
        string: str | None = None,
        json: Any = None,
        _bytes: bytes | io.BytesIO | None = None,
        mime_type: str | None = None,
    ) -> None:
        super().__init__()
        self.http = http if http is not None else Http(status=200, headers={})
        told = mime_type or _named_type(self.http)
        self.set_data(data=data, string=string, json=json, _bytes=_bytes, mime_type=told)
        self.status = status if isinstance(status, Task) else Task()
        if error is not None:
            self.status.state = TaskState.failed
            self.status.status_message = error.message
            self.status.status_suggestion = error.suggestion
            self.status.status_code = error.code
        elif self.status.state is None:
            self.status.state = TaskState.succeeded

    def set_data(
        self,
        data: Any = None,
        string: str | None = None,
        json: Any = None,
        _bytes: bytes | io.BytesIO | None = None,
        mime_type: str | None = None,
    ) -> None:
        """Replace the value; arguments as the constructor's."""
        value, usual = _value_and_type(data, string, json, _bytes)
        self.data = value
        http = self.http = self.http or Http(status=200)
        others = {name: value for name, value in (http.headers or {}).items() if not _is_type(name)}
        http.headers = {**others, "Content-Type": _text(mime_type or usual)}

    def body(self) -> bytes:
        """The value as it goes over the wire. Raises EncodingError."""
        if isinstance(self.data, bytes):
            return self.data
        if isinstance(self.data, str) and not _is_json(self.content_type()):
            return encode_text(self.data)
        return encode_json(self.data)

    def content_type(self) -> str:
        """The MIME type that the headers name."""
        return _named_type(self.http) or MimeTypes.BINARY.value

    @staticmethod
    def error(
        code: int,
        message: str | None = None,
        error: SteamshipError | None = None,
        exception: BaseException | None = None,
        prefix: str | None = None,
    ) -> InvocableResponse[Any]:
        """A failed answer with HTTP status `code`; the texts given are joined by " | " after `prefix`."""
        error = error or SteamshipError()
        texts = [None if error.message == DEFAULT_ERROR_MESSAGE else error.message, message]
        texts.append(None if exception is None else str(exception))
        said = list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
        error.message = (prefix or "") + (" | ".join(said) or DEFAULT_ERROR_MESSAGE)
        return InvocableResponse(error=error, http=Http(status=code))

    @staticmethod
    def from_obj(obj: Any) -> InvocableResponse[Any]:
        """The response that returning `obj` from a method makes.

        An InvocableResponse is itself; str is text, bytes and BytesIO are binary, an exception is a
        failure; everything else, None too, is JSON.
        """
        if isinstance(obj, InvocableResponse):
            return obj
        if isinstance(obj, SteamshipError):
            return InvocableResponse.error(obj.http_status, error=obj)
        if isinstance(obj, BaseException):
            return InvocableResponse.error(500, error=SteamshipError(error=obj), exception=obj)
        if isinstance(obj, (bytes, bytearray, memoryview, io.BytesIO)):
            return InvocableResponse(_bytes=obj if isinstance(obj, io.BytesIO) else bytes(obj))
        if isinstance(obj, str):
            return InvocableResponse(string=obj)
        return InvocableResponse(json=obj)

    def post_update(self, client: Steamship) -> None:
        """Write state, message and output to the task that `status.task_id` names.

        Raises SteamshipError when the response belongs to no task.
        """
        if self.status is None or self.status.task_id is None:
            raise SteamshipError(
                "This response belongs to no task.", suggestion="Set `status.task_id` to the task's id."
            )
        task: Task[Any] = Task(client=client, task_id=self.status.task_id)
        fields = {"state", "status_message", "status_suggestion"}
        given = {name for name in fields if getattr(self.status, name) is not None}
        for name in given:
            setattr(task, name, getattr(self.status, name))
        if self.data is not None:
            task.output = encode_json(self.data).decode()
            given.add("output")
        task.post_update(fields=given)


def _value_and_type(data: Any, string: str | None, json: Any, _bytes: Any) -> tuple[Any, str]:
    if data is not None:
        if isinstance(data, (str, int, float)):
            return data, MimeTypes.TXT.value
        return _dumped(data), MimeTypes.BINARY.value
    if string is not None:
        return string, MimeTypes.TXT.value
    if json is None and _bytes is not None:
        return (
            _bytes.getvalue() if isinstance(_bytes, io.BytesIO) else bytes(_bytes)
        ), MimeTypes.BINARY.value
    return _dumped(list(json) if isinstance(json, Iterator) else json), MimeTypes.JSON.value


def _dumped(value: Any) -> Any:
    """A model as a dict: in camelCase if it is one of ours, by its fields' names if not."""
    if not isinstance(value, BaseModel):
        return value
    return value.model_dump(mode="json", by_alias=isinstance(value, CamelModel))


def _named_type(http: Http | None) -> str | None:
    headers = (http and http.headers) or {}
    return next((value for name, value in headers.items() if _is_type(name)), None)


def _is_type(name: str) -> bool:
    return name.lower() == "content-type"


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _text(mime_type: Any) -> str:
    """A MIME type as plain text: members of MimeTypes print differently from Python to Python."""
    return str(getattr(mime_type, "value", mime_type))
