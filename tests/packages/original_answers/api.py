"""A package on the original SDK: what methods may return, raise and be given."""

import importlib.util
import io
import logging
import os
import sys
from typing import Any, Dict, Optional

from pydantic import BaseModel

from steamship import MimeTypes, SteamshipError
from steamship.data.user import User
from steamship.base.model import CamelModel
from steamship.invocable import InvocableResponse, PackageService, get, post

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
ENGINES = (
    "steamship_engine",
    "child",
    "original",
    "original_replies",
    "records",
    "frames",
    "loop",
    "replies",
)
_calls = 0


class Point(CamelModel):
    x_value: int


class Plain(BaseModel):
    x_value: int


class Answers(PackageService):
    """Answers of every kind."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.calls_of_this_object = 0

    @post("text")
    def text(self) -> str:
        return "naïve ☃"

    @post("json")
    def json(self, value: Any = None) -> Any:
        return value

    @post("bare_json")
    def bare_json(self) -> InvocableResponse:
        return InvocableResponse(json={"status": "a string"})

    @post("model")
    def model(self) -> Point:
        return Point(x_value=1)

    @post("plain_model")
    def plain_model(self) -> Plain:
        return Plain(x_value=1)

    @post("png")
    def png(self) -> InvocableResponse:
        return InvocableResponse(_bytes=PNG, mime_type=MimeTypes.PNG)

    @post("stream")
    def stream(self) -> io.BytesIO:
        return io.BytesIO(PNG)

    @get("page", public=True)
    def page(self) -> InvocableResponse:
        return InvocableResponse(string="<p>hello</p>", mime_type=MimeTypes.HTML)

    @post("number_as_data")
    def number_as_data(self) -> InvocableResponse:
        return InvocableResponse(data=3)

    @get("typed")
    def typed(
        self,
        count: int = 0,
        ratio: float = 0.0,
        flag: bool = False,
        name: str = "",
        some: Optional[int] = None,
    ) -> Dict[str, Any]:
        return {"count": count, "ratio": ratio, "flag": flag, "name": name, "some": some}

    @post("everything")
    def everything(self, **arguments: Any) -> Dict[str, Any]:
        return arguments

    @post("add")
    def add(self, a: int, b: int) -> int:
        return a + b

    @post("nothing")
    def nothing(self) -> None:
        return None

    @post("fail", public=True)
    def fail(self, secret: str = "private detail") -> str:
        raise ValueError(secret)

    @post("refuse", public=True)
    def refuse(self) -> str:
        raise SteamshipError(message="Not on Sundays.", suggestion="Come on Monday.", code="Closed")

    @post("teapot", public=True)
    def teapot(self) -> InvocableResponse:
        return InvocableResponse.error(code=418, message="I am a teapot.")

    @post("unserializable")
    def unserializable(self) -> InvocableResponse:
        return InvocableResponse(json={"when": object()})

    @post("count")
    def count(self) -> Dict[str, int]:
        global _calls
        _calls += 1
        self.calls_of_this_object += 1
        return {"module": _calls, "object": self.calls_of_this_object}

    @post("around")
    def around(self) -> Dict[str, Any]:
        """What the code finds around itself."""
        return {
            "cwd_is_bundle": os.path.samefile(os.getcwd(), os.path.dirname(__file__)),
            "first_path_is_bundle": os.path.samefile(sys.path[0], os.path.dirname(__file__)),
            "variables": sorted(name for name in os.environ if name.startswith("STEAMSHIP")),
            "home_file": os.path.exists(os.path.expanduser("~/.steamship.json")),
            "python": list(sys.version_info[:2]),
            "engines": [name for name in ENGINES if importlib.util.find_spec(name)],
        }

    @post("context")
    def context_told(self) -> Dict[str, Any]:
        client = self.client.config
        return {
            "context": self.context.dict(by_alias=True),
            "client": {
                "workspaceId": client.workspace_id,
                "workspaceHandle": client.workspace_handle,
                "apiBase": str(client.api_base),
                "appBase": str(client.app_base),
                "requestId": client.request_id,
                "isUsersKey": self._is_users_key(),
            },
        }

    @post("log")
    def log(self) -> str:
        print("printed")
        logging.info("informed")
        logging.warning("warned")
        logging.getLogger("mine").error("failed\nin two lines")
        logging.debug("not shown")
        return "ok"

    @post("log_from_a_fork")
    def log_from_a_fork(self) -> str:
        child = os.fork()
        if not child:
            logging.warning("from a fork")
            os._exit(0)
        os.waitpid(child, 0)
        return "ok"

    @post("exit")
    def exit(self) -> str:
        sys.exit(3)

    def _is_users_key(self) -> bool:
        try:
            User.current(self.client)
        except SteamshipError as error:
            return "Cannot use a workspace-scoped key" not in error.message
        return True
