"""Config: defaults, empty texts that give way to the secrets file, values of the instance's own."""

from __future__ import annotations

from tests.acceptance.original.scripts.differences import invalid_config, used
from tests.services.package_scripts import Call, Difference, Native, Use

EMPTY_CONFIG = Difference(
    "an empty string in config",
    "counts as absent: the secrets file's value, or the default",
    "the empty string",
)
ABSENT_CONFIG = Difference(
    "an optional parameter without a default, absent", "refused by the engine: it is required", "None"
)
UNKNOWN_CONFIG = Difference(
    "a parameter that the class does not have", "kept with the instance; the class ignores it", "refused"
)
ENUM_TEXT = Difference(
    '`f"{Tone.FORMAL}"` of a `str` Enum', "`formal`, on CPython 3.10", "`Tone.FORMAL`, on 3.11 and newer"
)

HOOK = {"webhook_url": "http://hooks.test/"}
DEFAULTS = {
    "openai_api_key": "key-from-the-file",
    "bot_token": "token-from-the-file",
    "model": "gpt-4",
    "temperature": 0.4,
    "max_words": 300,
    "use_gpt4": True,
    "tone": "friendly",
    **HOOK,
}

OWN = {"bot_token": "mine", "temperature": 1, "max_words": 3, "use_gpt4": False, "tone": "formal"}
WHERE = {"version": "1.0.0", "type": "package", "own_names": True, "url_is_own": True}

NO_PARAMETER = (
    '"colour" is no parameter of this version: its parameters are "openai_api_key", "bot_token", "model", '
    '"temperature", "max_words", "use_gpt4", "tone", "webhook_url".'
)

SCRIPT = (
    Use(
        answer=invalid_config('"webhook_url" (Where translations are sent.) is required but missing.'),
        native=Native(ABSENT_CONFIG, "notNeeded"),
    ),
    used(HOOK),
    Call("settings", DEFAULTS, type="application/json"),
    Call("translate", "gpt-4 (friendly, 0.4) to fr: Hello", {"text": "Hello"}),
    Call("translate", "gpt-4 (friendly, 0.4) to de: Hé ☃", {"text": "Hé ☃", "to": "de"}),
    Call("mood", "The tone is formal.", native=Native(ENUM_TEXT, "The tone is Tone.FORMAL.")),
    Call("where", WHERE, verb="GET"),
    used({**HOOK, **OWN}),
    Call("settings", {**DEFAULTS, **OWN, "temperature": 1.0}),
    Call("translate", "gpt-3 (formal, 1.0) to fr: Hel", {"text": "Hello"}),
    Use(
        {**HOOK, "colour": "red"},
        native=Native(UNKNOWN_CONFIG, invalid_config(NO_PARAMETER)),
    ),
    used({"bot_token": "", "webhook_url": ""}),
    Call(
        "settings",
        {**DEFAULTS, "webhook_url": None},
        native=Native(EMPTY_CONFIG, {**DEFAULTS, "bot_token": "", "webhook_url": ""}),
    ),
)
