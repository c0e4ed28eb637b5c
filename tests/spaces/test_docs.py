"""Every piece of a space file that the how-to shows is a sound one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automl.experiment.recipe import lint
from automl.spaces.read import read_space_text

TEXT = (Path(__file__).parents[2] / "docs" / "space-files.md").read_text(encoding="utf-8")
PIECES = re.findall(r"^```yaml\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
def test_what_the_how_to_shows_is_sound(piece):
    text = piece if piece.startswith("name:") else f"name: shown\nspace:\n{piece}"
    space = read_space_text(text, "shown.yaml")
    lint(space, "shown.yaml")
    assert space.dimensions > 0
