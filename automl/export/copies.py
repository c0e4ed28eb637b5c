"""A program of this project with the sources that it imports, copied into a folder where the project is not.

The sources lie in a package of another name, and import each other under it; nothing else of them is changed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[1]
PACKAGE = "network"
"""What the copied package is called."""
_OWN = HOUSE.name


def copy_program(program: Path, folder: Path) -> None:
    """Copy a program, and beside it a package of all sources that it imports, those that they import, and so on.

    Args:
        program: A file of this project.
        folder: Where to.
    """
    modules = imported(program)
    renamed = re.compile(rf"\b{_OWN}\.(?=({'|'.join(sorted({name.split('.')[0] for name in modules}))})\b)")
    (folder / program.name).write_text(renamed.sub(f"{PACKAGE}.", _text(program)), encoding="utf-8")
    for name, source in modules.items():
        target = folder / PACKAGE / source.relative_to(HOUSE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(renamed.sub(f"{PACKAGE}.", _text(source)), encoding="utf-8")
        for parent in list(Path(*name.split(".")).parents)[:-1]:
            (folder / PACKAGE / parent / "__init__.py").write_text(_text(HOUSE / parent / "__init__.py"), "utf-8")
    (folder / PACKAGE / "__init__.py").write_text('"""What the network and its preparation are made of."""\n', "utf-8")


def imported(program: Path) -> dict[str, Path]:
    """Give the modules that a file needs, by their names without the project's, and their files."""
    found: dict[str, Path] = {}
    left = [program]
    while left:
        for name, source in _imports(left.pop()):
            if name not in found:
                found[name] = source
                left.append(source)
    return dict(sorted(found.items()))


def _imports(source: Path) -> Iterator[tuple[str, Path]]:
    for node in ast.walk(ast.parse(_text(source))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"{_OWN}."):
            inside = node.module.removeprefix(f"{_OWN}.")
            for name in (inside, *(f"{inside}.{alias.name}" for alias in node.names)):
                path = HOUSE.joinpath(*name.split(".")).with_suffix(".py")
                if path.is_file():
                    yield name, path


def _text(source: Path) -> str:
    return source.read_text(encoding="utf-8")
