"""Config as most packages had it: keys of services with empty defaults, a model's name, some numbers."""

import logging
from enum import Enum
from typing import Optional, Type

from pydantic import Field

from steamship.invocable import Config, InvocableResponse, PackageService, create_handler, get, post


class Tone(str, Enum):
    FORMAL = "formal"
    FRIENDLY = "friendly"


class TranslatorConfig(Config):
    """What an instance is made with."""

    openai_api_key: str = Field("", description="The key of the language model; ours when empty.")
    bot_token: str = Field("", description="The bot that listens.")
    model: str = Field("gpt-4", description="The language model.")
    temperature: float = 0.4
    max_words: int = 300
    use_gpt4: bool = True
    tone: Tone = Tone.FRIENDLY
    webhook_url: Optional[str] = Field(None, description="Where translations are sent.")


class Translator(PackageService):
    """Translates, or would."""

    config: TranslatorConfig

    @classmethod
    def config_cls(cls) -> Type[Config]:
        """Return the Configuration class."""
        return TranslatorConfig

    @post("settings")
    def settings(self) -> dict:
        """What this instance was made with."""
        return self.config.dict()

    @post("/translate")
    def translate(self, text: str, to: str = "fr") -> str:
        """Translate a text."""
        logging.info(f"translating {len(text)} letters")
        name = self.config.model if self.config.use_gpt4 else "gpt-3"
        return (
            f"{name} ({self.config.tone}, {self.config.temperature}) to {to}: {text[: self.config.max_words]}"
        )

    @post("mood")
    def mood(self, tone: Tone = Tone.FORMAL) -> str:
        """How an Enum of strings looks in a text."""
        return f"The tone is {tone}."

    @get("where")
    def where(self) -> InvocableResponse[dict]:
        """What the package is told of its instance."""
        url = self.context.invocable_url
        space, instance = self.context.workspace_handle, self.context.invocable_instance_handle
        return InvocableResponse(
            json={
                "version": self.context.invocable_version_handle,
                "type": self.context.invocable_type,
                "own_names": [space, instance] == [self.client.config.workspace_handle] * 2,
                "url_is_own": url.endswith(f"/{space}/{instance}/"),
            }
        )


handler = create_handler(Translator)
