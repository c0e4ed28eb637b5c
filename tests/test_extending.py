"""Follows the pages that say how to add something, to the letter, in a copy of the project.

A page's blocks are taken in order. A block with a title is a new file; a `diff` edits the files it names, and what it
shows of them must stand there once; `sh` is run, and so is `python` without a title.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from automl.data.encodings import ENCODINGS
from automl.export.card import INPUTS
from automl.export.onnx_graph import INPUT_TYPES
from automl.task import COLUMN_KINDS
from automl.tracking import dataset
from tests.test_readme import commands, environment, run_to_its_end, with_small_budget

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("add-a-*.md"))
COPIED = ("automl", "docs", "search_spaces", "tests")


class Block(NamedTuple):
    """A code block: its language, the file it is, if it is one, and its text."""

    language: str
    title: str
    text: str


def blocks(page: str) -> list[Block]:
    found = re.findall(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', page, flags=re.DOTALL | re.MULTILINE)
    return [Block(*each) for each in found]


def edits(diff: str) -> Iterator[tuple[str, str, str]]:
    """Give each edit of a diff: the file, the lines that stand in it, and those that take their place."""
    for part in re.split(r"^\+\+\+ ", diff, flags=re.MULTILINE)[1:]:
        path, *hunks = re.split(r"^@@\n", part, flags=re.MULTILINE)
        for hunk in hunks:
            lines = [line or " " for line in hunk.rstrip("\n").split("\n")]
            before, after = ("".join(f"{line[1:]}\n" for line in lines if line[0] in sides) for sides in (" -", " +"))
            yield path.strip(), before, after


def apply(diff: str, project: Path) -> None:
    for name, before, after in edits(diff):
        text = "\n" + (project / name).read_text(encoding="utf-8")
        assert text.count(f"\n{before}") == 1, f"{name} must hold this once:\n{before}"
        (project / name).write_text(text.replace(f"\n{before}", f"\n{after}")[1:], encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def change(block: Block, project: Path) -> None:
    """Do to the project's files what a block says."""
    if block.language == "diff":
        apply(block.text, project)
    elif block.title:
        assert not (project / block.title).exists()
        (project / block.title).write_text(block.text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_can_be_followed_to_the_letter(page: Path, project: Path):
    env = {**environment(project), "PYTHONPATH": str(project)}
    for block in blocks(page.read_text(encoding="utf-8")):
        change(block, project)
        if block.language == "sh":
            for command in commands(f"```sh\n{block.text}```\n"):
                run_to_its_end(with_small_budget(command), project, env)
        elif block.language == "python" and not block.title:
            (project / "shown.py").write_text(block.text)
            run_to_its_end("python shown.py", project, env)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_edits_stands_in_the_code(page: Path, project: Path):
    for block in blocks(page.read_text(encoding="utf-8")):
        change(block, project)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_edits_adds_and_runs(page: Path):
    found = blocks(page.read_text(encoding="utf-8"))
    assert {"diff", "sh"} <= {block.language for block in found}
    assert any("automl search" in block.text for block in found)


def test_a_kind_is_known_wherever_columns_are_told_apart():
    for known in (ENCODINGS, INPUT_TYPES, INPUTS, dataset._TYPES):
        assert set(known) == set(COLUMN_KINDS)


def test_a_diff_edits_several_files_at_several_places():
    diff = "+++ a.py\n@@\n one\n-two\n+2\n@@\n+three\n four\n+++ b.py\n@@\n-x\n+y\n\n"
    assert list(edits(diff)) == [
        ("a.py", "one\ntwo\n", "one\n2\n"),
        ("a.py", "four\n", "three\nfour\n"),
        ("b.py", "x\n", "y\n"),
    ]


def test_an_edit_of_what_is_not_there_is_refused(tmp_path: Path):
    (tmp_path / "a.py").write_text("one\n")
    with pytest.raises(AssertionError, match=r"a\.py must hold this once"):
        apply("+++ a.py\n@@\n-two\n+2\n", tmp_path)


def test_a_block_has_a_language_and_perhaps_a_title():
    assert blocks('```python title="a/b.py"\nx = 1\n```\n\n```sh\nls\n```\n') == [
        ("python", "a/b.py", "x = 1\n"),
        ("sh", "", "ls\n"),
    ]
