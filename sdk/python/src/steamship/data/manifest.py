"""`steamship.json`: what a deployable says of itself, and the parameters of a config."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from steamship.base.error import InvalidManifestError

MANIFEST_FILE = "steamship.json"


class ConfigParameterType(StrEnum):
    """The types a config parameter can have."""

    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"

    @staticmethod
    def from_python_type(t: type) -> ConfigParameterType:
        """The parameter type of a Python type. Raises ValueError for one that no parameter can have."""
        for kinds, parameter in (((str,), "string"), ((bool,), "boolean"), ((int, float), "number")):
            if issubclass(t, kinds):
                return ConfigParameterType(parameter)
        raise ValueError(f'The type "{t}" is no string, number or boolean.')


class ConfigParameter(BaseModel):
    """One parameter of a config template. `required` None: required when there is no default.

    `values` are all that it may be, None: whatever has its type.
    """

    type: ConfigParameterType
    description: str | None = None
    default: StrictStr | StrictBool | StrictInt | StrictFloat | None = None
    required: bool | None = None
    nullable: bool | None = None
    secret: bool | None = None
    values: list[str | int | float | bool] | None = None


class DeployableType(StrEnum):
    """What a bundle is."""

    PLUGIN = "plugin"
    PACKAGE = "package"


class SteamshipRegistry(BaseModel):
    """What the package directory shows."""

    tagline: str | None = None
    tagline2: str | None = None
    usefulFor: str | None = None
    videoUrl: str | None = None
    githubUrl: str | None = None
    demoUrl: str | None = None
    blogUrl: str | None = None
    jupyterUrl: str | None = None
    authorGithub: str | None = None
    authorName: str | None = None
    authorEmail: str | None = None
    authorTwitter: str | None = None
    authorUrl: str | None = None
    tags: list[str] = Field(default_factory=list)


class PluginConfig(BaseModel):
    """What a plugin says of itself beyond the rest."""

    isTrainable: bool = False
    transport: str = "jsonOverHttp"
    type: str
    streaming: bool = False


def _nothing_ignored() -> dict[str, list[str]]:
    return {"ignore": []}


class Manifest(BaseModel):
    """A whole `steamship.json`; unknown fields are kept, so that reading and saving loses nothing."""

    model_config = ConfigDict(extra="allow")

    type: DeployableType = DeployableType.PACKAGE
    handle: str
    version: str
    description: str | None = None
    author: str | None = None
    entrypoint: str = "Unused"
    public: bool = False
    plugin: PluginConfig | None = None
    build_config: dict[str, list[str]] = Field(default_factory=_nothing_ignored)
    configTemplate: dict[str, ConfigParameter] | None = None
    steamshipRegistry: SteamshipRegistry = Field(default_factory=SteamshipRegistry)

    @staticmethod
    def load_manifest() -> Manifest:
        """The manifest of the working directory. Raises InvalidManifestError."""
        path = Path(MANIFEST_FILE)
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError as error:
            raise InvalidManifestError(
                f'There is no "{MANIFEST_FILE}" in "{Path.cwd()}".',
                suggestion="Go to the package's folder.",
            ) from error
        except ValidationError as error:
            raise InvalidManifestError(
                f'The "{MANIFEST_FILE}" in "{Path.cwd()}" cannot be used: {_problems(error)}.',
                suggestion="Mend the named fields.",
            ) from error

    def save(self) -> None:
        """Write it to the working directory, indented with tabs."""
        import json

        wire = self.model_dump(mode="json", exclude_none=True)
        Path(MANIFEST_FILE).write_text(json.dumps(wire, indent="\t") + "\n", "utf-8")

    def config_template_as_dict(self) -> dict[str, dict[str, Any]]:
        """The config template with what is not set left out."""
        template = self.configTemplate or {}
        return {name: p.model_dump(mode="json", exclude_none=True) for name, p in template.items()}


def _problems(error: ValidationError) -> str:
    return "; ".join(f'"{".".join(map(str, e["loc"])) or "file"}" {e["msg"]}' for e in error.errors())
