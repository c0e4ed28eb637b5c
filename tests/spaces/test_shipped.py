"""Where space files are found, without reading one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from automl.errors import SpaceError
from automl.spaces.shipped import find_space, is_path, shipped_spaces


def test_a_bare_name_is_a_shipped_space() -> None:
    assert find_space("tabular") in shipped_spaces()


@pytest.mark.parametrize("name", ["tabluar", "", ".", "tabular.yam"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(
        SpaceError, match=rf"^unknown space '{name}';.* Known: cnn, .*, tabular, tabular_best, tabular_small, wide$"
    ):
        find_space(name)


def test_a_path_to_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match=r"none\.yaml: no such file$"):
        find_space(tmp_path / "none.yaml")
    with pytest.raises(SpaceError, match=r"^\./tabular: no such file$"):
        find_space("./tabular")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match="a space is a file, and this is a folder"):
        find_space(tmp_path)


def test_finding_a_space_takes_no_yaml() -> None:
    code = "import sys, automl.spaces.shipped; print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("text", "told"), [("check", False), ("./check", True), ("check.yaml", True), ("a\\b", True), ("check.yam", False)]
)
def test_a_path_is_told_by_a_slash_or_its_ending(text: str, told: bool) -> None:
    assert is_path(text) is told
