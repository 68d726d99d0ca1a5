"""`.steamship/secrets.toml` beside the package's code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from steamship.base.error import InvalidConfigError
from steamship.invocable.secrets_file import load_secrets
from steamship.invocable.serving import DefinitionError, Serving, describe, find_class

SOURCE = """
from pydantic import SecretStr
from steamship.invocable import Config, PackageService, post

class Keys(Config):
    token: SecretStr
    name: str = ""

class Package(PackageService):
    config: Keys

    @post("keys")
    def keys(self):
        return [self.config.token.get_secret_value(), self.config.name]

    @post("fail")
    def fail(self):
        raise ValueError(self.config.token.get_secret_value() + self.config.name)
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function: the class of a package whose secrets file has this text; None for no file."""

    def make(secrets: str | bytes | None) -> type:
        folder = tmp_path / "code"
        (folder / ".steamship").mkdir(parents=True)
        (folder / "api.py").write_text(SOURCE)
        if secrets is not None:
            content = secrets if isinstance(secrets, bytes) else secrets.encode()
            (folder / ".steamship" / "secrets.toml").write_bytes(content)
        name = f"api_of_{tmp_path.name}"
        spec = importlib.util.spec_from_file_location(name, folder / "api.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        monkeypatch.chdir(tmp_path)
        return find_class(module)

    return make


def served(cls: type, config: dict, path: str = "keys"):
    instance = {
        "id": "I",
        "workspaceId": "W",
        "workspaceHandle": "w",
        "config": config,
        "context": {},
        "bases": {},
    }
    return Serving(cls, instance).call("POST", path, {}, (), {"key": "K", "requestId": "R", "headers": {}})


def test_the_file_lies_under_the_config(package):
    """Values come from the file, and the instance's config, an empty string too, wins over them."""
    cls = package('token = "filed"\nname = "filed"')
    assert served(cls, {}).body == b'["filed","filed"]'
    assert served(cls, {"token": "mine", "name": ""}).body == b'["mine",""]'


def test_what_the_file_holds_is_not_required(package):
    """A parameter in the file is neither required nor given a default by the template."""
    template = describe(package('token = "filed"\nname = "filed"'))["configTemplate"]
    assert template["token"]["required"] is False
    assert "default" not in template["name"]


def test_without_a_file_nothing_is_filled_in(package):
    """Without a file, a required parameter stays required."""
    cls = package(None)
    assert load_secrets(cls) == {}
    assert describe(cls)["configTemplate"]["token"]["required"] is True


def test_the_working_directory_comes_first(package, monkeypatch):
    """A file in the working directory is taken instead of the one beside the code."""
    cls = package('token = "beside"')
    Path(".steamship").mkdir()
    Path(".steamship/secrets.toml").write_text('token = "here"')
    assert load_secrets(cls) == {"token": "here"}


def test_the_files_values_are_redacted(package):
    """Every text of the file is a secret: none is in an error."""
    error = served(package('token = "tok-12345"\nname = "nam-12345"'), {}, "fail").error
    assert error["message"] == "ValueError: [redacted][redacted]"


@pytest.mark.parametrize("content", ['token = "unclosed-secret', b"\xff\xfe"])
def test_a_broken_file_is_named_without_its_content(package, content):
    """A file that is no TOML is refused by its name, without what it holds."""
    cls = package(content)
    with pytest.raises(InvalidConfigError, match='".steamship/secrets.toml" cannot be read') as caught:
        load_secrets(cls)
    assert "unclosed" not in str(caught.value)
    with pytest.raises(DefinitionError, match="cannot be read"):
        describe(cls)
