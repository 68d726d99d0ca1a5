"""Keeps notes and finds them again by their words."""

from search import Index, Note

from steamship import SteamshipError
from steamship.invocable import PackageService, get, post
from steamship.utils.kv_store import KeyValueStore


class Notebook(PackageService):
    """Notes of one instance. They live in its workspace; the search index lives in memory."""

    def __init__(self, **kwargs):
        """Nothing is read before the first call needs it."""
        super().__init__(**kwargs)
        self._index = None

    @post("add")
    def add(self, title: str, text: str) -> dict:
        """Keep a note under its title; a note of that title is replaced."""
        if not title.strip():
            raise SteamshipError("A note needs a title.", suggestion='Pass title="...".')
        self._notes().set(title, {"text": text})
        self._searchable().put(Note(title, text))
        return {"title": title, "words": len(text.split())}

    @post("search")
    def search(self, query: str, limit: int = 5) -> list:
        """The notes that hold every word of `query`, best first: `{title, snippet}` each."""
        return self._searchable().find(query, limit)

    @get("read")
    def read(self, title: str) -> str:
        """The text of one note."""
        note = self._notes().get(title)
        if note is None:
            raise SteamshipError(f'There is no note "{title}".', suggestion="GET titles lists them.")
        return note["text"]

    @get("titles")
    def titles(self) -> list:
        """The titles of all notes, in alphabetical order."""
        return sorted(title for title, _ in self._notes().items())

    @post("remove")
    def remove(self, title: str) -> bool:
        """Forget a note; False when there was none."""
        removed = self._notes().delete(title)
        self._searchable().drop(title)
        return removed

    def _notes(self) -> KeyValueStore:
        return KeyValueStore(self.client, "notes")

    def _searchable(self) -> Index:
        if self._index is None:
            self._index = Index(Note(title, value["text"]) for title, value in self._notes().items())
        return self._index
