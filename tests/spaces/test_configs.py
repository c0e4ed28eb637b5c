"""Configs as people write them."""

from __future__ import annotations

import json
import re

import pytest

from automl.errors import SpaceError
from automl.spaces.configs import flat_configs, named, read_configs
from automl.spaces.read import read_space

FLAT = {"family": "mlp", "family.mlp.layers": 2, "optimizer": "sgd", "optimizer.sgd.lr": 0.1}
NESTED = {"family": {"mlp": {"layers": 2}}, "optimizer": {"sgd": {"lr": 0.1}}}


@pytest.fixture(scope="module")
def space():
    return read_space("tabular_small")


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("config", [FLAT, NESTED, {"family.mlp": {"layers": 2}, "optimizer": {"sgd.lr": 0.1}}])
@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_flat_and_nested_names_say_the_same(write, space, config, ending):
    (read,) = read_configs(write(f"mine.{ending}", json.dumps([config]))).values()
    assert space.complete(named(read, space)) == space.complete(FLAT)


def test_a_file_may_hold_one_config(write):
    path = write("mine.yaml", "optimizer: {sgd: {lr: 1e-1}}\n")
    assert read_configs(path) == {str(path): {"optimizer.sgd.lr": 0.1}}


def test_configs_keep_the_order_of_the_file(write):
    path = write("mine.yaml", "- {schedule: cosine}\n- {training.batch_size: 32}\n")
    assert list(read_configs(path)) == [f"{path}: [0]", f"{path}: [1]"]


def test_a_json_file_may_have_tabs(write):
    assert list(read_configs(write("mine.json", '[\n\t{"schedule": "cosine"}\n]')).values()) == [{"schedule": "cosine"}]


def test_the_plan_of_a_study_gives_what_was_tried_first_there(write):
    first = [{"source": "x", "config": FLAT, "is_own": True}]
    assert list(read_configs(write("plan.json", json.dumps({"data": "iris", "first": first}))).values()) == [FLAT]


def test_a_plan_with_nothing_tried_first_gives_nothing(write):
    assert read_configs(write("plan.json", '{"data": "iris", "first": []}')) == {}


def test_an_option_without_anything_below_it_is_chosen(space):
    for empty in ({"schedule": {"cosine": None}}, {"schedule": {"cosine": {}}}, {"schedule.cosine": None}):
        (config,) = flat_configs(empty, "x", []).values()
        assert named(config, space) == {"schedule": "cosine"}


def test_two_options_at_once_are_a_mistake(space):
    wrong = space.check(named({"optimizer.sgd.lr": 0.1, "optimizer.adamw.lr": 0.001}, space))
    assert list(wrong.values()) == ["optimizer.sgd.lr: is active only when optimizer is sgd, and it is adamw"]


@pytest.mark.parametrize(
    ("name", "text", "sentences"),
    [
        ("a.yaml", "", ["a.yaml: the file is empty"]),
        ("a.yaml", "[{a: 1", [r"a.yaml: line \d: not valid YAML: .*"]),
        ("a.json", '[\n{"a": 1,}]', ["a.json: line 2: not valid JSON: .*"]),
        ("a.yaml", "3", ["a.yaml: a config is a mapping from names to values, got 3"]),
        ("a.yaml", "[{a: 1}, x]", [r"a.yaml: \[1\]: a config is a mapping from names to values, got 'x'"]),
        ("a.yaml", "[{a: [1]}]", [r"a.yaml: \[0\]: a: must be a plain value, got .*"]),
        ("a.yaml", "{a: {b: 1}, a.b: 2}", ["a.yaml: a.b: is given twice, as 1 and as 2"]),
        ("a.yaml", "[{a: [1]}, 3, {b: [2]}]", [r".*\[0\]: a: .*", r".*\[1\]: a config .*", r".*\[2\]: b: .*"]),
    ],
)
def test_every_mistake_is_told_with_its_place(write, name, text, sentences):
    with pytest.raises(SpaceError) as caught:
        read_configs(write(name, text))
    lines = str(caught.value).splitlines()
    assert len(lines) == len(sentences)
    assert all(re.fullmatch(f".*{sentence}", line) for sentence, line in zip(sentences, lines)), lines


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(SpaceError, match=r"^absent.yaml: cannot be read: No such file"):
        read_configs("absent.yaml")


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpaceError, match="is not text in UTF-8"):
        read_configs(tmp_path / "a.yaml")
