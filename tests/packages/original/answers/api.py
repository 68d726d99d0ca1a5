"""Results of every type that packages declared."""

from typing import Any, Dict, List, Optional

from pydantic import BaseModel, Field

from steamship import Block, MimeTypes, Tag
from steamship.base.model import CamelModel
from steamship.invocable import InvocableResponse, PackageService, get, post


class Move(BaseModel):
    """A plain model."""

    from_square: str
    to_square: str
    note: Optional[str]


class GameState(CamelModel):
    """A model of the SDK's kind, whose names are camelCased."""

    player_name: str = "Ada"
    image_url: str = "http://pictures.test/1.png"
    moves: List[Move] = Field(default_factory=list)
    best_score: Optional[float] = None


class Answers(PackageService):
    """Answers in every type."""

    @post("dict")
    def dict_(self) -> Dict[str, Any]:
        return {"snake_case": {"list": [1, 2.5, None, True]}, "unicode": "☃"}

    @post("empty_dict")
    def empty_dict(self) -> dict:
        return {}

    @post("list")
    def list_(self) -> List[str]:
        return ["a", "b"]

    @post("list_of_dicts")
    def list_of_dicts(self) -> List[dict]:
        return [{"a": 1}, {"b": None}]

    @post("text")
    def text(self) -> str:
        return "plain"

    @post("empty_text")
    def empty_text(self) -> str:
        return ""

    @post("yes")
    def yes(self) -> bool:
        return True

    @post("number")
    def number(self) -> float:
        return 2.5

    @get("whole")
    def whole(self) -> int:
        return 3

    @post("model")
    def model(self) -> Move:
        return Move(from_square="e2", to_square="e4")

    @post("camel_model")
    def camel_model(self) -> GameState:
        return GameState(moves=[Move(from_square="e2", to_square="e4", note="!")])

    @post("models")
    def models(self) -> List[Move]:
        return [Move(from_square="e2", to_square="e4")]

    @post("camel_models")
    def camel_models(self) -> List[GameState]:
        return [GameState()]

    @post("dicts_of_models")
    def dicts_of_models(self) -> List[dict]:
        """How authors got a list of models out."""
        return [state.dict(by_alias=True) for state in [GameState()]]

    @post("response")
    def response(self) -> InvocableResponse[dict]:
        return InvocableResponse(json={"a": 1})

    @post("response_of_model")
    def response_of_model(self) -> InvocableResponse:
        return InvocableResponse(json=GameState())

    @post("response_of_list")
    def response_of_list(self) -> InvocableResponse[List[dict]]:
        return InvocableResponse(json=[{"a": 1}])

    @post("response_of_text")
    def response_of_text(self) -> InvocableResponse[str]:
        return InvocableResponse(string="said")

    @post("response_of_data")
    def response_of_data(self) -> InvocableResponse:
        return InvocableResponse(data={"a": 1})

    @post("response_of_number")
    def response_of_number(self) -> InvocableResponse[int]:
        return InvocableResponse(json=7)

    @post("enum")
    def enum(self) -> dict:
        return {"type": MimeTypes.PNG}

    @post("block")
    def block(self) -> dict:
        """A block that no engine has, as agents answered."""
        block = Block(text="Hello", tags=[Tag(kind="role", name="assistant")]).dict(by_alias=True)
        return {name: block[name] for name in ("text", "tags")}

    @post("status_in_words")
    def status_in_words(self) -> dict:
        return {"status": "all is well"}

    @post("data_inside")
    def data_inside(self) -> dict:
        return {"data": {"a": 1}, "more": 2}
