"""Who runs this process: the operator, as the audit trail names them."""

from __future__ import annotations

import os
import pwd

from steamship_engine.model.audit import AuditActor, AuditActorKind


def operator() -> AuditActor:
    """Whoever runs this process, by the name of their account."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return AuditActor(AuditActorKind.OPERATOR, handle=name)
