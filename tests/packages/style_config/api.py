# Written as for the original.
# ruff: noqa: UP035, LOG015
"""Config in the original's style: nested class, `config_cls`, a secrets file, a handler at the end."""

import logging
from enum import Enum
from typing import Any, Dict, List, Optional, Type

from pydantic import Field

from steamship import Steamship, SteamshipError
from steamship.invocable import (
    Config,
    InvocableResponse,
    InvocationContext,
    PackageService,
    create_handler,
    get,
    post,
)


class Finish(str, Enum):
    MATT = "matt"
    GLOSS = "gloss"


class Painter(PackageService):
    """Paints walls."""

    class PainterConfig(Config):
        palette: str = Field("warm", description="The colours.")
        coats: int = 2
        price: float = 1.5
        dry: bool = True
        finish: Finish = Finish.MATT
        service_key: str = ""
        nickname: Optional[str] = Field(None, description="What to call it.")

    config: PainterConfig
    prepared: List[str] = []

    @classmethod
    def config_cls(cls) -> Type[Config]:
        return cls.PainterConfig

    def __init__(
        self, client: Steamship = None, config: Dict[str, Any] = None, context: InvocationContext = None
    ):
        super().__init__(client=client, config=config, context=context)
        logging.info("constructed")

    def instance_init(self, config: Optional[Config] = None, context: Optional[InvocationContext] = None):
        self.prepared.append(self.context.invocable_instance_handle)

    @post("settings")
    def settings(self) -> dict:
        return {
            "palette": self.config.palette,
            "coats": self.config.coats,
            "price": self.config.price,
            "dry": self.config.dry,
            "finish": self.config.finish,
            "service_key": self.config.service_key,
            "nickname": self.config.nickname,
            "dumped": self.config.dict(),
        }

    @post("/paint", public=True, timeout=10, colours=["not", "kept"])
    def paint(
        self, colour: str, finish: Finish = Finish.MATT, note: Optional[str] = None
    ) -> InvocableResponse[str]:
        """Paint one wall."""
        finish = Finish(finish)
        return InvocableResponse(string=f"{colour} {finish.value} {note}")

    @get("context")
    def where(self) -> dict:
        return {
            "user": self.context.user_id,
            "instance": self.context.invocable_instance_handle,
            "url": self.context.invocable_url,
            "headers": self.context.headers,
            "workspace": self.client.config.workspace_handle,
        }

    @post("prepared")
    def was_prepared(self) -> list:
        return self.prepared

    @post("anything")
    def anything(self, first, *args, second=2, **kwargs) -> dict:
        return {"first": first, "second": second, **kwargs}

    @post("refuse")
    def refuse(self):
        raise SteamshipError(message="No more paint.", suggestion="Buy some.", code="Empty")

    @post("fail")
    def fail(self):
        raise ValueError("spilled")


handler = create_handler(Painter)
