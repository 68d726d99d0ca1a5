"""Reads the scenes of contract/: fills their placeholders and compares answers with their replies."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[2] / "contract"
SCENES = sorted(path.stem for path in CONTRACT.glob("*.json"))

_PLACEHOLDER = re.compile(r"\{(api|app|user|key|time|text|id:[^}]+)\}")
_SHAPES = {
    "id": re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"),
    "time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "text": re.compile(r".+", re.DOTALL),
}

Example = dict[str, Any]


def scene(name: str) -> list[Example]:
    """The examples of a scene, in order."""
    examples: list[Example] = json.loads((CONTRACT / f"{name}.json").read_bytes())
    names = [example["name"] for example in examples]
    assert len(set(names)) == len(names), f"{name}: a name stands for two examples"
    return examples


class Values:
    """What the placeholders of one run stand for."""

    def __init__(self, **fixed: str) -> None:
        """`fixed`: api, app, user and key."""
        self._known = dict(fixed)

    def filled(self, value: Any, *, invent: bool = False) -> Any:
        """`value` with its placeholders replaced; `invent` makes up those that are not known."""
        if isinstance(value, dict):
            return {self.filled(k, invent=invent): self.filled(v, invent=invent) for k, v in value.items()}
        if isinstance(value, list):
            return [self.filled(item, invent=invent) for item in value]
        if not isinstance(value, str):
            return value
        return _PLACEHOLDER.sub(lambda found: self._value(found[1], invent), value)

    def check(self, expected: Any, actual: Any, place: str = "reply", *, whole: bool = False) -> None:
        """AssertionError with the place where `actual` is not what the example says.

        `whole`: an object may hold nothing that is not written.
        """
        if isinstance(expected, dict):
            assert isinstance(actual, dict), f"{place} is {actual!r}"
            assert not whole or set(actual) == set(expected), f"{place} has the fields {sorted(actual)}"
            for name, value in expected.items():
                if value is not None:
                    assert name in actual, f"{place}.{name} is missing"
                self.check(value, actual.get(name), f"{place}.{name}")
        elif isinstance(expected, list):
            assert isinstance(actual, list), f"{place} is {actual!r}"
            assert len(actual) == len(expected), f"{place} has {len(actual)} items"
            for index, (item, there) in enumerate(zip(expected, actual, strict=True)):
                self.check(item, there, f"{place}[{index}]")
        elif isinstance(expected, str) and (found := _PLACEHOLDER.fullmatch(expected)):
            self._check_placeholder(found[1], actual, place)
        else:
            assert actual == self.filled(expected), f"{place} is {actual!r}"

    def _check_placeholder(self, name: str, actual: Any, place: str) -> None:
        assert isinstance(actual, str), f"{place} is {actual!r}"
        if name in self._known:
            assert actual == self._known[name], f"{place} is {actual!r}, {name} was {self._known[name]!r}"
            return
        kind = name.partition(":")[0]
        assert _SHAPES[kind].fullmatch(actual), f"{place} is {actual!r}, which is no {kind}"
        if kind == "id":
            self._known[name] = actual

    def _value(self, name: str, invent: bool) -> str:
        if name in self._known:
            return self._known[name]
        assert invent, f"{{{name}}} stands in a request before any reply has given it"
        kind = name.partition(":")[0]
        if kind == "id":
            return self._known.setdefault(name, str(uuid.uuid5(uuid.NAMESPACE_OID, name)).upper())
        return {"time": "2026-01-31T10:00:00Z", "text": "some text"}[kind]
