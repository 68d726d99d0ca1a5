"""State in key-values, as a bot keeps what its users set."""

from typing import Any, Dict, List

from steamship.invocable import PackageService, get, post
from steamship.utils.kv_store import KeyValueStore


class Notebook(PackageService):
    """Keeps notes."""

    notes: KeyValueStore

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.notes = KeyValueStore(client=self.client, store_identifier="notes")

    @post("set")
    def write(self, name: str, note: Any) -> bool:
        """Write a note."""
        self.notes.set(name, {"note": note})
        return True

    @get("get")
    def read(self, name: str) -> Dict[str, Any]:
        """Read a note."""
        return self.notes.get(name) or {"missing": name}

    @post("forget")
    def forget(self, name: str) -> bool:
        return self.notes.delete(name)

    @post("all")
    def all_notes(self, names: List[str] = None) -> List[list]:
        return sorted([name, value] for name, value in self.notes.items(names))

    @post("count")
    def count(self) -> int:
        """One more than at the last call."""
        counters = KeyValueStore(self.client, "counters")
        count = (counters.get("calls") or {}).get("value", 0) + 1
        counters.set("calls", {"value": count})
        return count

    @post("reset")
    def reset(self) -> bool:
        for store in ("notes", "counters"):
            KeyValueStore(self.client, store).reset()
        return True
