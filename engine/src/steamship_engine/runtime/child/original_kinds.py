"""The types of an original package's arguments, as its description names them."""

import re
from typing import Any

_OPTIONAL = re.compile(r"typing\.Optional\[(int|float|bool)\]")
_PLAIN = re.compile(r"<class '(int|float|bool)'>")
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def of_spec(spec: Any) -> dict[tuple[str, str], dict[str, str]]:
    """Argument names and kinds by verb and path, out of what `/__dir__` answered."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for method in _objects(spec.get("methods") if isinstance(spec, dict) else None):
        found[str(method.get("verb")), str(method.get("path"))] = {
            str(argument.get("name")): str(argument.get("kind")) for argument in _objects(method.get("args"))
        }
    return found


def _objects(values: Any) -> "list[dict[str, Any]]":
    """The objects of a list; whatever else an SDK of some other age says counts for nothing."""
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def typed(arguments: dict[str, Any], untyped: set[str], kinds: dict[str, str]) -> dict[str, Any]:
    """The arguments; texts that a query or form carried are read as the method's numbers and booleans."""
    return {
        name: _read(value, kinds.get(name, "")) if name in untyped else value
        for name, value in arguments.items()
    }


def _read(text: Any, kind: str) -> Any:
    """The value of its kind; the text as it is where it is none, so that the package itself says so."""
    match = _PLAIN.fullmatch(kind) or _OPTIONAL.fullmatch(kind)
    if match is None or not isinstance(text, str):
        return text
    try:
        if match[1] == "bool":
            return _BOOLEANS[text.strip().lower()]
        return int(text) if match[1] == "int" else float(text)
    except (KeyError, ValueError):
        return text
