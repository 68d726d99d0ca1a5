"""What a deploy keeps about a class, and what it refuses."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any, Optional

import pytest
from pydantic import BaseModel, Field, SecretStr

import steamship
from steamship.invocable import Config, InvocableResponse, PackageMixin, PackageService, get, longstr, post
from steamship.invocable.serving import DefinitionError, describe


class Finish(str, Enum):
    MATT = "matt"
    GLOSS = "gloss"


class Wall(BaseModel):
    height: int
    doors: list[Wall] = []


class Foreign:
    pass


class PainterConfig(Config):
    palette: str = Field("warm", description="The colours.")
    token: SecretStr = SecretStr("builtin-secret")


class Painter(PackageService):
    """Paints walls."""

    config: PainterConfig

    @post("/paint", public=True, timeout=10)
    def paint(self, colour: str, finish: Optional[Finish] = None) -> InvocableResponse[str]:
        """Paint one."""
        return InvocableResponse(string=colour)

    @get("walls")
    def walls(
        self,
        count: Annotated[int, Field(ge=1, description="How many.")] = 3,
        near: Wall = None,
        note: longstr = "",
        **more: Any,
    ) -> list[Wall]:
        return []

    @post("odd")
    def odd(self, foreign: Foreign, default: object = Foreign()) -> Foreign:
        return foreign

    @post("bare")
    def bare(self, x):
        return x


def test_the_spec_is_the_originals_shape():
    """The spec lists methods by path and verb, with annotation strings, enum values and plain options."""
    spec = describe(Painter)["spec"]
    assert {k: v for k, v in spec.items() if k != "methods"} == {
        "name": "Painter",
        "doc": "Paints walls.",
        "sdkVersion": steamship.__version__,
        "usedMixins": [],
    }
    methods = {(m["path"], m["verb"]): m for m in spec["methods"]}
    assert list(methods) == [
        ("/__dir__", "GET"),
        ("/__dir__", "POST"),
        ("/__instance_init__", "POST"),
        ("/bare", "POST"),
        ("/odd", "POST"),
        ("/paint", "POST"),
        ("/walls", "GET"),
    ]
    assert methods["/paint", "POST"] == {
        "path": "/paint",
        "verb": "POST",
        "returns": f"<class '{__name__}.InvocableResponse[str]'>",
        "doc": "Paint one.",
        "args": [
            {"name": "colour", "kind": "<class 'str'>", "values": None},
            {"name": "finish", "kind": f"typing.Optional[{__name__}.Finish]", "values": ["matt", "gloss"]},
        ],
        "config": {"public": True, "timeout": 10},
        "className": "Painter",
    }
    for verb in ("GET", "POST"):
        own = methods["/__dir__", verb]
        assert (own["returns"], own["args"], own["config"]) == ("<class 'dict'>", [], None)
    assert methods["/__instance_init__", "POST"]["config"] == {}
    assert methods["/bare", "POST"]["args"][0]["kind"] == "<class 'inspect._empty'>"
    assert methods["/bare", "POST"]["config"] == {}
    longtext = methods["/walls", "GET"]["args"][2]["kind"]
    assert longtext == "<class 'steamship.invocable.paramater_types.longstr'>"


def test_schemas_say_what_goes_in_and_out():
    """Each method has a schema of its arguments and, where its annotation says it, of its result."""
    schemas = describe(Painter)["schemas"]
    paint = schemas["POST /paint"]["arguments"]
    assert paint["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert paint["required"] == ["colour"]
    assert paint["properties"]["colour"] == {"type": "string"}
    assert paint["additionalProperties"] is False
    walls = schemas["GET /walls"]["arguments"]
    assert walls["properties"]["count"] == {
        "type": "integer",
        "minimum": 1,
        "description": "How many.",
        "default": 3,
    }
    assert walls["properties"]["near"]["default"] is None
    assert set(walls["$defs"]) == {"Wall"}
    assert walls["additionalProperties"] is True
    assert schemas["GET /walls"]["result"]["type"] == "array"
    assert schemas["GET /walls"]["result"]["items"] == {"$ref": "#/$defs/Wall"}
    assert "result" not in schemas["POST /bare"]
    assert schemas["POST /bare"]["arguments"]["properties"] == {"x": {}}
    assert "POST /__dir__" not in schemas


def test_config_has_template_and_schema_and_no_secret():
    """Template and schema of the config are by field name; a secret's default is in neither."""
    described = describe(Painter)
    assert described["configTemplate"]["palette"]["default"] == "warm"
    assert described["schemas"]["config"]["properties"]["palette"]["description"] == "The colours."
    assert described["schemas"]["config"]["additionalProperties"] is False
    assert "builtin-secret" not in json.dumps(described)


def test_a_type_without_schema_is_noted_and_never_fails():
    """An annotation without a schema is left out, and a note names method and argument."""
    described = describe(Painter)
    assert described["schemas"]["POST /odd"]["arguments"]["properties"]["foreign"] == {}
    assert "result" not in described["schemas"]["POST /odd"]
    assert [note for note in described["notes"] if '"foreign"' in note and "POST /odd" in note]
    assert [note for note in described["notes"] if "its result" in note]


def test_everything_is_json():
    """A description is JSON, and comes back from it as it was."""
    described = describe(Painter)
    assert json.loads(json.dumps(described, allow_nan=False)) == described


def test_public_methods_are_listed():
    """The routes that need no key are listed."""
    assert describe(Painter)["publicMethods"] == ["POST /paint"]


class Prepared(PackageService):
    def instance_init(self): ...


class PreparedByMixin(PackageService):
    class Mixin(PackageMixin):
        def instance_init(self): ...

    USED_MIXIN_CLASSES = [Mixin]


class PreparedByConstructor(PackageService):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.add_mixin(PreparedByMixin.Mixin())


class IdleMixin(PackageService):
    class Mixin(PackageMixin): ...

    USED_MIXIN_CLASSES = [Mixin]


@pytest.mark.parametrize(
    ("cls", "needed"),
    [
        (Painter, False),
        (IdleMixin, False),
        (Prepared, True),
        (type("Sub", (Prepared,), {}), True),
        (PreparedByMixin, True),
        (PreparedByConstructor, True),
    ],
)
def test_init_is_needed_only_where_something_may_happen(cls, needed):
    """A class that overrides nothing needs no init; one that does, itself or by a mixin, needs it."""
    assert describe(cls)["needsInit"] is needed


def package(path="x", function=None, **options):
    """A class with one route."""

    def method(self): ...

    return type("Made", (PackageService,), {"method": post(path, **options)(function or method)})


def named(name):
    """A class whose one method has this name."""

    def method(self): ...

    return type("Made", (PackageService,), {name: post("x")(method)})


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (package("__secret__"), '"POST /__secret__" cannot be served: the engine answers "__secret__" itself.'),
        (package("__dir__"), '"POST /__dir__" cannot be served'),
        (package("/__instance_init__"), '"POST /__instance_init__" cannot be served'),
        (package("mcp"), '"POST /mcp" cannot be served: the engine answers "mcp" itself.'),
        (package("//docs/more"), '"POST /docs/more" cannot be served: the engine answers "docs" itself.'),
        (package("openapi.json"), '"POST /openapi.json" cannot be served'),
        (named("client"), '"POST /x" cannot be served: self.client is no method but the instance\'s client.'),
        (package("a b"), '"POST /a b" cannot be served: its path has characters'),
        (package("a?b=c"), '"POST /a?b=c" cannot be served: its path has characters'),
        (package(public="yes"), "\"POST /x\" has public='yes'"),
        (package(timeout=0), '"POST /x" has timeout=0'),
        (package(timeout=True), '"POST /x" has timeout=True'),
        (package(timeout=float("inf")), '"POST /x" has timeout=inf'),
        (package(weight=float("nan")), '"POST /x" has weight=nan'),
        (package(function=lambda self, a, /, b: a), '"POST /x" cannot be served: "a" can only be given by position'),
    ],
)  # fmt: skip
def test_a_deploy_refuses_with_the_reason(cls, message):
    """What cannot be served is refused with route and reason."""
    with pytest.raises(DefinitionError) as caught:
        describe(cls)
    assert str(caught.value).startswith(message)
    assert caught.value.suggestion


@pytest.mark.parametrize("path", ["docs.html", "mcp2", "_private", "a/mcp", "openapi.yaml", ""])
def test_names_beside_the_reserved_ones_are_free(path):
    """Only the reserved names themselves, as first part of a path, are refused."""
    assert describe(package(path))["schemas"]


def test_a_config_of_another_kind_is_refused():
    """A config field of a type that no parameter has fails the description."""

    class Odd(PackageService):
        class Inner(Config):
            when: list[str]

        config: Inner

    with pytest.raises(DefinitionError, match='config class Inner cannot be used: "when" has the type'):
        describe(Odd)


def test_an_attribute_that_hides_the_context_is_noted():
    """A class attribute in place of the call's context is a note for the author."""

    class Hiding(PackageService):
        context = None

    assert describe(Hiding)["notes"] == [
        '"Hiding.context" hides the context of the call: self.context has no headers.'
    ]
