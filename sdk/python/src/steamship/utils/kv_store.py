"""A key-value store on a file's tags."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from steamship.base.client import Client
from steamship.base.error import NotFoundError
from steamship.data.file import File
from steamship.data.tags.tag import Tag

KV_STORE_MARKER = "__init__"


class KeyValueStore:
    """Values by key, in the client's workspace; each value is a dict.

    Stores with different identifiers are apart. Two writers of one key at once may leave two values;
    the later one is read. Two that write the first value at once may make a file each: all are read.
    """

    def __init__(self, client: Client, store_identifier: str = "KeyValueStore") -> None:
        self.client = client
        self.store_identifier = f"kv-store-{store_identifier}"

    def get(self, key: str) -> dict[str, Any] | None:
        """The value of `key`, or None."""
        found = self._entries(key)
        return found[-1].value if found else None

    def set(self, key: str, value: dict[str, Any]) -> Tag:
        """Give `key` a value."""
        files = self._files() or [self._new_file()]
        old = self._entries(key, files)
        tag = Tag.create(self.client, file_id=files[0].id, kind=self.store_identifier, name=key, value=value)
        # Only now, so that a reader in between finds one of the two.
        _delete(old)
        return tag

    def delete(self, key: str) -> bool:
        """Remove `key`; whether it was there."""
        return _delete(self._entries(key))

    def items(self, filter_keys: list[str] | None = None) -> list[tuple[str, dict[str, Any]]]:
        """All keys with their values, or those of `filter_keys` that are there."""
        values = {
            tag.name: tag.value or {}
            for tag in self._tags(self._files())
            if tag.name is not None
            and tag.name != KV_STORE_MARKER
            and (filter_keys is None or tag.name in filter_keys)
        }
        return list(values.items())

    def reset(self) -> None:
        """Remove all keys."""
        for file in self._files():
            with suppress(NotFoundError):
                file.delete()

    def _entries(self, key: str, files: list[File] | None = None) -> list[Tag]:
        return [tag for tag in self._tags(files or self._files()) if tag.name == key]

    def _tags(self, files: list[File]) -> list[Tag]:
        return [tag for file in files for tag in file.tags if tag.kind == self.store_identifier]

    def _files(self) -> list[File]:
        return File.query(self.client, f'filetag and kind "{self.store_identifier}"').files

    def _new_file(self) -> File:
        return File.create(self.client, tags=[Tag(kind=self.store_identifier, name=KV_STORE_MARKER)])


def _delete(tags: list[Tag]) -> bool:
    deleted = False
    for tag in tags:
        try:
            tag.delete()
            deleted = True
        except NotFoundError:
            # Somebody else was faster.
            continue
    return deleted
