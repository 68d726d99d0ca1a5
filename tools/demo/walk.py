"""The walk itself: every step says what it does, does it, and checks the answer."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from steamship import PackageInstance, Steamship, SteamshipError
from steamship.utils.url import Verb
from tools.demo.stage import REPO, SHIP, Stage
from tools.demo.transcript import Transcript

EXAMPLES = REPO / "examples"
DOCUMENTS = Path("/usr/share/common-licenses")


def deploy_examples(stage: Stage, transcript: Transcript) -> None:
    """Deploy every folder that has a steamship.json."""
    transcript.heading("Deploy: a folder with a Python class becomes a version of a package")
    for manifest in sorted(EXAMPLES.glob("*/steamship.json")):
        folder = manifest.parent
        transcript.does("shell", f"cd {folder.relative_to(REPO)} && ship deploy")
        printed = stage.run(SHIP, "deploy", cwd=folder)
        transcript.output(printed)
        facts = json.loads(manifest.read_text())
        deployed = json.loads(stage.run(SHIP, "versions", facts["handle"], "--json"))
        handles = [version["handle"] for version in deployed]
        transcript.expect(f"versions of {facts['handle']}", handles, handles == [facts["version"]])


def walk_python(transcript: Transcript) -> PackageInstance:
    """The greeter from Python. Returns its instance."""
    transcript.heading("Use: everybody gets a private instance")
    transcript.does("python", 'greeter = Steamship.use("greeter", "my-greeter")')
    greeter = Steamship.use("greeter", "my-greeter")
    transcript.expect("use", greeter.invocation_url, greeter.handle == "my-greeter")

    transcript.does("python", 'greeter.invoke("greet", name="Beautiful")')
    answer = greeter.invoke("greet", name="Beautiful")
    transcript.expect("greet", answer, answer == "Hello, Beautiful!")

    transcript.does("python", 'Steamship.use("greeter", "my-greeter").id == greeter.id')
    same = Steamship.use("greeter", "my-greeter").id == greeter.id
    transcript.expect("the same instance again", same, same is True)

    transcript.does(
        "python", 'Steamship.use("greeter", "sailor", config={"greeting": "Ahoy"}).invoke("greet")'
    )
    answer = Steamship.use("greeter", "sailor", config={"greeting": "Ahoy"}).invoke("greet")
    transcript.expect("config", answer, answer == "Ahoy, you!")

    transcript.does("python", '[m["path"] for m in greeter.invoke("__dir__")["methods"]]')
    paths = [method["path"] for method in greeter.invoke("__dir__")["methods"]]
    transcript.expect("__dir__", paths, {"/greet", "/hello"} <= set(paths))
    return greeter


def walk_curl(stage: Stage, transcript: Transcript, greeter: PackageInstance) -> None:
    """The greeter over plain HTTP."""
    transcript.heading("Plain HTTP: an instance is an API")
    url = f"{greeter.invocation_url}greet"
    transcript.does(
        "shell",
        f'curl {url} -H "Authorization: Bearer $KEY" \\\n  -H "Content-Type: application/json" -d \'{{"name": "Beautiful"}}\'',
    )
    config = stage.home / "curl.conf"
    config.touch(mode=0o600)
    # In a file, not an argument: arguments can be read by every user of the machine.
    config.write_text(f'header = "Authorization: Bearer {stage.config()["apiKey"]}"\n')
    json_type = ("-H", "Content-Type: application/json")
    answer = stage.run("curl", "-sS", "-K", config, url, *json_type, "-d", '{"name": "Beautiful"}')
    transcript.expect("curl", answer, answer == "Hello, Beautiful!")

    transcript.does("shell", f"curl {greeter.invocation_url}hello   # public: no key")
    answer = stage.run("curl", "-sS", f"{greeter.invocation_url}hello")
    transcript.expect("public method", answer, answer == "Hello from my-greeter.")

    transcript.does("shell", f"curl {url} -d '{{}}'   # not public")
    answer = stage.run("curl", "-sS", "-w", " %{http_code}", url, *json_type, "-d", "{}")
    transcript.expect("no key", answer.strip(), answer.endswith(" 401"))


def walk_notebook(transcript: Transcript) -> None:
    """Real documents into one notebook, and nothing of them in another."""
    transcript.heading("State: notes that stay, one notebook a person")
    notebook = Steamship.use("notebook", "licences")
    documents = sorted(path for path in DOCUMENTS.iterdir() if path.is_file() and not path.is_symlink())
    transcript.remark(f"the {len(documents)} licence texts of {DOCUMENTS}, a note each")
    transcript.does(
        "python", 'for path in documents:\n    notebook.invoke("add", title=path.name, text=path.read_text())'
    )
    words = 0
    for path in documents:
        words += notebook.invoke("add", title=path.name, text=path.read_text(errors="replace"))["words"]
    transcript.expect("words kept", words, words > 1000)

    transcript.does("python", 'notebook.invoke("search", query="patent litigation", limit=3)')
    found = notebook.invoke("search", query="patent litigation", limit=3)
    transcript.output(json.dumps(found, indent=1, ensure_ascii=False))
    titles = {note["title"] for note in found}
    transcript.expect("search", sorted(titles), "Apache-2.0" in titles or "MPL-2.0" in titles)

    transcript.does("python", 'Steamship.use("notebook", "diary").invoke("titles", verb=Verb.GET)')
    titles_elsewhere = Steamship.use("notebook", "diary").invoke("titles", verb=Verb.GET)
    transcript.expect("another notebook is empty", titles_elsewhere, titles_elsewhere == [])


def walk_tabular(stage: Stage, transcript: Transcript) -> None:
    """Real data in, numbers and a picture out."""
    transcript.heading("Libraries and pictures: each version has an environment of its own")
    csv = (EXAMPLES / "tabular" / "penguins.csv").read_text()
    tabular = Steamship.use("tabular")
    transcript.does("python", 'tabular.invoke("summary", csv=csv)["columns"]["body_mass_g"]')
    mass = tabular.invoke("summary", csv=csv)["columns"]["body_mass_g"]
    transcript.expect("summary", mass, mass["median"] == 4050.0 and mass["missing"] == 2)
    transcript.does("python", 'tabular.invoke("chart", csv=csv, column="flipper_length_mm", by="species")')
    picture = tabular.invoke("chart", csv=csv, column="flipper_length_mm", by="species")
    size = _png_size(picture)
    (stage.folder / "chart.png").write_bytes(picture)
    transcript.expect("chart", f"{len(picture)} bytes, PNG {size[0]} x {size[1]}", size == (840, 480))


def walk_typescript(stage: Stage, transcript: Transcript) -> None:
    """The greeter from TypeScript, where Node is set up."""
    node = _node()
    if node is None:
        return
    transcript.heading("TypeScript: the same instance from a web back end")
    code = (
        'import { Steamship } from "@steamship/client"\n'
        'const greeter = Steamship.use("greeter", "my-greeter")\n'
        'console.log(await greeter.invoke("greet", {name: "Beautiful"}))\n'
    )
    transcript.does("typescript", code.rstrip())
    program = stage.folder / "walk.mjs"
    packages = stage.folder / "node_modules" / "@steamship"
    packages.mkdir(parents=True)
    (packages / "client").symlink_to(REPO / "sdk" / "typescript")
    program.write_text(code)
    answer = stage.run(node, program, cwd=stage.folder).strip()
    transcript.expect("TypeScript", answer, answer == "Hello, Beautiful!")


def walk_versions(stage: Stage, transcript: Transcript, greeter: PackageInstance) -> None:
    """A new version serves new instances; the old one goes on serving its own."""
    transcript.heading("Versions: immutable, and an instance stays on its own")
    folder = stage.folder / "greeter"
    shutil.copytree(EXAMPLES / "greeter", folder, ignore=shutil.ignore_patterns("__pycache__"))
    source = (folder / "api.py").read_text()
    (folder / "api.py").write_text(source.replace("{name}!", "{name}, good to see you!"))
    transcript.does("shell", "ship deploy --version 1.1.0   # the greeting is friendlier now")
    transcript.output(stage.run(SHIP, "deploy", "--version", "1.1.0", cwd=folder))
    answer = Steamship.use("greeter", "newcomer").invoke("greet", name="Beautiful")
    transcript.does("python", 'Steamship.use("greeter", "newcomer").invoke("greet", name="Beautiful")')
    transcript.expect("new version", answer, answer == "Hello, Beautiful, good to see you!")
    transcript.does("python", 'greeter.invoke("greet", name="Beautiful")')
    answer = greeter.invoke("greet", name="Beautiful")
    transcript.expect("old instance", answer, answer == "Hello, Beautiful!")


def walk_mistakes(transcript: Transcript, greeter: PackageInstance) -> None:
    """Mistakes get an answer that helps, and cost nothing."""
    transcript.heading("Mistakes: said clearly, and nothing is lost")
    mistakes: dict[str, tuple[str, dict[str, Any]]] = {
        'greeter.invoke("greet", nme="Beautiful")': ("greet", {"nme": "Beautiful"}),
        'greeter.invoke("wave")': ("wave", {}),
    }
    for code, (method, arguments) in mistakes.items():
        transcript.does("python", code)
        try:
            answer = greeter.invoke(method, **arguments)
        except SteamshipError as error:
            text = re.sub(r"\s+", " ", str(error))
            transcript.expect(code, text, "nme" in text or "No handler for POST /wave available." in text)
        else:
            transcript.expect(code, answer, False)


def _png_size(picture: bytes) -> tuple[int, int]:
    if not picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return (0, 0)
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


def _node() -> str | None:
    noted = REPO / ".stamps" / "node-path"
    return noted.read_text().strip() if noted.is_file() else None
