"""Every piece of a space file that the how-to shows is a sound one, and every command of it runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from automl.cli.app import run
from automl.experiment.recipe import lint
from automl.spaces.read import read_space_text

TEXT = (Path(__file__).parents[2] / "docs" / "space-files.md").read_text(encoding="utf-8")
PIECES = re.findall(r"^```yaml\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
def test_what_the_how_to_shows_is_sound(piece):
    text = piece if re.search("^name:", piece, re.MULTILINE) else f"name: shown\nspace:\n{piece}"
    space = read_space_text(text, "shown.yaml")
    lint(space, "shown.yaml")
    assert space.dimensions > 0


COMMANDS = sorted(set(re.findall(r"`automl (spaces\b[^`>]*)", TEXT)))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_the_how_to_runs_ends_well(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, piece in (("my.yaml", PIECES[1]), ("check", PIECES[0])):
        (tmp_path / name).write_text(piece)
    assert run(command.split()) == 0
    assert capsys.readouterr().out


def test_the_how_to_runs_every_command_of_spaces():
    assert {"check", "diff", "schema"} <= {command.split()[1] for command in COMMANDS if " " in command}


def test_the_change_that_the_how_to_shows_is_what_it_says():
    assert "extends: tabular" in PIECES[1]
    mine = {each.name: each.domain for each in read_space_text(PIECES[1], "mine.yaml").parameters_flat()}
    assert mine["family"].options == ("mlp",) and mine["optimizer"].options == ("adamw", "sgd")
    width, dropout = mine["family.mlp.width"], mine["family.mlp.dropout"]
    assert (width.low, width.high, width.log, width.default) == (64, 256, True, 128)
    assert (dropout.low, dropout.high, dropout.default) == (0.02, 0.7, 0.2)
    assert mine["family.mlp.norm"].value == "layer" and "training.clip_norm" not in mine
