"""Files and tags over HTTP."""

from __future__ import annotations

import pytest

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def alice(callers):
    return callers[0]


@pytest.fixture
def bob(callers):
    return callers[1]


@pytest.fixture
def nobody(callers):
    return callers[2]


def upload(caller, content: bytes, **fields: str) -> dict:
    """As the original client does: every field has a file name, the part's own type means nothing."""
    parts = [(name, (name, value.encode())) for name, value in {"type": "file", **fields}.items()]
    parts.append(("file", ("file-part", content, "multipart/form-data")))
    body = caller.send("POST", "file/create", files=parts).json()
    assert "status" not in body, body
    return body["data"]["file"]


def value(caller, **fields) -> dict:
    return caller.data("file/create", {"type": "value", "value": "x", **fields})["file"]


def test_an_uploaded_file_comes_back_exactly(alice):
    """Bytes, sniffed type and tags are those that were sent, in every answer the same."""
    file = upload(alice, PNG, handle="picture.png", **{"tags[0][kind]": "k", "tags[0][value][a][b]": "1"})
    assert (file["handle"], file["mimeType"], file["publicData"], file["blocks"]) == (
        "picture.png",
        "image/png",
        False,
        [],
    )
    assert [(tag["kind"], tag["name"], tag["value"]) for tag in file["tags"]] == [
        ("k", None, {"a": {"b": "1"}})
    ]
    assert alice.data("file/get", {"id": file["id"]})["file"] == file
    assert alice.data("file/get", {"handle": "PICTURE.png"})["file"] == file
    assert alice.data("file/list")["files"] == [file]
    assert alice.data("file/query", {"tagFilterQuery": 'kind "k"'})["files"] == [file]
    for answer in (
        alice.send("POST", "file/raw", json={"id": file["id"]}),
        alice.send("GET", f"file/{file['id']}/raw"),
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert answer.content == PNG


def test_tags_of_an_upload_may_be_json(alice):
    """Tags that come as one JSON text keep the types of their values; a text that is none is refused."""
    tags = '[{"kind": "k", "value": {"score": 0.5, "good": true, "none": null}}]'
    assert upload(alice, b"x", tags=tags)["tags"][0]["value"] == {"score": 0.5, "good": True, "none": None}
    for broken in ("[{", "[NaN]", '"text"', "[" * 100_000):
        answer = alice.send(
            "POST", "file/create", files=[("type", (None, b"file")), ("tags", (None, broken))]
        )
        assert answer.status_code == 400, broken[:20]
        assert answer.json()["status"]["statusCode"] == "InvalidRequest"


@pytest.mark.parametrize(
    ("content", "mime_type", "wire", "raw"),
    [
        (b"import os\n", None, "text/plain", "text/plain"),
        (b"a,b\n", "text/csv; charset=utf-8", "text/plain", "text/csv"),
        (b"", None, "text/plain", "text/plain"),
        (b"\xff\xfe\x00", None, "application/octet-stream", "application/octet-stream"),
        (b"<script>", "text/html", "text/html", "text/html"),
    ],
)
def test_mime_types(alice, content, mime_type, wire, raw):
    """The JSON names a type that the original client knows; the raw bytes carry their own, without charset."""
    file = upload(alice, content, **({} if mime_type is None else {"mimeType": mime_type}))
    assert file["mimeType"] == wire
    answer = alice.send("GET", f"file/{file['id']}/raw")
    assert answer.headers["content-type"] == raw
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.content == content


def test_private_and_public_bytes(alice, bob, nobody):
    """Private bytes are their owner's alone, in whatever workspace; public ones everybody's, at once."""
    file = value(alice, value="mine", X_Workspace_Handle="default")
    path = f"file/{file['id']}/raw"
    other = alice.data("workspace/create", {"handle": "other"})["workspace"]
    assert alice.send("GET", path, {"x-workspace-id": other["id"]}).content == b"mine"
    assert nobody.send("GET", path).status_code == 401
    assert bob.send("GET", path).status_code == 404
    assert nobody.send("GET", "file/UNKNOWN/raw").status_code == 401
    assert alice.data("file/update", {"id": file["id"], "publicData": True})["file"]["publicData"] is True
    assert nobody.send("GET", path).content == b"mine"
    assert bob.send("GET", path).content == b"mine"
    alice.data("file/update", {"id": file["id"], "publicData": False})
    assert nobody.send("GET", path).status_code == 401


def test_parts_and_unchanged_bytes(alice):
    """Ranges give parts, the ETag of what one has gives 304, a range beyond the end 416."""
    file = value(alice, value="0123456789")
    path = f"file/{file['id']}/raw"
    part = alice.send("GET", path, {"range": "bytes=2-4"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    etag = part.headers["etag"]
    unchanged = alice.send("GET", path, {"if-none-match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert alice.send("GET", path, {"range": "bytes=99-"}).status_code == 416


def test_another_users_files_are_not_there(alice, bob):
    """No operation shows, changes or deletes another user's file or tag."""
    file = value(alice, handle="mine", tags=[{"kind": "k"}])
    tag = file["tags"][0]
    for path, body in (
        ("file/get", {"id": file["id"]}),
        ("file/get", {"handle": "mine"}),
        ("file/raw", {"id": file["id"]}),
        ("file/update", {"id": file["id"], "publicData": True}),
        ("file/delete", {"id": file["id"]}),
        ("tag/create", {"fileId": file["id"], "kind": "k"}),
        ("tag/delete", {"id": tag["id"]}),
    ):
        assert bob.refusal(path, body).startswith("NotFound: "), path
    for query in ("all", 'kind "k"', f'file_id "{file["id"]}"'):
        assert bob.data("file/query", {"tagFilterQuery": query})["files"] == []
        assert bob.data("tag/query", {"tagFilterQuery": query})["tags"] == []
    assert bob.data("file/list")["files"] == []
    assert alice.data("file/get", {"id": file["id"]})["file"] == file


def test_handles(alice):
    """A handle is kept, unique in its workspace whatever its case, and made where none is given."""
    value(alice, handle="Report 1.txt")
    refusal = alice.refusal("file/create", {"type": "none", "handle": "report 1.TXT"})
    assert refusal.startswith('AlreadyExists: The workspace "default" has a file "report 1.TXT"')
    assert alice.refusal("file/create", {"type": "none", "handle": "a/b"}).startswith("InvalidHandle: ")
    assert value(alice)["handle"].startswith("file-")


def test_deleting_a_file_takes_its_tags_and_bytes(alice, tmp_path):
    """What is deleted is gone, with tags and stored bytes; a second file with the same bytes keeps them."""
    one, two = value(alice, value="same", tags=[{"kind": "k"}]), value(alice, value="same")
    assert alice.data("file/delete", {"id": one["id"]})["file"] == one
    assert alice.refusal("file/delete", {"id": one["id"]}).startswith("NotFound: ")
    assert alice.data("tag/query", {"tagFilterQuery": "all"})["tags"] == []
    assert alice.send("GET", f"file/{two['id']}/raw").content == b"same"
    alice.data("file/delete", {"id": two["id"]})
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_a_deleted_workspace_takes_its_bytes(alice, tmp_path):
    """Deleting a workspace removes the stored bytes of its files."""
    workspace = alice.data("workspace/create", {"handle": "short"})["workspace"]
    alice.data("file/create", {"type": "value", "value": "x"}, X_Workspace_Id=workspace["id"])
    alice.data("workspace/delete", {"id": workspace["id"]})
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_tags_are_read_as_they_were_just_written(alice):
    """A tag is in the file and in queries from the answer that made it to the one that deleted it."""
    file = value(alice)
    made = alice.data(
        "tag/create", {"fileId": file["id"], "kind": "kv", "name": "ключ", "value": {"a": [1]}}
    )["tag"]
    twin = alice.data("tag/create", {"fileId": file["id"], "kind": "kv", "name": "ключ"})["tag"]
    assert made["id"] != twin["id"]
    query = {"tagFilterQuery": 'filetag and kind "kv" and name "ключ"'}
    assert alice.data("file/query", query)["files"][0]["tags"] == [made, twin]
    assert alice.data("tag/delete", {"id": made["id"]})["tag"] == made
    assert alice.data("tag/query", query)["tags"] == [twin]


def test_one_tag_must_match_a_whole_query(alice):
    """Kind and name must be of one and the same tag."""
    value(alice, tags=[{"kind": "a", "name": "x"}, {"kind": "b", "name": "y"}])
    assert alice.data("file/query", {"tagFilterQuery": 'kind "a" and name "y"'})["files"] == []
    assert len(alice.data("file/query", {"tagFilterQuery": 'kind "a" or name "y"'})["files"]) == 1


def test_queries_keep_to_the_workspace(alice):
    """A query sees the current workspace alone."""
    value(alice, tags=[{"kind": "k"}])
    other = alice.data("workspace/create", {"handle": "other"})["workspace"]
    body = {"tagFilterQuery": 'kind "k"'}
    assert alice.data("file/query", body, X_Workspace_Id=other["id"])["files"] == []
    assert len(alice.data("file/query", body)["files"]) == 1


def test_lists_come_in_pages(alice):
    """Files are listed newest first, page by page, and the last page says so."""
    files = [value(alice) for _ in range(4)]
    first = alice.data("file/list", {"pageSize": 3})
    second = alice.data("file/list", {"pageSize": 1, "pageToken": first["nextPageToken"]})
    assert first["files"] + second["files"] == files[::-1]
    assert second["nextPageToken"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "blocks", "blocks": [{"text": "words"}]}, "NotImplemented"),
        ({"type": "fileImporter", "url": "http://x/"}, "NotImplemented"),
        ({"type": "nonsense"}, "InvalidRequest"),
        ({"type": "value", "value": "x", "mimeType": "a\r\nb"}, "InvalidRequest"),
        ({"type": "none", "tags": [{"name": "no kind"}]}, "InvalidRequest"),
        ({"type": "none", "tags": [{"kind": "k", "value": "scalar"}]}, "InvalidRequest"),
        ({}, "InvalidRequest"),
    ],
)
def test_what_cannot_be_created(alice, body, code):
    """A file of a kind that is not built, or not there, is refused with its name."""
    assert alice.refusal("file/create", body).startswith(f"{code}: ")
    assert alice.data("file/list")["files"] == []


def test_an_empty_block_makes_an_empty_file(alice):
    """The key-value store's file, with one empty block and a tag, is made; it has no bytes."""
    body = {"type": "blocks", "blocks": [{"text": ""}], "tags": [{"kind": "kv", "name": "__init__"}]}
    file = alice.data("file/create", body)["file"]
    assert (file["blocks"], file["mimeType"]) == ([], None)
    answer = alice.send("POST", "file/raw", json={"id": file["id"]})
    assert (answer.content, answer.headers["content-type"]) == (b"", "application/octet-stream")


def test_queries_of_no_form(alice):
    """A query that is none is refused, and one that is not understood is said to be missing."""
    assert alice.refusal("file/query", {"tagFilterQuery": "kind"}).startswith("InvalidRequest: ")
    assert alice.refusal("tag/query", {"tagFilterQuery": 'value("a") = 1'}).startswith("NotImplemented: ")
    assert alice.refusal("tag/create", {"fileId": "F", "blockId": "B", "kind": "k"}).startswith(
        "NotImplemented: "
    )
