"""`automl spaces` as a list, for one space, and with its commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from automl.cli.app import run
from automl.experiment.schema import space_schema

MINE = "name: mine\nextends: tabular\nspace: {family: {resnet: }, training: {epochs: 50}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a sound space and a mistaken one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(MINE)
    (tmp_path / "odd.yaml").write_text("name: odd\nspcae: 1\nspace: {training: {epoch: 3, patience: 0}}\n")
    return tmp_path


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    """Run a command line that goes well, and give what it wrote."""

    def said(*arguments: str) -> str:
        assert run(arguments) == 0
        return capsys.readouterr().out

    return said


@pytest.mark.parametrize("words", [["mlp", "--json"], ["--json", "mlp"]])
def test_options_stand_before_or_after_a_name(words: list[str], said):
    assert json.loads(said("spaces", *words))["name"] == "mlp"


@pytest.mark.parametrize("command", ["check", "diff", "schema"])
def test_a_space_that_is_called_like_a_command_is_reached_by_its_path(command: str, folder: Path, said):
    (folder / command).write_text(MINE)
    assert said("spaces", f"./{command}").startswith("mine: ")
    assert said("spaces", "check", f"./{command}").startswith(f"{command}: no mistakes in mine")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["mlp", "more"], r"No such command 'more'.*; see automl spaces --help"),
        (["chekc"], r"unknown space 'chekc'.*Known: cnn, .*"),
        ([""], r"unknown space ''; Known: .*"),
        (["check"], r"Missing argument 'NAME\|PATH'; see automl spaces check --help"),
        (["diff", "mlp"], r"Missing argument 'B'; see automl spaces diff --help"),
        (["diff", "mlp", "none.yaml"], r"none\.yaml: no such file"),
        (["schema", "mlp"], r"Got unexpected extra argument.*; see automl spaces schema --help"),
        (["--json", "check", "mlp"], r"No such command 'mlp'.*; see automl spaces --help"),
    ],
)
def test_a_mistake_is_one_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]):
    assert run(["spaces", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and re.fullmatch(f"error: {sentence}\n", captured.err)


def test_check_tells_every_mistake_with_file_and_path(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["spaces", "check", "odd.yaml"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split("; ")[0] for line in captured.err.removeprefix("error: ").splitlines()] == [
        "odd.yaml: unknown key 'spcae'",
        "odd.yaml: training.epoch: unknown argument 'epoch'",
        "odd.yaml: training.patience: must lie between 1 and 1e+06, got 0",
    ]


def test_check_says_what_a_sound_space_amounts_to(folder: Path, said):
    lines = said("spaces", "check", "mine.yaml").splitlines()
    assert lines[0] == "mine.yaml: no mistakes in mine, which extends tabular"
    assert re.fullmatch(r"\d+ dimensions, \d+ of them continuous", lines[1])
    assert re.fullmatch(r"[\d,]+ configs of the discrete part", lines[2])
    assert lines[3] == "tried first: 2 known-good configs; 1 of tabular left out, outside of this space"
    assert lines[5] == "A network drawn at random, for 8 numbers, an embedded category of 20 codes, 3 classes"
    assert lines[-1].startswith("total") and any(line.startswith("head (Linear)") for line in lines)


def test_check_says_why_there_is_no_network(folder: Path, said):
    family = "{choice: {cnn: {stages: 5}}, default: cnn}"
    (folder / "tiny.yaml").write_text(f"name: tiny\nspace: {{preparing: {{resolution: 8}}, family: {family}}}")
    last = said("spaces", "check", "tiny.yaml").splitlines()[-1]
    assert last.startswith("No network that was drawn can be built for grey images of 8 x 8, 10 classes: ")


def test_check_is_one_json_object(folder: Path, said):
    found = json.loads(said("spaces", "check", "mine.yaml", "--json"))
    assert (found["name"], found["extends"], found["starts_left_out"]) == ("mine", "tabular", 1)


def test_diff_shows_what_differs(folder: Path, said):
    text = said("spaces", "diff", "tabular", "mine.yaml")
    assert text.startswith("A: tabular\nB: mine.yaml\n")
    assert re.search(r"^training\.epochs +range +fixed 100 +fixed 50 *$", text, re.MULTILINE)
    assert re.search(r"^family\.resnet\.blocks +only in A +int 1 to 6 +– *$", text, re.MULTILINE)
    assert text.endswith("\n1 known-good config only in A\n")


def test_diff_of_a_space_with_itself_says_so(said):
    assert said("spaces", "diff", "mlp", "mlp").endswith("\nTheir parameters are the same.\n")


def test_diff_is_one_json_object(folder: Path, said):
    found = json.loads(said("spaces", "diff", "tabular", "mine.yaml", "--json"))
    assert (found["a"], found["b"]) == ("tabular", "mine.yaml")
    assert {"name": "training.epochs", "what": "range", "a": "fixed 100", "b": "fixed 50"} in found["parameters"]


def test_schema_is_the_schema(said):
    assert json.loads(said("spaces", "schema")) == space_schema()


@pytest.mark.parametrize("command", ["check", "diff", "schema"])
def test_the_usage_of_a_command_names_no_argument_but_its_own(command: str, said):
    assert f"Usage: automl spaces {command} [OPTIONS]" in said("spaces", command, "--help")
