"""Configs become the rooms' own arguments, and a space that proposes anything else is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.errors import SpaceError
from automl.experiment.recipe import lint, lint_lines, read_recipe
from automl.models.build import build
from automl.spaces.read import read_space, read_space_text
from automl.spaces.shipped import shipped_spaces
from automl.task import Block
from automl.training.arguments import OPTIMIZERS, SCHEDULES, Member
from automl.training.cohort import train
from automl.training.feed import Rows

BLOCKS = (
    Block("numeric", (3,), "float32"),
    Block("category", (1,), "int64", (30,)),
    Block("image", (1, 16, 16), "uint8", mean=(127.0,), std=(70.0,)),
)


class Watch:
    """Scores by negative loss and stops after one epoch."""

    higher_is_better = True

    def score(self, outputs):
        return float(-np.abs(outputs).mean())

    def epoch_ended(self, epochs):
        return set(epochs)

    def is_over(self):
        return False


def _rows(n_rows, seed):
    draw = torch.Generator().manual_seed(seed)
    inputs = {
        "numeric": torch.randn(n_rows, 3, generator=draw),
        "category": torch.randint(0, 30, (n_rows, 1), generator=draw),
        "image": torch.randint(0, 256, (n_rows, 1, 16, 16), generator=draw, dtype=torch.uint8),
    }
    return Rows(inputs, torch.randint(0, 2, (n_rows,), generator=draw))


def _train_once(config):
    recipe = read_recipe(config)
    network = build(recipe.family, BLOCKS, 2, seed=0)
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    member = Member(seed=0, optimizer=recipe.optimizer, schedule=recipe.schedule, training=recipe.training)
    fitted = train([network], [member], _rows(700, 0), _rows(50, 1), Watch())[0]
    return before, fitted


@pytest.mark.parametrize("path", shipped_spaces(), ids=lambda path: path.stem)
def test_every_space_file_is_accepted_and_its_starts_take_a_step(path):
    space = read_space(path)
    lint(space, str(path))
    for config in (space.default(), *space.starts):
        before, fitted = _train_once(config)
        assert np.isfinite(fitted.epochs[0].train_loss)
        assert any(not torch.equal(weight, before[name]) for name, weight in fitted.weights.items())


@pytest.mark.parametrize("path", shipped_spaces(), ids=lambda path: path.stem)
def test_every_space_file_proposes_only_what_builds(path):
    space = read_space(path)
    draw = np.random.default_rng(0)

    def anything(name, domain):
        if hasattr(domain, "options"):
            return domain.options[draw.integers(len(domain.options))]
        if domain.zero and draw.random() < 0.3:
            return 0
        value = draw.uniform(domain.low, domain.high)
        return domain.low if domain.step not in (None, 1) else type(domain.low)(value)

    for _ in range(60):
        recipe = read_recipe(space.walk(anything))
        assert build(recipe.family, BLOCKS, 2, seed=0)


def test_the_default_space_varies_every_optimizer_and_schedule():
    options = {each.name: each.domain for each in read_space("tabular").parameters_flat()}
    assert set(options["optimizer"].options) == set(OPTIMIZERS)
    assert set(options["schedule"].options) == set(SCHEDULES)


def test_what_a_config_leaves_out_has_its_own_default():
    recipe = read_recipe({})
    assert (type(recipe.family).__name__, recipe.optimizer.rule) == ("MLP", "adamw")


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"family.mlp.widht": 3}, "unknown argument 'widht'; did you mean 'width'"),
        ({"family": "mpl"}, "unknown family 'mpl'; did you mean 'mlp'"),
        ({"optimiser.adam.lr": 3}, "unknown parameter 'optimiser.adam.lr'"),
        ({"family.rnn.width": 3}, "unknown family 'rnn'"),
    ],
)
def test_an_unknown_name_in_a_config_is_an_error(config, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_recipe(config)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("family: {choice: {mlp: {widht: {int: [8, 16], default: 8}}}, default: mlp}", "unknown argument 'widht'"),
        ("family: {choice: [mlp, rnn], default: mlp}", "unknown family 'rnn'"),
        ("optimizer: {choice: {lion: {}}, default: lion}", "unknown optimizer 'lion'"),
        ("speed: {int: [1, 2], default: 1}", "unknown parameter 'speed'"),
        ("training: {batch_size: {float: [1.5, 9], default: 2}}", "must be a whole number, got 1.5"),
        ("training: {epochs: 0}", "must lie between 1 and 1e\\+06, got 0"),
        ("family: {choice: {mlp: {dropout: {float: [0, 2], default: 0}}}, default: mlp}", "between 0 and 0.95, got 2"),
        ("family: {choice: {mlp: {activation: {choice: [rleu], default: rleu}}}, default: mlp}", "did you mean 'relu'"),
        ("family: {choice: {mlp: {skip: {choice: [yes], default: yes}}}, default: mlp}", "must be true or false"),
        ("preparing: {numeric: {choice: [rank], default: rank}}", "unknown value 'rank'"),
        ("preparing: {resolution: {int: [2, 64], default: 8}}", "resolution must be 0 or from 4 to 512, got 2"),
        ("preparing: {one_hot_max: -1}", "must lie between 0 and 1e\\+09, got -1"),
        ("family: {resnet: {width: 8}}", "is never reached: where a space has no choice of family, it is mlp"),
        ("schedule: {cosine: {warmup: 0.1}}", "is never reached: where a space has no choice of schedule, it is const"),
    ],
)
def test_a_space_that_proposes_what_no_room_accepts_is_refused(lines, sentence):
    space = read_space_text(f"name: odd\nspace:\n  {lines}\n", "odd.yaml")
    with pytest.raises(SpaceError, match=sentence):
        lint(space, "odd.yaml")


def test_all_mistakes_are_told_at_once():
    text = "name: odd\nspace:\n  speed: {int: [1, 2], default: 1}\n  training: {epochs: 0}\n"
    with pytest.raises(SpaceError) as caught:
        lint(read_space_text(text, "odd.yaml"), "odd.yaml")
    assert [line.split(": ")[:2] for line in str(caught.value).splitlines()] == [
        ["odd.yaml", "speed"],
        ["odd.yaml", "training.epochs"],
    ]


def test_arguments_of_the_one_that_is_taken_without_a_choice_are_reached():
    lint(
        read_space_text("name: even\nspace: {family: {mlp: {width: 8}}, optimizer: {adamw: {lr: 1e-3}}}", "e.yaml"), ""
    )


def test_of_broken_parameters_only_unknown_arguments_are_told():
    broken = ["family.mlp.widht", "family.mlp.width", "family.mlp", "training.epoch", "training", ""]
    found = lint_lines(read_space("mlp"), "x.yaml", broken)
    assert [line.split("; ")[0] for line in found] == [
        "x.yaml: family.mlp.widht: unknown argument 'widht'",
        "x.yaml: training.epoch: unknown argument 'epoch'",
    ]
