"""The base of packages."""

from __future__ import annotations

from typing import Any, ClassVar

from steamship.base.error import SteamshipError
from steamship.base.package_spec import PackageSpec
from steamship.base.tasks import Task
from steamship.invocable.class_spec import add_mixin_routes
from steamship.invocable.invocable import Invocable
from steamship.invocable.package_mixin import PackageMixin
from steamship.utils.url import Verb


class PackageService(Invocable):
    """Subclass it, in `api.py`, and mark the methods to serve with `@get` and `@post`.

    Name mixin classes in `USED_MIXIN_CLASSES`, so that a deploy knows their routes, and add an object
    of each with `add_mixin` in the constructor.
    """

    USED_MIXIN_CLASSES: ClassVar[list[type[PackageMixin]]] = []
    mixins: list[PackageMixin]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Arguments as `Invocable`."""
        super().__init__(*args, **kwargs)
        self.mixins = []

    @classmethod
    def scan_mixin(
        cls,
        package_spec: PackageSpec,
        mixin_class: type[PackageMixin],
        mixin_instance: PackageMixin | None = None,
        permit_overwrite_of_existing_methods: bool = False,
    ) -> None:
        """Add a mixin's routes to `package_spec`. Raises RouteConflictError when one is taken."""
        mixin = mixin_class if mixin_instance is None else mixin_instance
        add_mixin_routes(package_spec, mixin, permit_overwrite_of_existing_methods)

    def add_mixin(self, mixin: PackageMixin, permit_overwrite_of_existing_methods: bool = False) -> None:
        """Serve the mixin's routes from this object. Raises RouteConflictError when one is taken."""
        self.scan_mixin(self._package_spec, type(mixin), mixin, permit_overwrite_of_existing_methods)
        self.mixins.append(mixin)

    def instance_init(self) -> None:
        """Call `instance_init` of each mixin, in the order they were added."""
        for mixin in self.mixins:
            mixin.instance_init()

    def invoke_later(
        self,
        method: str,
        verb: Verb = Verb.POST,
        wait_on_tasks: list[Task[Any] | str] | None = None,
        arguments: dict[str, Any] | None = None,
        delay_ms: int | None = None,
    ) -> Task[Any]:
        """Have the engine call a method of this instance later, and return the task that will.

        It is called with `arguments` after all of `wait_on_tasks` have succeeded, and not before
        `delay_ms` milliseconds, in whole seconds. Raises SteamshipError outside an instance.
        """
        handle = self.context and self.context.invocable_instance_handle
        if self.client is None or not handle:
            raise SteamshipError(
                f'"{method}" cannot be called later: this object serves no instance.',
                suggestion="Deploy the package, and call it there.",
            )
        call = {"httpVerb": Verb(verb).value, "invocationPath": method, "arguments": arguments or {}}
        task: Task[Any] = self.client.post(
            "package/instance/invoke",
            {"instanceHandle": handle, "payload": call},
            as_background_task=True,
            wait_on_tasks=wait_on_tasks,
            task_delay_ms=delay_ms,
        )
        return task
