"""The first start on an empty database: one user, one key, and the key in the person's own profile."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steamship_engine.app.operator import operator
from steamship_engine.control import users
from steamship_engine.control.ground import Ground
from steamship_engine.settings import Settings, SettingsError
from steamship_engine.store import users as store


@dataclass(frozen=True)
class FirstUser:
    """Who was made, and the key, to be shown once. `profile` is the file that holds it now, if any."""

    handle: str
    key: str
    profile: Path | None


def make_first_user(ground: Ground, settings: Settings, home: Path) -> FirstUser | None:
    """Make the first user where there is none yet; None where there is.

    SettingsError where there are several and nothing isolates them.
    """
    with ground.database.read() as connection:
        count = store.count(connection)
    if count > 1 and not ground.many_users:
        raise SettingsError(
            f"This engine has {count} users, and nothing isolates one user's packages from another's. "
            "If they all trust each other, add --insecure-no-sandbox."
        )
    if count > 0:
        return None
    user, key = users.create(
        ground.database,
        settings.admin_handle,
        many_users=ground.many_users,
        secret=settings.admin_key,
        is_admin=True,
        by=operator(),
    )
    profile = home / ".steamship.json"
    return FirstUser(user.handle, key, profile if _remember(profile, ground, key) else None)


def _remember(profile: Path, ground: Ground, key: str) -> bool:
    """Write key and bases into the profile, unless it has a key or cannot be read."""
    try:
        kept: Any = json.loads(profile.read_text("utf-8"))
    except FileNotFoundError:
        kept = {}
    except (OSError, ValueError):
        return False
    if not isinstance(kept, dict) or kept.get("apiKey"):
        return False
    addresses = ground.addresses
    kept.update(apiKey=key, apiBase=addresses.api, appBase=addresses.app, webBase=addresses.web)
    partial = profile.with_name(f"{profile.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(kept, stream, indent=2)
            stream.write("\n")
        partial.replace(profile)
    except OSError:
        partial.unlink(missing_ok=True)
        return False
    return True
