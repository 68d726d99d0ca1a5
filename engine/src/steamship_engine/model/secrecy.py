"""What must not stand in texts of a package's making: keys, and the values of secret parameters."""

from __future__ import annotations

import re

from steamship_engine.model.config import Config, redact

# Keys of the engine's making, users' and workers', whole or with their end cut off.
_KEY = re.compile(r"\b(?:shipw_[A-Za-z0-9_-]{20,}|ship_[0-9a-f]{12}_[A-Za-z0-9_-]{8,})")


def without_secrets(text: str, secrets: Config) -> str:
    """`text` with keys as `[key]` and the values of `secrets` as `[secret]`."""
    if secrets:
        text = redact(text, secrets)
    return _KEY.sub("[key]", text) if "ship" in text else text
