"""steamship.json, as a bundle has it."""

from __future__ import annotations

from hypothesis import strategies as st

from steamship_engine.model import strict_json
from steamship_engine.model.errors import InvalidManifestError
from steamship_engine.runtime import bundle
from tests.fuzzing.inputs import as_json, damaged, json_texts, texts, values
from tests.fuzzing.target import Target, check_words


def check(data: bytes) -> None:
    """An object whose `runtime` is known, in which nothing is too deep, or a refusal that can be told."""
    try:
        manifest = bundle._manifest(data.decode("utf-8-sig", errors="replace"))
    except InvalidManifestError as error:
        check_words(error.message, error.suggestion)
        return
    assert isinstance(manifest, dict)
    assert manifest.get("runtime") in (None, "native", "original")
    assert not strict_json.is_deeper(manifest)
    assert bundle._manifest(as_json(manifest).decode()) == manifest


_known = st.sampled_from(["type", "handle", "version", "runtime", "limits", "memory", "timeout_s", "public"])
_objects = st.dictionaries(
    _known | texts, values | st.sampled_from(["native", "original", "512MB", {"memory": -1}]), max_size=6
)
_wishes = st.builds(
    lambda wish: b'{"runtime": ' + wish + b"}", st.one_of(json_texts, st.builds(as_json, values))
)
_inputs = st.one_of(st.builds(as_json, _objects), damaged(st.builds(as_json, _objects)), json_texts, _wishes)

TARGET = Target("manifests", check, _inputs, (bundle, strict_json))
