"""Config classes, their templates, and an instance's values."""

from __future__ import annotations

from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

import pytest
from pydantic import BeforeValidator, Field, SecretBytes, SecretStr, field_validator

from steamship.base.error import InvalidConfigError
from steamship.invocable import Config, PackageService
from steamship.invocable.config_class import config_class
from steamship.invocable.config_template import config_template
from steamship.invocable.definition import DefinitionError


class Finish(str, Enum):
    MATT = "matt"
    GLOSS = "gloss"


class Palette(Enum):
    WARM = "warm"


class Level(IntEnum):
    LOW = 1


class Everything(Config):
    name: str = Field(description="Who paints.")
    finish: Finish = Finish.GLOSS
    palette: Palette = Palette.WARM
    mode: Literal["a", "b"] = "a"
    coats: int = 2
    price: float | None = None
    level: Level = Level.LOW
    either: Union[int, float] = 1.5
    dry: bool = True
    note: Optional[str]
    short: Annotated[str, Field(max_length=3)] = ""
    secret: SecretStr
    other_secret: SecretStr | None = SecretStr("built-in")
    made: str = Field(default_factory=lambda: "made")


def parameter(type_: str, **rest: Any) -> dict[str, Any]:
    return {"type": type_, "required": False, "nullable": False, "secret": False, **rest}


def test_the_template_of_every_kind_of_field():
    """Each field becomes a parameter with type, description, default, required, nullable and secret."""
    assert config_template(Everything, {}) == {
        "name": parameter("string", description="Who paints.", required=True),
        "finish": parameter("string", default="gloss", values=["matt", "gloss"]),
        "palette": parameter("string", default="warm", values=["warm"]),
        "mode": parameter("string", default="a", values=["a", "b"]),
        "coats": parameter("number", default=2),
        "price": parameter("number", nullable=True),
        "level": parameter("number", default=1, values=[1]),
        "either": parameter("number", default=1.5),
        "dry": parameter("boolean", default=True),
        "note": parameter("string", nullable=True),
        "short": parameter("string", default=""),
        "secret": parameter("string", required=True, secret=True),
        "other_secret": parameter("string", nullable=True, secret=True),
        "made": parameter("string"),
    }


@pytest.mark.parametrize(
    "annotation",
    [list[str], dict, Path, bytes, SecretBytes, str | int, Literal[1], Literal["a", 1], Any, None, object],
)
def test_a_type_that_no_parameter_has_is_refused(annotation):
    """A field of any other type is refused with its name."""
    cls = type("Odd", (Config,), {"__annotations__": {"odd_one": annotation, "fine": str}})
    with pytest.raises(
        DefinitionError, match='config class Odd cannot be used: "odd_one" has the type'
    ) as caught:
        config_template(cls, {})
    assert "fine" not in caught.value.message


@pytest.mark.parametrize(
    ("annotation", "default"), [(str, 5), (int, "5"), (int, True), (bool, 1), (float, float("nan"))]
)
def test_a_default_of_another_type_is_refused(annotation, default):
    """A default that is not of the parameter's type is refused."""
    cls = type("Odd", (Config,), {"__annotations__": {"it": annotation}, "it": default})
    with pytest.raises(DefinitionError, match='"it" has the default'):
        config_template(cls, {})


class Lenient(Enum):
    LOUD = "loud"

    @classmethod
    def _missing_(cls, value):
        return cls.LOUD if str(value).lower() == "loud" else None


class Chosen(Config):
    maybe: Literal["a", "b"] | None = None
    either: Literal["a", "b"] | Finish = "b"
    open: Literal["a"] | str = "z"
    lenient: Lenient = Lenient.LOUD
    lowered: Annotated[Literal["a", "b"], BeforeValidator(str.lower)] = "a"
    cut: Literal["a", "b"] = "a"
    plain: Literal["a", "b"] = "a"

    @field_validator("cut", mode="before")
    @classmethod
    def _first(cls, value):
        return value[:1]

    @field_validator("plain")
    @classmethod
    def _same(cls, value):
        return value


def test_values_are_told_where_nothing_else_is_admitted():
    """An Enum or Literal carries its values, unless the class reads others as well."""
    values = {name: found.get("values") for name, found in config_template(Chosen, {}).items()}
    assert values == {
        "maybe": ["a", "b"],
        "either": ["a", "b", "matt", "gloss"],
        "open": None,
        "lenient": None,
        "lowered": None,
        "cut": None,
        "plain": ["a", "b"],
    }


def test_a_default_that_is_none_of_the_values_is_refused():
    """A default outside an Enum or Literal would fail every instance that takes it."""

    class Odd(Config):
        mode: Literal["a", "b"] = "c"

    with pytest.raises(DefinitionError, match="\"mode\" has the default 'c', which is none of its values"):
        config_template(Odd, {})


def test_every_bad_field_is_named():
    """A refusal names all the fields that are wrong."""

    class Odd(Config):
        a: list
        b: dict

    with pytest.raises(DefinitionError, match='"a" .*"b" '):
        config_template(Odd, {})


def test_what_the_secrets_file_holds_is_not_asked_for():
    """A parameter in the secrets file is neither required nor given a default that would hide it."""

    class Keys(Config):
        token: str
        other: str = ""

    template = config_template(Keys, {"token": "t", "other": "o"})
    assert template == {"token": parameter("string"), "other": parameter("string")}


def test_values_come_by_either_spelling_and_none_is_absent():
    """A value is taken by field name or in camelCase, None counts as absent, an empty string as a value."""

    class Names(Config):
        first_name: str = "default"
        last_name: str = "default"
        nick: str = "default"

    config = Names(firstName="a", last_name=None, nick="")
    assert (config.first_name, config.last_name, config.nick) == ("a", "default", "")


def test_an_optional_field_without_default_is_none():
    """An optional field without a default is None when absent, also in a subclass."""

    class Sub(Everything):
        pass

    assert Sub(name="n", secret="s").note is None


def test_extend_with_dict_fills_what_is_none():
    """Extending sets fields that are None, and others only when told to overwrite."""

    class Two(Config):
        a: str | None = None
        b: str = "b"

    config = Two()
    config.extend_with_dict({"a": "new", "b": "new", "c": "ignored"})
    assert (config.a, config.b) == ("new", "b")
    config.extend_with_dict({"b": "new"}, overwrite=True)
    assert config.b == "new"


class Named(Config):
    x: str = "x"


class ByClassMethod(PackageService):
    @classmethod
    def config_cls(cls):
        return Named


class ByMethod(PackageService):
    def config_cls(self):
        return Named


class ByStaticMethod(PackageService):
    @staticmethod
    def config_cls():
        return Named


class ByAttribute(PackageService):
    config_cls = Named


class ByAnnotation(PackageService):
    config: Named


class ByNestedAnnotation(PackageService):
    class Inner(Named):
        pass

    config: Inner


class Inherited(ByAnnotation):
    pass


@pytest.mark.parametrize(
    "cls", [ByClassMethod, ByMethod, ByStaticMethod, ByAttribute, ByAnnotation, ByNestedAnnotation, Inherited]
)
def test_every_way_to_name_the_config_class(cls):
    """The config class is found however the package names it, and `self.config` is of it."""
    assert issubclass(config_class(cls), Named)
    assert cls(config={"x": "given"}).config.x == "given"
    assert cls.get_config_parameters()["x"].default == "x"


def test_a_config_class_that_is_none_is_refused():
    """`config_cls` that gives anything but a Config class is refused."""

    class Wrong(PackageService):
        @classmethod
        def config_cls(cls):
            return dict

    with pytest.raises(DefinitionError, match='"config_cls" of class "Wrong" gives <class \'dict\'>'):
        config_class(Wrong)


class Strict(Config):
    finish: Finish = Field(Finish.MATT, description="How it shines.")
    coats: int = 1
    token: SecretStr

    @field_validator("token")
    @classmethod
    def long(cls, value):
        if len(value.get_secret_value()) < 10:
            raise ValueError("too short")
        return value


class Painter(PackageService):
    config: Strict


def test_an_annotation_that_names_nothing_is_refused():
    """A `config` annotation that cannot be resolved is refused instead of ignored."""

    class Lost(PackageService):
        config: NotThere  # noqa: F821

    with pytest.raises(DefinitionError, match='"config: NotThere" of class "Lost" cannot be read'):
        config_class(Lost)


def test_an_invalid_config_names_parameters_and_no_values():
    """Values that do not fit are refused with every parameter's name and description, without the values."""
    with pytest.raises(InvalidConfigError) as caught:
        Painter(config={"finish": "blunt", "coats": "many", "token": "sesame"})
    message = caught.value.message
    assert message.startswith("Configuration for this PackageInstance is invalid. ")
    assert "\"finish\" (How it shines.): Input should be 'matt' or 'gloss'" in message
    assert '"coats"' in message
    assert '"token": Value error, too short' in message
    assert not any(value in message for value in ("blunt", "many", "sesame"))
