"""Which class of a module is the package."""

from __future__ import annotations

from types import ModuleType

from steamship.invocable.definition import DefinitionError
from steamship.invocable.package_service import PackageService


def find_class(module: ModuleType) -> type:
    """The one class defined in `module` that descends from PackageService.

    Raises DefinitionError when there is none, or more than one.
    """
    classes = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, PackageService)]
    own = list(dict.fromkeys(c for c in classes if c.__module__ == module.__name__))
    if len(own) == 1:
        return own[0]
    if own:
        names = ", ".join(f'"{c.__name__}"' for c in own)
        raise DefinitionError(
            f'"{module.__name__}.py" defines several packages: {names}.',
            "Keep one there and move the others, base classes too, to a module that it imports.",
        )
    imported = next((c.__name__ for c in classes if c is not PackageService), "PackageService")
    raise DefinitionError(
        f'"{module.__name__}.py" defines no package.',
        f"Write a class that descends from {imported} there.",
    )
