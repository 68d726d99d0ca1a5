"""Files, tags, versions and manifests: what their classes do beyond a single call."""

from __future__ import annotations

from pathlib import Path

import pytest

from steamship import Block, File, MimeTypes, PackageVersion, Tag
from steamship.base.error import InvalidBundleError, InvalidManifestError, InvalidRequestError
from steamship.data.manifest import ConfigParameter, ConfigParameterType, Manifest
from tests.services.fake_transport import API, FakeTransport, client_with, reply


def _file(**fields: object) -> FakeTransport:
    return FakeTransport(reply({"data": {"file": {"id": "F1", "handle": "f", **fields}}}))


def test_a_file_is_of_content_or_of_blocks() -> None:
    """Both is refused; neither makes an empty file; empty content is content."""
    transport = _file()
    client = client_with(transport)
    with pytest.raises(InvalidRequestError, match="not of both"):
        File.create(client, content="a", blocks=[])
    File.create(client, tags=[Tag(kind="k", name="n")])
    File.create(client, blocks=[Block(text="a", tags=[Tag(kind="k")])])
    assert transport.bodies == [
        {"type": "none", "publicData": False, "tags": [{"kind": "k", "name": "n"}]},
        {"type": "blocks", "publicData": False, "blocks": [{"text": "a", "tags": [{"kind": "k"}]}]},
    ]
    File.create(client, content=b"")
    assert b'name="file"; filename="file-part"' in (transport.requests[2].body or b"")


def test_a_files_client_reaches_its_parts() -> None:
    """Blocks and tags of a fetched file can be worked with."""
    transport = _file(blocks=[{"id": "B1", "tags": [{"id": "T1"}]}], tags=[{"id": "T2", "fileId": "F1"}])
    client = client_with(transport)
    file = File.get(client, "F1")
    assert file.client is file.blocks[0].client is file.tags[0].client is client
    assert (file.blocks[0].tags or [])[0].client is client
    assert file.raw_data_url == f"{API}file/F1/raw"


def test_refresh_takes_over_what_the_engine_says() -> None:
    """`refresh` changes the object itself."""
    file = File(client=client_with(_file(tags=[{"id": "T1", "kind": "new"}])), id="F1")
    assert file.refresh() is file
    assert [tag.kind for tag in file.tags] == ["new"]


def test_a_mime_type_outside_the_list_is_kept() -> None:
    """The wire's list is closed; a newer engine's type still comes through."""
    client = client_with(_file(mimeType="font/woff2"))
    assert File.get(client, "F1").mime_type == "font/woff2"
    assert File.get(client_with(_file(mimeType="image/png")), "F1").mime_type == MimeTypes.PNG


def test_a_tag_that_is_not_stored_cannot_be_deleted() -> None:
    """The error names it."""
    with pytest.raises(InvalidRequestError, match='"n" is not stored'):
        Tag(kind="k", name="n").delete()


def test_a_version_needs_one_bundle() -> None:
    """A path or bytes, and not both."""
    client = client_with(FakeTransport())
    with pytest.raises(InvalidBundleError):
        PackageVersion.create(client, package_id="P1")
    with pytest.raises(InvalidBundleError):
        PackageVersion.create(client, package_id="P1", filename="a.zip", filebytes=b"")


def test_a_manifest_survives_reading_and_saving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was in `steamship.json` is there after saving it, indented with tabs, unknown fields included."""
    monkeypatch.chdir(tmp_path)
    Path("steamship.json").write_text(
        '{"handle": "greeter", "version": "1.0.0", "runtime": "native", "steamshipRegistry": {"tags": ["a"]},'
        ' "configTemplate": {"mood": {"type": "string", "default": "good"}}}'
    )
    manifest = Manifest.load_manifest()
    manifest.version = "1.0.1"
    manifest.save()
    assert '\n\t"handle": "greeter"' in Path("steamship.json").read_text()
    again = Manifest.load_manifest()
    assert again == manifest
    assert again.config_template_as_dict() == {"mood": {"type": "string", "default": "good"}}
    assert again.model_extra == {"runtime": "native"}


def test_a_manifest_that_cannot_be_used_names_its_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing file, broken JSON and missing fields are different errors."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidManifestError, match='no "steamship.json" in'):
        Manifest.load_manifest()
    Path("steamship.json").write_text("{")
    with pytest.raises(InvalidManifestError, match="Invalid JSON"):
        Manifest.load_manifest()
    Path("steamship.json").write_text('{"handle": "x"}')
    with pytest.raises(InvalidManifestError, match='"version" Field required'):
        Manifest.load_manifest()


def test_config_parameter_types() -> None:
    """Strings, numbers and booleans have a type; a default keeps its own."""
    kinds = [ConfigParameterType.from_python_type(kind) for kind in (str, bool, int, float)]
    assert kinds == ["string", "boolean", "number", "number"]
    with pytest.raises(ValueError, match="is no string, number or boolean"):
        ConfigParameterType.from_python_type(list)
    assert ConfigParameter(type=ConfigParameterType.BOOLEAN, default=True).default is True
    assert ConfigParameter(type=ConfigParameterType.NUMBER, default=3).default == 3
