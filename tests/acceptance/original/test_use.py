"""Using packages with the unmodified original client."""

from __future__ import annotations

import pytest

from tests.packages.returns.api import PNG
from tests.services.original_client import Original, OriginalError

USED = 'i = Steamship.use("returns", "returns-1")'


def test_use_gives_the_same_instance_again(original: Original, deployed: None) -> None:
    """The same two handles give the same ids, and one handle alone is both."""
    ids = original("""
        a = Steamship.use("greeter", "original-1")
        b = Steamship.use("greeter", "original-1")
        c = Steamship.use("greeter", "original-2")
        d = Steamship.use("greeter")
        e = Steamship.use("greeter", "greeter")
        result = [x.id for x in (a, b, c, d, e)] + [a.workspace_id, c.workspace_id]
    """)
    a, b, c, d, e, a_space, c_space = ids
    assert a == b
    assert d == e
    assert len({a, c, d}) == 3
    assert a_space != c_space


def test_a_client_uses_packages_in_its_own_workspace(original: Original, deployed: None) -> None:
    """`client.use` keeps to the client's workspace, under a handle derived from config and version."""
    handle, workspace, expected, configured, same = original("""
        client = Steamship(workspace="original-space")
        plain = client.use("greeter")
        config = {"greeting": "Hi"}
        one = client.use("greeter", config=config)
        two = client.use("greeter", config=config)
        result = [plain.handle, plain.workspace_id, client.get_workspace().id, one.handle, one.id == two.id]
    """)
    assert handle == "greeter"
    assert workspace == expected
    assert configured.startswith("greeter-")
    assert len(configured) == len("greeter-") + 32
    assert same is True


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('i.invoke("text")', "naïve ☃"),
        ('i.invoke("json", value={"a": [1, None]})', {"a": [1, None]}),
        ('i.invoke("json", value=[1, "two"])', [1, "two"]),
        ('i.invoke("json", value=3)', 3),
        ('i.invoke("json", value=2.5)', 2.5),
        ('i.invoke("json", value=True)', True),
        ('i.invoke("model")', {"xValue": 1, "yValue": 2}),
        ('i.invoke("models")', [{"x_value": 1}]),
        ('i.invoke("object")', {"a": [1, 2.5, None, True]}),
        ('i.invoke("bytes")', {"bytes": PNG.hex()}),
        ('i.invoke("stream")', {"bytes": PNG.hex()}),
        ('i.invoke("add", a=1, b=2)', 3),
        (
            'i.invoke("typed", verb=Verb.GET, count=3, ratio=0.25, flag=True, name="x y")',
            {"count": 3, "ratio": 0.25, "flag": True, "name": "x y"},
        ),
        ('i.invoke("/text")', "naïve ☃"),
        ('i.invoke("text", timeout_s=30)', "naïve ☃"),
    ],
)
def test_what_methods_return_arrives(original: Original, deployed: None, call: str, expected: object) -> None:
    """Text, JSON, numbers, models and bytes come back as Python objects."""
    assert original(f"{USED}\nresult = {call}") == expected


def test_what_the_original_client_cannot_express(original: Original, deployed: None) -> None:
    """It takes `data` out of an object that has it, and stumbles over a null reply: its own limits, pinned."""
    assert original(f'{USED}\nresult = i.invoke("json", value={{"data": 1, "other": 2}})') == 1
    with pytest.raises(OriginalError):
        original(f'{USED}\nresult = i.invoke("nothing").no_such_attribute')


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('i.invoke("nowhere")', "No handler for POST /nowhere available."),
        ('i.invoke("text", verb=Verb.GET)', "No handler for GET /text available."),
        ('i.invoke("add", a=1)', "b"),
        ('i.invoke("add", a=1, b=2, c=3)', "c"),
        ('i.invoke("add", a="one", b=2)', "a"),
        ('i.invoke("raises")', "inner detail"),
        ('i.invoke("refuses")', "The shop is closed."),
    ],
)
def test_errors_say_what_is_wrong(original: Original, deployed: None, call: str, message: str) -> None:
    """An unknown method, wrong arguments and exceptions each arrive with their own words."""
    with pytest.raises(OriginalError) as raised:
        original(f"{USED}\nresult = {call}")
    assert raised.value.type == "SteamshipError"
    assert message in raised.value.message


def test_versions(original: Original, deployed: None, deploy) -> None:
    """A version pins; the newest is used without one; an instance stays on its own."""
    source = "from steamship.invocable import PackageService, post\n\nclass P(PackageService):\n    @post('v')\n    def v(self):\n        return '{}'\n"
    deploy("evolves", {"api.py": source.format("one")}, version="1.0.0")
    assert original('a = Steamship.use("evolves", "evolves-a")\nresult = a.invoke("v")') == "one"
    deploy("evolves", {"api.py": source.format("two")}, version="2.0.0")
    assert original('result = Steamship.use("evolves", "evolves-a").invoke("v")') == "one"
    assert original('result = Steamship.use("evolves", "evolves-b").invoke("v")') == "two"
    assert original('result = Steamship.use("evolves", "evolves-c", version="1.0.0").invoke("v")') == "one"
    with pytest.raises(OriginalError) as other:
        original('Steamship.use("evolves", "evolves-a", version="2.0.0")')
    assert "1.0.0" in other.value.message
    assert "2.0.0" in other.value.message
    with pytest.raises(OriginalError) as missing:
        original('Steamship.use("evolves", "evolves-d", version="3.0.0")')
    assert all(text in missing.value.message for text in ("3.0.0", "1.0.0", "2.0.0"))


def test_config(original: Original, deployed: None) -> None:
    """Config is completed by defaults, fixed at creation, compared after defaults, and checked by name."""
    settings = original("""
        c = Steamship.use("configured", "conf-1", config={"name": "Ann", "count": 4})
        result = c.invoke("settings")
    """)
    assert settings == {
        "name": "Ann", "count": 4, "ratio": 0.5, "flag": False, "size": "small", "note": None, "token_length": 0,
    }  # fmt: skip
    assert original("""
        same = Steamship.use("configured", "conf-1", config={"name": "Ann", "count": 4, "flag": False})
        silent = Steamship.use("configured", "conf-1")
        result = [same.id == c.id, silent.id == c.id]
    """) == [True, True]
    for config, named in (
        ({"name": "Bob", "count": 4}, "name"),
        ({"count": "x", "name": "Ann"}, "count"),
        ({"size": "huge", "name": "Ann"}, "size"),
        ({}, "name"),
    ):
        with pytest.raises(OriginalError) as raised:
            handle = "conf-1" if named == "name" and config else "conf-2"
            original(f'Steamship.use("configured", "{handle}", config={config!r})')
        assert (
            raised.value.message.startswith("Configuration for this PackageInstance is invalid.")
            or "differ" in raised.value.message
        )
        assert named in raised.value.message
        assert "Bob" not in raised.value.message


def test_the_template_of_a_native_version(original: Original, deployed: None) -> None:
    """The original client reads a template with keys that it does not know."""
    template = original("""
        client = Steamship()
        version = client.post("package/version/get", {"packageHandle": "configured"}, expect=PackageVersion)
        result = version.config_template
    """)
    assert template["size"]["values"] == ["small", "large"]
    assert template["token"]["secret"] is True


def test_dir_describes_every_method(original: Original, deployed: None) -> None:
    """`__dir__` answers over POST and GET with the methods, their arguments and options."""
    posted, got = original(f'{USED}\nresult = [i.invoke("__dir__"), i.invoke("__dir__", verb=Verb.GET)]')
    assert posted == got
    methods = {(m["verb"], m["path"]): m for m in posted["methods"]}
    assert methods["GET", "/open"]["config"] == {"public": True}
    assert methods["POST", "/slow"]["config"] == {"timeout": 1}
    assert [(a["name"], a["kind"]) for a in methods["POST", "/add"]["args"]] == [
        ("a", "<class 'int'>"),
        ("b", "<class 'int'>"),
    ]


def test_a_domain_puts_the_owner_into_the_host(domain_engine, domain_original: Original) -> None:
    """With a domain as app base, the original client calls `{user}.{domain}`, and it works."""
    url, answer = domain_original("""
        i = Steamship.use("greeter", "by-domain")
        result = [i.invocation_url, i.invoke("greet", name="you")]
    """)
    assert url == f"http://{domain_engine.handle}.apps.test:{domain_engine.port}/by-domain/by-domain/"
    assert answer == "Hello, you!"


def test_init(original: Original, deployed: None) -> None:
    """`use` waits for a new instance to prepare itself, once; a failed one stays, to be looked at."""
    assert original("""
        s = Steamship.use("starts", "starts-1")
        Steamship.use("starts", "starts-1")
        s.refresh_init_status()
        result = [s.init_status, s.invoke("times")]
    """) == ["complete", 1]
    assert original("""
        f = Steamship.use("failing-start", "fails-1")
        f.refresh_init_status()
        result = [f.init_status, f.invoke("ping")]
    """) == ["failed", "pong"]
