"""Write a package: a class that descends from PackageService, with `@get` and `@post` methods."""

from __future__ import annotations

from steamship.invocable.config import Config
from steamship.invocable.invocable import Invocable
from steamship.invocable.invocable_request import (
    InvocableRequest,
    Invocation,
    InvocationContext,
    LoggingConfig,
)
from steamship.invocable.invocable_response import InvocableResponse
from steamship.invocable.lambda_handler import create_handler, safe_handler
from steamship.invocable.package_mixin import PackageMixin
from steamship.invocable.package_service import PackageService
from steamship.invocable.paramater_types import fileurl, longstr
from steamship.invocable.routes import get, post

__all__ = [
    "Config",
    "Invocable",
    "InvocableRequest",
    "InvocableResponse",
    "Invocation",
    "InvocationContext",
    "LoggingConfig",
    "PackageMixin",
    "PackageService",
    "create_handler",
    "fileurl",
    "get",
    "longstr",
    "post",
    "safe_handler",
]
