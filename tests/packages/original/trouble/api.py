"""Everything that goes wrong."""

import os
import time
from http import HTTPStatus
from typing import Any

from steamship import SteamshipError
from steamship.invocable import Config, InvocableResponse, PackageService, get, post


class TroubleConfig(Config):
    start: str = "well"


class Trouble(PackageService):
    """Fails in every way."""

    config: TroubleConfig

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if self.config.start == "refuse":
            raise SteamshipError(message="It is Sunday.", suggestion="Come tomorrow.", code="Closed")
        if self.config.start == "raise":
            raise ValueError("no oven")

    @classmethod
    def config_cls(cls):
        return TroubleConfig

    @post("refuse")
    def refuse(self) -> str:
        raise SteamshipError(message="No more paint.", suggestion="Buy some.", code="Empty")

    @post("refuse_plainly")
    def refuse_plainly(self) -> str:
        raise SteamshipError("No more paint.")

    @post("raise")
    def raise_(self) -> str:
        raise ValueError("spilled")

    @post("divide")
    def divide(self, by: int) -> float:
        return 1 / by

    @post("wordless")
    def wordless(self) -> str:
        raise RuntimeError

    @post("nothing")
    def nothing(self) -> None:
        """Answers nothing."""

    @post("strange")
    def strange(self) -> Any:
        return {1, 2}

    @post("answer_an_error")
    def answer_an_error(self) -> InvocableResponse:
        return InvocableResponse.error(HTTPStatus.CONFLICT, "The wall is taken.")

    @post("answer_an_exception")
    def answer_an_exception(self) -> Any:
        """Returned, not raised."""
        return SteamshipError(message="Out of brushes.", code="Brushes")

    @post("ask_for_a_user")
    def ask_for_a_user(self) -> dict:
        """What the user's key alone may ask."""
        return self.client.get("account/current")

    @post("die")
    def die(self) -> None:
        """Takes the whole process along."""
        os._exit(7)

    @post("slow", timeout=1)
    def slow(self) -> str:
        """Takes longer than it may."""
        time.sleep(30)
        return "done"

    @post("takes")
    def takes(self, colour: str, coats: int = 1) -> str:
        return f"{coats} x {colour}"

    @get("fetched")
    def fetched(self) -> str:
        return "got"
