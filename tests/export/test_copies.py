"""Sources that go along with an export: all that are needed, under their new name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from automl.export import load
from automl.export.copies import copy_program, imported

PROGRAM = Path(load.__file__)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copies")
    copy_program(PROGRAM, folder)
    return folder


def test_what_is_imported_is_followed_to_its_end():
    found = imported(PROGRAM)
    assert {"task", "models.build", "models.families.mlp", "data.prepare", "data.scalers", "errors"} <= found.keys()
    assert not [name for name in found if name.split(".")[0] not in ("task", "errors", "models", "data")]


def test_no_copy_imports_the_project(copied: Path):
    for path in copied.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in modules if str(name).split(".")[0] == "automl"], path


def test_everything_that_a_copy_imports_is_there(copied: Path):
    for path in copied.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("network."):
                place = copied.joinpath(*str(node.module).split("."))
                assert place.with_suffix(".py").is_file() or (place / "__init__.py").is_file(), (path, node.module)


def test_every_folder_of_copies_is_a_package(copied: Path):
    folders = {path.parent for path in (copied / "network").rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_nothing_else_of_a_source_is_changed(copied: Path):
    source = Path(load.__file__).parents[1] / "models" / "layers.py"
    assert (copied / "network/models/layers.py").read_text() == source.read_text().replace("automl.", "network.")
