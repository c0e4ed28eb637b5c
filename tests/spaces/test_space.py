"""Walking through a space, and completing partial configs."""

from __future__ import annotations

import pytest

from automl.errors import SpaceError
from automl.spaces.read import read_space_text
from automl.spaces.space import Choice, Float, Int, Parameter, Space
from automl.trial import Config, Scalar

TEXT = """
name: small
description: A space with all there is
space:
  family:
    choice:
      mlp: {layers: {int: [1, 6], default: 3}, width: {int: [16, 64], log: true, default: 32}}
      linear:
    default: mlp
  optimizer:
    choice:
      sgd:
        momentum: {float: [0.5, 0.99], zero: true, default: 0.9}
        nesterov: {choice: [true, false], default: true, when: {optimizer.sgd.momentum: nonzero}}
      adam: {lr: {float: [1e-4, 0.1], log: true, default: 1e-3}}
    default: adam
  training:
    epochs: 100
    depths: {when: {family: mlp, optimizer: [adam]}, drop: {float: [0, 1], default: 0.5}}
"""


@pytest.fixture
def space() -> Space:
    return read_space_text(TEXT, "small.yaml")


def test_the_default_is_every_default_in_the_order_of_the_space(space: Space) -> None:
    assert list(space.default().items()) == [
        ("family", "mlp"),
        ("family.mlp.layers", 3),
        ("family.mlp.width", 32),
        ("optimizer", "adam"),
        ("optimizer.adam.lr", 1e-3),
        ("training.epochs", 100),
        ("training.depths.drop", 0.5),
    ]


def test_a_walk_asks_only_for_active_parameters_that_are_not_fixed(space: Space) -> None:
    asked: list[str] = []

    def suggest(name: str, domain: Float | Int | Choice) -> Scalar:
        asked.append(name)
        return {"family": "linear", "optimizer": "sgd", "optimizer.sgd.momentum": 0.0}.get(name, domain.default)

    config = space.walk(suggest)
    assert asked == ["family", "optimizer", "optimizer.sgd.momentum"]
    assert list(config) == [*asked, "training.epochs"]


def test_a_condition_opens_on_the_value_before_it(space: Space) -> None:
    config = space.complete({"optimizer": "sgd", "optimizer.sgd.momentum": 0.5})
    assert config["optimizer.sgd.nesterov"] is True
    assert "optimizer.sgd.nesterov" not in space.complete({"optimizer": "sgd", "optimizer.sgd.momentum": 0})


def test_a_walk_refuses_a_value_outside_its_domain(space: Space) -> None:
    with pytest.raises(ValueError, match=r"family: unknown option 'cnn'; Known: mlp, linear"):
        space.walk(lambda name, domain: "cnn")


def test_an_empty_space_has_an_empty_config() -> None:
    space = Space("none", "", ())
    assert (space.default(), space.dimensions, space.parameters_flat()) == ({}, 0, ())


def test_a_space_of_one_parameter_has_one_dimension() -> None:
    assert Space("one", "", (Parameter("x", Int(1, 2, default=1)),)).dimensions == 1


def test_dimensions_count_what_can_vary_in_every_branch(space: Space) -> None:
    assert space.dimensions == 8


def test_the_flat_list_says_what_each_parameter_needs(space: Space) -> None:
    needs = {parameter.name: str(parameter.when or "") for parameter in space.parameters_flat()}
    assert needs["family"] == ""
    assert needs["family.mlp.width"] == "family is mlp"
    assert needs["optimizer.sgd.nesterov"] == "optimizer is sgd and optimizer.sgd.momentum is not 0"
    assert needs["training.depths.drop"] == "family is mlp and optimizer is adam"


def test_completing_nothing_gives_the_default(space: Space) -> None:
    assert space.complete({}) == space.default()


def test_completing_a_whole_config_gives_it_back(space: Space) -> None:
    config = space.complete({"family": "linear", "optimizer": "sgd"})
    assert space.complete(config) == config


def test_completing_turns_values_into_the_domain_s_type(space: Space) -> None:
    config = space.complete({"family.mlp.layers": 2.0, "training.epochs": 100.0})
    assert repr(config["family.mlp.layers"]) == "2"
    assert repr(config["training.epochs"]) == "100"


@pytest.mark.parametrize(
    ("partial", "sentence"),
    [
        (
            {"optimizer.adam.rl": 1},
            "unknown parameter 'optimizer.adam.rl'; did you mean 'optimizer.adam.lr'? Known: optimizer.adam.lr",
        ),
        ({"family.mlp.layers": 7}, "family.mlp.layers: must be between 1 and 6, got 7"),
        ({"family.mlp.layers": "3"}, "family.mlp.layers: must be a whole number, got '3'"),
        ({"family": "mpl"}, "family: unknown option 'mpl'; did you mean 'mlp'? Known: mlp, linear"),
        ({"training.epochs": 50}, "training.epochs: is fixed at 100, got 50"),
        (
            {"optimizer.sgd.momentum": 0.5},
            "optimizer.sgd.momentum: is active only when optimizer is sgd, and it is adam",
        ),
        (
            {"optimizer": "sgd", "optimizer.sgd.momentum": 0, "optimizer.sgd.nesterov": True},
            "optimizer.sgd.nesterov: is active only when optimizer.sgd.momentum is not 0, and it is 0",
        ),
    ],
)
def test_a_mistaken_config_is_refused_with_its_sentence(space: Space, partial: Config, sentence: str) -> None:
    with pytest.raises(SpaceError) as refusal:
        space.complete(partial)
    assert str(refusal.value) == sentence


def test_all_mistakes_of_a_config_are_told_in_its_order(space: Space) -> None:
    with pytest.raises(SpaceError) as refusal:
        space.complete({"optimizer.sgd.momentum": 0.6, "family.mlp.layers": 0, "depth": 3})
    lines = str(refusal.value).splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["optimizer.sgd.momentum", "family.mlp.layers"]
    assert lines[2].startswith("unknown parameter 'depth'; ")


def test_what_hangs_on_a_wrong_value_is_not_called_wrong(space: Space) -> None:
    with pytest.raises(SpaceError) as refusal:
        space.complete({"optimizer": "sdg", "optimizer.sgd.momentum": 0.6})
    assert str(refusal.value) == "optimizer: unknown option 'sdg'; did you mean 'sgd'? Known: sgd, adam"


def test_an_unknown_name_in_an_unknown_section_is_compared_with_the_section_around_it(space: Space) -> None:
    with pytest.raises(SpaceError, match=r"did you mean 'optimizer.adam.lr'\? Known: optimizer.sgd.momentum, "):
        space.complete({"optimizer.adamw.lr": 1e-3})
