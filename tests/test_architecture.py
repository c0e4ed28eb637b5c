"""Keeps the walls of the house: doors between rooms, vendors in their rooms, no cycles, sizes, unsafe words."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "automl"

NOUNS = {"errors", "task", "trial", "budget", "files", "passwords"}
ROOMS = {
    "data",
    "spaces",
    "models",
    "baselines",
    "training",
    "evaluation",
    "study",
    "tracking",
    "export",
    "report",
    "experiment",
    "cli",
}
DOORS: dict[str, set[str]] = {
    "study": {"spaces"},
    "export": {"data", "models"},
    "report": {"tracking"},
    "experiment": ROOMS - {"cli", "experiment"},
    "cli": {"experiment", "export", "report", "spaces", "tracking"},
    "__init__": {"front"},
    "front": {"experiment", "export", "report", "tracking"},
    "__main__": {"cli"},
}
"""Which rooms a room may import, beside itself and the nouns; a room that is not here imports no other."""

VENDORS: dict[str, set[str]] = {
    "optuna": {"study"},
    "sqlalchemy": {"study"},
    "redis": {"study"},
    "mlflow": {"tracking", "export"},
    "pandas": {"data", "report", "cli", "export"},
    "PIL": {"data", "export"},
    "pyarrow": {"data", "report", "cli", "export"},
    "scipy": {"study"},
    "sklearn": {"data", "evaluation", "baselines"},
    "threadpoolctl": {"baselines"},
    "torch": {"data", "models", "training", "evaluation", "export"},
    "safetensors": {"training", "export"},
    "onnx": {"export"},
    "onnxscript": {"export"},
    "onnxruntime": {"export"},
    "yaml": {"spaces", "experiment"},
    "plotly": {"report"},
    "packaging": {"experiment"},
    "typer": {"cli"},
    "rich": {"cli"},
    "numpy": ROOMS,
}
"""Which rooms may import a library; a library that is not here is imported nowhere."""

TYPES_ONLY = {"experiment", "front"}
"""Where a library may be named in annotations although its objects only pass through."""

BANNED_NAMES = {"utils", "util", "core", "common", "base", "misc", "manager", "helpers"}
LONGEST_FILE, LONGEST_FUNCTION, MOST_ARGUMENTS = 400, 60, 7
EDGES = {"cli", "front"}
"""Where a person's options come in, and a function may take many arguments."""

SEEDING = re.compile(r"((np|numpy)\.)?random\.(seed|set_state|setstate)|torch\.(cuda\.)?(manual_seed(_all)?|seed)")
UNSAFE = re.compile(
    r"\b(pickle|cloudpickle|dill|joblib|shelve|marshal)\b|\btorch\.(save|load|jit)\b|\b(to|read)_pickle\b"
    r"|allow_pickle\s*=\s*True|weights_only\s*=\s*False"
)
"""What writes or reads pickle, or code."""
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")


@dataclass(frozen=True)
class Import:
    """One import: the dotted name, its line, and whether it is there for annotations only."""

    name: str
    line: int
    for_types: bool


def sources() -> list[Path]:
    return sorted(HOUSE.rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def room_of(path: Path) -> str:
    """The room a file stands in, or the name of a file at the root."""
    first = path.relative_to(HOUSE).parts[0]
    return first.removesuffix(".py")


def room_named(name: str) -> str:
    """The room a dotted name of the house leads to; `automl` itself is the front door."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def is_types_only(test: ast.expr) -> bool:
    return ast.unparse(test).endswith("TYPE_CHECKING")


def imports_of(node: ast.AST, for_types: bool = False) -> Iterator[Import]:
    """Every import of a tree, inside functions and for annotations too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, for_types) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(f"{child.module}.{alias.name}", child.lineno, for_types) for alias in child.names)
        elif isinstance(child, ast.If) and is_types_only(child.test):
            yield from imports_of(child, for_types=True)
        else:
            yield from imports_of(child, for_types)


def closed_doors(room: str, tree: ast.Module) -> list[str]:
    """The imports of a file in `room` that go through no door."""
    allowed = DOORS.get(room, set()) | NOUNS | {room}
    house = (item for item in imports_of(tree) if item.name.split(".")[0] == "automl")
    return [f"line {item.line}: {item.name}" for item in house if room_named(item.name) not in allowed]


def strayed_vendors(room: str, tree: ast.Module) -> list[str]:
    """The libraries a file in `room` imports although they live elsewhere."""
    strayed = []
    for item in imports_of(tree):
        library = item.name.split(".")[0]
        if library == "automl" or library in sys.stdlib_module_names:
            continue
        if item.for_types and room in TYPES_ONLY and library in VENDORS:
            continue
        if room not in VENDORS.get(library, set()):
            strayed.append(f"line {item.line}: {item.name}")
    return strayed


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph() -> dict[str, set[str]]:
    """Each module of the house with the modules it imports."""
    modules = {module_name(path): path for path in sources()}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        wanted = (item.name for item in imports_of(tree_of(path)))
        found = (target if target in modules else target.rpartition(".")[0] for target in wanted)
        graph[name] = {target for target in found if target in modules and target != name}
    return graph


def long_functions(tree: ast.Module, longest: int = LONGEST_FUNCTION) -> list[str]:
    return [
        f"line {node.lineno}: {node.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > longest
    ]


def crowded_functions(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [each.arg for each in node.args.posonlyargs + node.args.args + node.args.kwonlyargs]
            if len(names) - (names[:1] in (["self"], ["cls"])) > MOST_ARGUMENTS:
                found.append(f"line {node.lineno}: {node.name}")
    return found


def calls_of(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def opens_with_a_sentence(tree: ast.Module) -> bool:
    opening = (ast.get_docstring(tree) or "").split("\n\n")[0].rstrip()
    return opening.endswith((".", ":"))


each_file = pytest.mark.parametrize("path", sources(), ids=place)


def test_every_folder_is_a_room():
    folders = {path.name for path in HOUSE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == ROOMS


def test_every_file_at_the_root_is_a_noun_or_a_door():
    assert {path.stem for path in HOUSE.glob("*.py")} <= NOUNS | {"__init__", "__main__", "front"}


@each_file
def test_a_room_imports_only_through_its_doors(path: Path):
    assert closed_doors(room_of(path), tree_of(path)) == []


@each_file
def test_a_library_is_imported_only_where_it_lives(path: Path):
    assert strayed_vendors(room_of(path), tree_of(path)) == []


def test_nothing_imports_in_a_circle():
    try:
        TopologicalSorter(import_graph()).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other: {' -> '.join(reversed(error.args[1]))}")


@each_file
def test_a_file_opens_with_a_sentence(path: Path):
    assert opens_with_a_sentence(tree_of(path))


@each_file
def test_a_room_opens_with_nothing_but_its_docstring(path: Path):
    if path.name != "__init__.py" or room_of(path) in {"__init__", "cli"}:
        return
    assert len(tree_of(path).body) == 1


@each_file
def test_a_file_is_short(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@each_file
def test_a_function_is_short(path: Path):
    assert long_functions(tree_of(path)) == []


@each_file
def test_a_function_takes_few_arguments(path: Path):
    assert room_of(path) in EDGES or crowded_functions(tree_of(path)) == []


@each_file
def test_a_file_is_named_for_what_it_holds(path: Path):
    assert not {path.stem, *path.relative_to(HOUSE).parts} & BANNED_NAMES


@each_file
def test_nothing_is_read_that_can_run_code(path: Path):
    assert UNSAFE.findall(ast.unparse(without_docstrings(tree_of(path)))) == []


@pytest.mark.parametrize("folder", ["benchmarks", "docs", "tests"])
def test_nothing_beside_the_house_reads_or_writes_pickle(folder: str):
    sources = [path for path in sorted((ROOT / folder).rglob("*.py")) if path != Path(__file__)]
    found = {place(path): UNSAFE.findall(ast.unparse(without_docstrings(tree_of(path)))) for path in sources}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "code", ["import pickle", "torch.save(x, f)", "joblib.load(f)", "np.load(f, allow_pickle=True)"]
)
def test_the_walls_see_pickle(code: str):
    assert UNSAFE.search(code)


def test_the_walls_let_safe_files_through():
    assert not UNSAFE.search("np.load(f, allow_pickle=False); safetensors.torch.load_file(f)")


@each_file
def test_only_the_command_line_prints(path: Path):
    prints = [line for name, line in calls_of(tree_of(path)) if name == "print"]
    assert room_of(path) == "cli" or prints == []


@each_file
def test_no_random_state_is_global(path: Path):
    assert [(name, line) for name, line in calls_of(tree_of(path)) if SEEDING.fullmatch(name)] == []


@each_file
def test_nothing_is_left_for_later(path: Path):
    assert UNFINISHED.findall(path.read_text(encoding="utf-8")) == []


def test_the_tests_mirror_the_rooms():
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= ROOMS


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = [ast.Pass(), *node.body[1:]]
    return tree


def test_the_walls_see_an_import_inside_a_function():
    tree = ast.parse("def f():\n    from automl.models.build import build")
    assert closed_doors("study", tree) == ["line 2: automl.models.build.build"]


def test_the_walls_see_an_import_for_annotations():
    tree = ast.parse("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from automl.study import study")
    assert closed_doors("training", tree) == ["line 3: automl.study.study"]


def test_the_walls_let_a_noun_through():
    assert (
        closed_doors("data", ast.parse("from automl.task import Task\nfrom automl.data.read import read_table")) == []
    )


def test_the_walls_see_the_front_door_from_inside():
    assert closed_doors("data", ast.parse("import automl")) == ["line 1: automl"]


def test_the_walls_see_a_library_in_the_wrong_room():
    assert strayed_vendors("training", ast.parse("import optuna.samplers")) == ["line 1: optuna.samplers"]


def test_the_walls_see_a_library_nobody_knows():
    assert strayed_vendors("data", ast.parse("import requests")) == ["line 1: requests"]


def test_the_hall_may_name_a_library_only_in_annotations():
    quiet = ast.parse("if TYPE_CHECKING:\n    import pandas as pd")
    loud = ast.parse("import pandas as pd")
    assert (strayed_vendors("experiment", quiet), strayed_vendors("experiment", loud)) == ([], ["line 1: pandas"])


def test_the_walls_see_a_long_function():
    assert long_functions(ast.parse("def f():\n    a = 1\n    return a"), longest=2) == ["line 1: f"]


def test_the_walls_see_a_crowded_function():
    tree = ast.parse("def f(self, a, b, c, d, e, *, f, g): ...\ndef g(a, b, c, d, e, f, g, h): ...")
    assert crowded_functions(tree) == ["line 2: g"]


@pytest.mark.parametrize("call", ["np.random.seed", "numpy.random.seed", "random.seed", "torch.manual_seed"])
def test_the_walls_see_a_global_seed(call: str):
    assert SEEDING.fullmatch(call)


def test_the_walls_let_a_generator_through():
    assert not SEEDING.fullmatch("generator.manual_seed") and not SEEDING.fullmatch("np.random.default_rng")
