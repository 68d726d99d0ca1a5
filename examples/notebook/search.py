"""A full-text index in memory, on SQLite's FTS5."""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A title and the text below it."""

    title: str
    text: str


class Index:
    """Finds notes by the words in their titles and texts; words are found by their stem."""

    def __init__(self, notes: Iterable[Note]) -> None:
        """Index some notes to begin with."""
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute("CREATE VIRTUAL TABLE notes USING fts5(title, text, tokenize='porter unicode61')")
        self._db.executemany("INSERT INTO notes VALUES (?, ?)", ((note.title, note.text) for note in notes))

    def put(self, note: Note) -> None:
        """Index a note in place of one of the same title."""
        self.drop(note.title)
        self._db.execute("INSERT INTO notes VALUES (?, ?)", (note.title, note.text))

    def drop(self, title: str) -> None:
        """Forget the note of that title, if there is one."""
        self._db.execute(
            "DELETE FROM notes WHERE rowid IN (SELECT rowid FROM notes WHERE title = ?)", (title,)
        )

    def find(self, query: str, limit: int) -> list[dict[str, str]]:
        """Up to `limit` notes with every word of `query`, best first."""
        words = re.findall(r"\w+", query)
        if not words:
            return []
        rows = self._db.execute(
            "SELECT title, snippet(notes, 1, '[', ']', '…', 12) FROM notes WHERE notes MATCH ?"
            " ORDER BY bm25(notes, 4.0, 1.0), title LIMIT ?",
            (" ".join(f'"{word}"' for word in words), max(1, min(limit, 100))),
        )
        return [{"title": title, "snippet": " ".join(snippet.split())} for title, snippet in rows]
