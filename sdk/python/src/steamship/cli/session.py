"""What every command gets: the options that all of them take, and the client made from them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from steamship.base.client import Client

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass
class Session:
    """One command line's common options."""

    profile: str | None = None
    debug: bool = False
    as_json: bool = False
    yes: bool = False

    def client(self, workspace: str | None = None) -> Client:
        """A client that has made no call yet, in the named workspace. Raises AuthenticationError without a key."""
        from steamship.base.client import Client
        from steamship.base.configuration import Configuration

        config = Configuration(profile=self.profile, workspace_handle=workspace)
        return Client.without_workspace(config)

    @property
    def may_ask(self) -> bool:
        """Whether a person is there to answer."""
        return not self.yes and sys.stdin.isatty() and sys.stderr.isatty()


def current_session() -> Session:
    """The session of the command that runs."""
    return click.get_current_context().ensure_object(Session)


def _setting(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(Session), name, value)

    return keep


def _option(*flags: str, name: str, help: str, **settings: Any) -> Callable[[_Function], _Function]:
    callback = _setting(name)
    return click.option(
        *flags, name, expose_value=False, is_eager=True, callback=callback, help=help, **settings
    )


_PROFILE = _option("--profile", name="profile", help="Use this profile of ~/.steamship.json.", metavar="NAME")
_DEBUG = _option("--debug", name="debug", help="Show a traceback when something fails.", is_flag=True)
_JSON = _option("--json", name="as_json", help="Print JSON, for programs.", is_flag=True)

assume_yes = _option("-y", "--yes", name="yes", help="Ask nothing; take yes for an answer.", is_flag=True)


def global_options(function: _Function) -> _Function:
    """The options that may also stand before the command's name."""
    return _PROFILE(_DEBUG(function))


def command_options(function: _Function) -> _Function:
    """The options that every command takes."""
    return _JSON(_PROFILE(_DEBUG(function)))
