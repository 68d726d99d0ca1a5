"""Tiny packages, one folder a behaviour; the broken and the hostile ones too."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

_HERE = Path(__file__).parent
_EPOCH = (1980, 1, 1, 0, 0, 0)


def bundle(name: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """The zip of `tests/packages/{name}`, the same bytes every time; `more` adds or replaces files."""
    folder = _HERE / name
    files: dict[str, str | bytes] = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    if not files:
        raise ValueError(f'there is no package "{name}" in "{_HERE}"')
    return zipped({**files, **(more or {})})


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of these files, the same bytes every time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return stream.getvalue()
