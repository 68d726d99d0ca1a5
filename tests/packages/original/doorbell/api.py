"""Webhooks that anybody may call, and query arguments of each type."""

from enum import Enum
from typing import Any, Dict, List, Optional

from steamship.invocable import InvocableResponse, PackageService, get, post


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class Doorbell(PackageService):
    """Listens to services that call."""

    @post("telegram_respond", public=True, permit_overwrite_of_existing=True)
    def telegram_respond(self, update_id: int, message: dict) -> InvocableResponse[str]:
        """A bot's update."""
        return InvocableResponse(string=f"{update_id}: {message['text']}")

    @post("sms", public=True)
    def sms(self, **kwargs) -> dict:
        """A form, as telephone services send them: every field arrives as text."""
        return kwargs

    @post("slack", public=True)
    def slack(self, type: str, challenge: Optional[str] = None, **kwargs) -> InvocableResponse[dict]:
        """Answers the challenge."""
        return InvocableResponse(json={"challenge": challenge, "type": type})

    @get("verify", public=True)
    def verify(self, token: str, mode: str = "subscribe") -> str:
        return f"{mode} {token}"

    @get("typed")
    def typed(
        self,
        number: int,
        ratio: float,
        flag: bool,
        text: str,
        note: Optional[str] = None,
        count: Optional[int] = None,
    ) -> Dict[str, Any]:
        """What the arguments of a GET are when they arrive."""
        values = {
            "number": number, "ratio": ratio, "flag": flag, "text": text, "note": note, "count": count,
        }  # fmt: skip
        return {name: [type(value).__name__, value] for name, value in values.items()}

    @get("paint")
    def paint(self, colour: Colour = Colour.RED) -> str:
        return f"painted {Colour(colour).value}"

    @get("is_a_member")
    def is_a_member(self, colour: Colour) -> bool:
        """Whether an Enum argument is the Enum's own object."""
        return isinstance(colour, Colour)

    @get("words")
    def words(self, text: str = "", words: List[str] = None) -> int:
        return len(text.split())

    @post("closed")
    def closed(self) -> str:
        return "for those with a key"

    @post("called_with", public=True)
    def called_with(self) -> Dict[str, Optional[str]]:
        """The header of the test, and whether a key came through."""
        headers = {name.lower(): value for name, value in (self.context.headers or {}).items()}
        return {"mark": headers.get("x-mark"), "key": headers.get("authorization")}
