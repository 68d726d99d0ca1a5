"""Closed lists: the engine's own paths, the headers that pass, the names that packages may not take."""

from __future__ import annotations

ENGINE_PATHS = frozenset(
    {
        "api",
        "livez",
        "readyz",
        "healthz",
        "metrics",
        "static",
        "packages",
        "plugins",
        "account",
        "dashboard",
        "docs",
        "login",
        "logout",
        "favicon.ico",
        "robots.txt",
    }
)
"""First path segments that belong to the engine unless a package header says otherwise."""

HEALTH_PATHS = frozenset({"/livez", "/readyz", "/healthz"})
"""Answered on any host name."""

METRICS_PATH = "/metrics"
"""Answered on any host name but the users'."""

PACKAGE_HEADERS = ("x-package-instance-id", "x-package-owner-handle")
"""A request that carries one of these is the gateway's, whatever its path."""

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "expect",
    }
)

KEPT_FROM_PACKAGES = frozenset(
    {"authorization", "proxy-authorization", "cookie", "forwarded", "host"} | HOP_BY_HOP
)
"""Request headers that a package never sees."""

KEPT_FROM_PACKAGES_PREFIXES = ("x-forwarded-", "x-package-", "x-workspace-", "x-task-", "proxy-")

REPLY_HEADERS = frozenset(
    {
        "content-type",
        "content-disposition",
        "cache-control",
        "etag",
        "last-modified",
        "location",
        "content-language",
    }
)
"""Response headers that pass from a package, beside those that begin with `x-`."""

CORS_ALLOWED_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Last-Event-ID",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Protocol-Version",
    "Mcp-Session-Id",
    "Prefer",
    "Range",
    "X-Package-Id",
    "X-Package-Instance-Id",
    "X-Package-Owner-Handle",
    "X-Request-Id",
    "X-Requested-With",
    "X-Steamship-Accept",
    "X-Task-Background",
    "X-Task-Delay-Ms",
    "X-Task-Dependency",
    "X-Task-Run-After",
    "X-Workspace-Handle",
    "X-Workspace-Id",
    "traceparent",
)
CORS_EXPOSED_HEADERS = (
    "Content-Range",
    "ETag",
    "Location",
    "Mcp-Session-Id",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-Id",
)
CORS_METHODS = ("OPTIONS", "HEAD", "GET", "POST", "PUT", "PATCH", "DELETE")


def reaches_package(header: str) -> bool:
    """Whether a request header (lower case) is passed on to a package."""
    return header not in KEPT_FROM_PACKAGES and not header.startswith(KEPT_FROM_PACKAGES_PREFIXES)


def leaves_package(header: str) -> bool:
    """Whether a response header (lower case) of a package is passed on to its caller."""
    if header.startswith("x-"):
        return header not in ENGINE_REPLY_HEADERS | PROXY_COMMANDS and not header.startswith("x-accel-")
    return header in REPLY_HEADERS


ENGINE_REPLY_HEADERS = frozenset({"x-request-id", "x-content-type-options", "x-frame-options"})
"""Set by the engine alone; a package's are dropped."""

PROXY_COMMANDS = frozenset({"x-sendfile", "x-lighttpd-send-file", "x-litespeed-location", "x-reproxy-url"})
"""Dropped, as all that begin with `x-accel-`: a proxy before the engine may answer them with a file of its own."""
