"""Sizes and sentences: what keeps the code easy to enter.

Fails for a function of more than 60 lines outside the tests, for a test without its sentence, for
a module called by a word that means nothing, and for a foreign import in the child. Warns of files
that pass 400 lines.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.tracked import tracked_files

FUNCTION_LINES = 60
FILE_LINES = 400
EMPTY_WORDS = frozenset({"utils", "util", "common", "helpers", "helper", "manager", "misc"})

# Import paths of the original client that package source relies on.
_GIVEN_NAMES = frozenset({"sdk/python/src/steamship/base", "sdk/python/src/steamship/utils"})
_CHILD = Path("engine/src/steamship_engine/runtime/child")
_MIGRATIONS = Path("engine/src/steamship_engine/store/migrations")  # frozen lists of tables, read once
_SERVING = "steamship.invocable.serving"


def main() -> None:
    """Check every tracked Python file."""
    problems: list[str] = []
    for path in tracked_files(".py"):
        if "packages" in path.parts and path.parts[0] == "tests":
            continue  # packages that tests deploy, the broken ones too
        text = path.read_text()
        try:
            tree = ast.parse(text)
        except SyntaxError as error:
            problems.append(f"{path}:{error.lineno}: {error.msg}")
            continue
        if path.parts[0] == "tests":
            problems += _silent_tests(path, tree)
        elif not path.is_relative_to(_MIGRATIONS):
            problems += _long_functions(path, tree)
        problems += _empty_name(path)
        if path.is_relative_to(_CHILD):
            problems += _foreign_imports(path, tree)
        lines = text.count("\n")
        if lines > FILE_LINES:
            print(f"warning: {path} has {lines} lines; above {FILE_LINES}, think about what could leave it")
    sys.exit("\n".join(problems) or 0)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _long_functions(path: Path, tree: ast.Module) -> Iterator[str]:
    for function in _functions(tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            yield f'{path}:{function.lineno}: "{function.name}" has {lines} lines; {FUNCTION_LINES} at most'


def _silent_tests(path: Path, tree: ast.Module) -> Iterator[str]:
    if not path.name.startswith("test_"):
        return
    for function in _functions(tree):
        if function.name.startswith("test_") and not ast.get_docstring(function):
            yield f'{path}:{function.lineno}: "{function.name}" needs its docstring: one sentence, the fact that holds'


def _empty_name(path: Path) -> Iterator[str]:
    name = path.parent.name if path.name == "__init__.py" else path.stem
    if name in EMPTY_WORDS and not any(str(path).startswith(given) for given in _GIVEN_NAMES):
        yield f'{path}: "{name}" says nothing; call the module by what it holds'


def _foreign_imports(path: Path, tree: ast.Module) -> Iterator[str]:
    """Imports of the child that are neither the standard library's, nor its own, nor the one port to the SDK."""
    own = {sibling.stem for sibling in _CHILD.iterdir()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            ours = name == _SERVING or name.startswith("steamship_engine.runtime.child")
            if not ours and name.partition(".")[0] not in sys.stdlib_module_names | own:
                yield f'{path}:{node.lineno}: the child may import the standard library only, not "{name}"'


if __name__ == "__main__":
    main()
