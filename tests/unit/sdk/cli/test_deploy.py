"""`ship deploy`, its conversation with the engine; the local check is tested where processes may be started."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from steamship.cli import deploy as deploy_module
from steamship.cli.local_check import Checked
from tests.unit.sdk.cli.conftest import failed

MANIFEST = {
    "type": "package",
    "handle": "greeter",
    "version": "1.0.0",
    "description": "Greets.",
    "public": True,
}
MADE = {
    "id": "V1",
    "handle": "1.0.0",
    "kind": "native",
    "kindReason": "requirements.txt does not name steamship",
    "schemas": {"config": {}, "POST /greet": {}},
    "notes": [],
}


@pytest.fixture
def checked(monkeypatch):
    """What the local check comes to; an exception is raised."""
    outcome = {"is": Checked(routes=1)}

    class Check:
        def __init__(self, project, *, python=None):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def result(self):
            if isinstance(outcome["is"], Exception):
                raise outcome["is"]
            return outcome["is"]

    monkeypatch.setattr(deploy_module, "LocalCheck", Check)
    monkeypatch.setattr(deploy_module, "SHORTEST_PAUSE_S", 0)
    return outcome


@pytest.fixture
def engine(engine, checked):
    """An engine that takes every deploy."""
    task = {"taskId": "T1", "state": "waiting"}
    engine.answers |= {
        "package/create": {"package": {"id": "P1", "handle": "greeter", "userId": "U1"}},
        "package/version/list": {"packageVersions": []},
        "package/version/create": {"status": task},
        "task/status": {
            "status": {**task, "state": "succeeded", "output": json.dumps({"packageVersion": MADE})},
            "data": {"packageVersion": MADE},
        },
        "package/update": {"package": {"id": "P1"}},
    }
    return engine


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package's folder, in which the command runs."""
    (tmp_path / "api.py").write_text("class Greeter: ...\n")
    (tmp_path / "README.md").write_text("# Greeter\n")
    (tmp_path / "steamship.json").write_text(json.dumps(MANIFEST))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _sent_manifest(engine) -> dict[str, object]:
    body = engine.payload("package/version/create")
    archive = zipfile.ZipFile(io.BytesIO(body[body.index(b"PK\x03\x04") :]))
    return json.loads(archive.read("steamship.json"))


def test_steps(ship, engine, folder):
    """A deploy tells its steps, and what to type next."""
    ran = ship("deploy")
    assert ran.code == 0, ran.err
    steps = [line.split(":")[0].split()[0] for line in ran.out.splitlines() if line]
    assert steps == ["checked", "bundled", "uploaded", "built", "native,", "deployed", "Next"]
    assert "bundled 3 files" in ran.out
    assert "deployed greeter 1.0.0 in " in ran.out
    assert ran.out.endswith("Next: ship use greeter\n")


@pytest.mark.parametrize(
    ("kind", "reason", "line"),
    [
        (
            "native",
            "requirements.txt does not name steamship",
            "native, for steamship 3: requirements.txt does not",
        ),
        ("original", "the bundle has steamship/", "original, for steamship 2: the bundle has steamship/"),
        ("native", None, "native, for steamship 3\n"),
    ],
)
def test_which_sdk_and_why(ship, engine, folder, kind, reason, line):
    """A deploy tells for which SDK the version counts, and why the engine thinks so."""
    made = {"packageVersion": {**MADE, "kind": kind, "kindReason": reason}}
    engine.answers["task/status"]["data"] = made
    engine.answers["task/status"]["status"]["output"] = json.dumps(made)
    assert f"\n{line}" in ship("deploy").out


def test_calls(ship, engine, folder):
    """Package, then version; the package's page is changed only when the version serves."""
    ship("deploy")
    assert engine.called() == [
        "account/current", "package/create", "package/version/list", "package/version/create", "task/status",
        "package/update",
    ]  # fmt: skip
    created = engine.payload("package/create")
    assert (created["handle"], created["isPublic"], created["fetchIfExists"]) == ("greeter", True, True)
    assert created["profile"]["steamshipRegistry"] == {"tags": []}
    body = engine.payload("package/version/create")
    for part in (
        b'name="packageId"\r\n\r\nP1\r\n',
        b'name="handle"\r\n\r\n1.0.0\r\n',
        b'name="file"; filename=',
    ):
        assert part in body
    told = engine.payload("package/update")
    assert (told["id"], told["description"], told["readme"], told["isPublic"]) == (
        "P1",
        "Greets.",
        "# Greeter\n",
        True,
    )


def test_notes(ship, engine, folder):
    """What the engine remarks about the code is a warning, once."""
    made = {"packageVersion": {**MADE, "notes": ["POST /greet: a remark."]}}
    engine.answers["task/status"] = {"status": {"taskId": "T1", "state": "succeeded"}, "data": made}
    ran = ship("deploy")
    assert (ran.code, ran.err) == (0, "warning: POST /greet: a remark.\n")


def test_config_template_of_original_code(ship, engine, folder):
    """The manifest's config template is sent: for original code it is the one that counts."""
    template = {"word": {"type": "string", "default": "x"}}
    (folder / "steamship.json").write_text(json.dumps({**MANIFEST, "configTemplate": template}))
    assert ship("deploy").code == 0
    assert json.dumps(template).encode() in engine.payload("package/version/create")


def test_json(ship, engine, folder):
    """With --json standard output is the version alone."""
    ran = ship("deploy", "--json")
    assert ran.json() == MADE
    assert "deployed greeter 1.0.0" in ran.err


def test_folder_or_manifest_given(ship, engine, folder, tmp_path_factory, monkeypatch):
    """The folder may be named, also by its manifest."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert ship("deploy", str(folder)).code == 0
    assert ship("deploy", str(folder / "steamship.json")).code == 0
    assert ship("deploy", str(folder / "nope")).code == 1


def test_flags_win_for_this_once(ship, engine, folder):
    """Flags win over the manifest in what is deployed, and the file stays as it is."""
    ran = ship("deploy", "--version", "2.0.0", "--handle", "other", "--private", "--description", "New.")
    assert ran.code == 0, ran.err
    sent = _sent_manifest(engine)
    assert (sent["version"], sent["handle"], sent["public"], sent["description"]) == (
        "2.0.0",
        "other",
        False,
        "New.",
    )
    assert json.loads((folder / "steamship.json").read_text()) == MANIFEST


def test_failed_check(ship, engine, folder, checked):
    """What fails here is not sent."""
    from steamship.base.error import DeployError

    checked["is"] = DeployError("api.py:3: invalid syntax", suggestion="Mend that line.")
    ran = ship("deploy")
    assert (ran.code, ran.err) == (1, "Error: api.py:3: invalid syntax\nMend that line.\n")
    assert engine.sent == []


def test_doubtful_check(ship, engine, folder, checked):
    """What cannot be found out here is left to the engine, and said."""
    checked["is"] = Checked(doubt='"pandas" of requirements.txt is not installed here')
    ran = ship("deploy")
    assert ran.code == 0
    assert (
        'not checked here: "pandas" of requirements.txt is not installed here; the engine decides' in ran.out
    )


def test_failure_in_the_engine(ship, engine, folder):
    """The engine's own message is shown whole, and the package's page is left alone."""
    message = "No module named 'nope' (api.py:1)\nTraceback ...\nModuleNotFoundError"
    status = {"taskId": "T1", "state": "failed", "statusMessage": message, "statusCode": "DeployFailed"}
    engine.answers["task/status"] = {"status": status}
    ran = ship("deploy")
    assert (ran.code, ran.err) == (1, f"Error: {message}\n")
    assert "package/update" not in engine.called()


def test_somebody_elses_package(ship, engine, folder):
    """A handle that is another user's is told as such, private or public."""
    engine.answers["package/create"] = failed("Something went wrong.", "Conflict", http=409)
    ran = ship("deploy")
    assert ran.code == 1
    assert '"greeter" belongs to another user' in ran.err
    assert "--handle" in ran.err
    engine.answers["package/create"] = {"package": {"id": "P1", "handle": "greeter", "userId": "U2"}}
    assert ship("deploy").err == ran.err
    assert "package/version/create" not in engine.called()


def test_taken_version(ship, engine, folder):
    """A version that exists is not uploaded again; a free one is offered."""
    engine.answers["package/version/list"] = {"packageVersions": [{"handle": "1.0.1"}, {"handle": "1.0.0"}]}
    ran = ship("deploy")
    assert ran.code == 1
    assert '"1.0.0" of "greeter" is deployed already' in ran.err
    assert "`ship deploy --version 1.0.2`" in ran.err
    assert "package/version/create" not in engine.called()


def test_taken_version_and_yes(ship, engine, folder):
    """With --yes the next version is taken, and noted in the manifest."""
    engine.answers["package/version/list"] = {"packageVersions": [{"handle": "1.0.1"}, {"handle": "1.0.0"}]}
    assert ship("deploy", "--yes").code == 0
    assert _sent_manifest(engine)["version"] == "1.0.2"
    assert json.loads((folder / "steamship.json").read_text()) == {**MANIFEST, "version": "1.0.2"}


def test_version_taken_meanwhile(ship, engine, folder):
    """A version that somebody deploys at the same time is told like any taken one."""
    status = {"taskId": "T1", "state": "failed", "statusMessage": "Exists.", "statusCode": "AlreadyExists"}
    engine.answers["task/status"] = {"status": status}
    ran = ship("deploy")
    assert ran.code == 1
    assert "is deployed already" in ran.err


def test_interrupt(ship, engine, folder):
    """Ctrl-C while the engine builds ends with 130 and says what goes on."""

    def interrupt(_sent):
        raise KeyboardInterrupt

    engine.answers["task/status"] = interrupt
    ran = ship("deploy")
    assert ran.code == 130
    assert ran.err.startswith("Interrupted.")
    assert "`ship versions greeter`" in ran.err


def test_made_from_flags(ship, engine, folder):
    """Without a manifest the flags make one, and it is kept."""
    (folder / "steamship.json").unlink()
    assert ship("deploy", "--handle", "greeter", "--version", "1.0.0", "--private").code == 0
    made = json.loads((folder / "steamship.json").read_text())
    assert made == {
        "type": "package", "handle": "greeter", "version": "1.0.0", "public": False,
        "steamshipRegistry": {"tags": []},
    }  # fmt: skip


def test_missing_flags(ship, engine, folder):
    """Without a manifest and without a terminal, the missing flags are named; nothing is made."""
    (folder / "steamship.json").unlink()
    ran = ship("deploy", "--handle", "greeter")
    assert ran.code == 2
    assert "--version and --public or --private are not given" in ran.err
    assert not (folder / "steamship.json").exists()
    assert engine.sent == []


def test_no_package_here(ship, engine, tmp_path, monkeypatch):
    """A folder without code is told before anything is asked."""
    monkeypatch.chdir(tmp_path)
    ran = ship("deploy", "--handle", "x", "--version", "1", "--private")
    assert ran.code == 1
    assert 'There is no "api.py"' in ran.err


def test_broken_manifest(ship, engine, folder):
    """A manifest that cannot be used is told field by field."""
    (folder / "steamship.json").write_text(json.dumps({**MANIFEST, "handle": "No Good", "public": "yes!"}))
    ran = ship("deploy")
    assert ran.code == 1
    assert '"handle" is "No Good"' in ran.err
    assert '"public" is "yes!"' in ran.err


def test_large_file(ship, engine, folder):
    """A file above 10 MiB is deployed with a warning that names it."""
    with (folder / "big.bin").open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    ran = ship("deploy")
    assert ran.code == 0
    assert '"big.bin" has 11.0 MiB' in ran.err
