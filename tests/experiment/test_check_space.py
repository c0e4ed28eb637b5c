"""What a sound space amounts to, and that a mistaken one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automl.errors import SpaceError
from automl.experiment.check_space import check_space
from automl.spaces.shipped import shipped_spaces


@pytest.mark.parametrize("path", shipped_spaces(), ids=lambda path: path.stem)
def test_every_shipped_space_has_a_network_to_show(path):
    found = check_space(str(path))
    assert found["name"] == path.stem and found["sample"]["layers"]
    assert json.loads(json.dumps(found)) == found


def _space(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_the_layers_are_those_of_the_config_for_the_stated_input(tmp_path):
    found = check_space(_space(tmp_path, "{name: mine, space: {family: {mlp: {layers: 2, width: 16}}}}"))
    sample = found["sample"]
    assert sample["input"] == "8 numbers, an embedded category of 20 codes, 3 classes"
    linear = [row for row in sample["layers"] if "(Linear)" in row["name"]]
    assert [(row["output"], row["parameters"]) for row in linear] == [([16], 272), ([16], 272), ([3], 51)]
    assert (found["configs"], found["dimensions"], found["continuous"]) == (1, 0, 0)


@pytest.mark.parametrize(("resolution", "side"), [(0, 28), (12, 12)])
def test_a_family_for_images_gets_images_of_the_space_s_resolution(tmp_path, resolution, side):
    family = "{choice: {cnn: {stages: 2, width: 4}}, default: cnn}"
    text = f"{{name: mine, space: {{preparing: {{resolution: {resolution}}}, family: {family}}}}}"
    sample = check_space(_space(tmp_path, text))["sample"]
    assert sample["input"] == f"grey images of {side} x {side}, 10 classes"
    assert sample["layers"][0]["output"] == [1, side, side]


def test_a_network_that_cannot_be_built_is_said(tmp_path):
    family = "{choice: {cnn: {stages: 5}}, default: cnn}"
    text = f"{{name: mine, space: {{preparing: {{resolution: 8}}, family: {family}}}}}"
    sample = check_space(_space(tmp_path, text))["sample"]
    assert sample["layers"] == [] and "would leave less than a pixel" in sample["infeasible"]


def test_known_good_configs_that_are_left_out_are_counted(tmp_path):
    found = check_space(_space(tmp_path, "{name: mine, extends: tabular, space: {family: {resnet: }}}"))
    assert (found["extends"], found["starts"], found["starts_left_out"]) == ("tabular", 2, 1)


def test_a_space_with_mistakes_is_refused(tmp_path):
    with pytest.raises(SpaceError, match=r"mine\.yaml: training\.epochs: must lie between 1 and 1e\+06, got 0$"):
        check_space(_space(tmp_path, "{name: mine, space: {training: {epochs: 0}}}"))
