"""The choices between two configs, and the configs between two configs."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from automl.spaces.domains import Choice
from automl.spaces.edits import between, edits
from automl.spaces.read import read_space, read_space_text

SPACES = sorted((Path(__file__).parents[2] / "search_spaces").glob("*.yaml"))

TEXT = """
name: small
space:
  numeric: {choice: [standard, quantile], default: quantile}
  family:
    choice:
      mlp: {width: {int: [8, 512], log: true, default: 64}, dropout: {float: [0.1, 0.5], zero: true, default: 0}}
      resnet: {blocks: {int: [1, 5], default: 2}, norm: {choice: {batch: {momentum: 0.1}, layer: {}}, default: batch}}
    default: mlp
  optimizer:
    choice:
      sgd:
        momentum: {float: [0.5, 0.9], zero: true, default: 0}
        nesterov: {choice: [false, true], default: true, when: {optimizer.sgd.momentum: nonzero}}
      adam: {}
    default: sgd
  blend: {float: [0, 1], default: 0.5, when: {family: resnet, optimizer: adam}}
"""
SPACE = read_space_text(TEXT, "small.yaml")
DEFAULT = SPACE.default()


def names(after, before=DEFAULT):
    return [edit.name for edit in edits(SPACE, before, after)]


def test_equal_configs_differ_in_no_choice():
    assert edits(SPACE, DEFAULT, SPACE.default()) == ()


def test_a_number_written_otherwise_is_no_choice():
    assert names({**DEFAULT, "family.mlp.width": 64.0}) == []


def test_one_value_is_one_choice():
    after = SPACE.complete({"family.mlp.width": 128})
    [edit] = edits(SPACE, DEFAULT, after)
    assert (edit.name, edit.before, edit.after, edit.dropped, edit.added) == ("family.mlp.width", 64, 128, {}, {})


def test_a_choice_takes_its_children_along():
    [edit] = edits(SPACE, DEFAULT, SPACE.complete({"family": "resnet"}))
    assert edit.dropped == {"family.mlp.width": 64, "family.mlp.dropout": 0.0}
    assert edit.added == {
        "family.resnet.blocks": 2,
        "family.resnet.norm": "batch",
        "family.resnet.norm.batch.momentum": 0.1,
    }


def test_a_condition_takes_what_it_opens_along():
    [edit] = edits(SPACE, DEFAULT, SPACE.complete({"optimizer.sgd.momentum": 0.9}))
    assert (edit.name, edit.added) == ("optimizer.sgd.momentum", {"optimizer.sgd.nesterov": True})


def test_children_of_an_unchanged_choice_are_choices_of_their_own():
    assert names(SPACE.complete({"family.mlp.width": 8, "family.mlp.dropout": 0.2})) == [
        "family.mlp.width",
        "family.mlp.dropout",
    ]


def test_a_parameter_that_two_choices_open_belongs_to_one_of_them():
    after = SPACE.complete({"family": "resnet", "optimizer": "adam", "blend": 0.9})
    family, optimizer = edits(SPACE, DEFAULT, after)
    assert ("blend" in family.added, "blend" in optimizer.added) == (True, False)


def test_choices_are_told_in_the_order_of_the_space():
    after = SPACE.complete({"optimizer": "adam", "family": "resnet", "numeric": "standard"})
    assert names(after) == ["numeric", "family", "optimizer"]


@pytest.mark.parametrize(
    ("change", "distance"),
    [
        ({"family.mlp.width": 512}, 0.5),
        ({"family.mlp.width": 8}, 0.5),
        ({"family.mlp.dropout": 0.1}, 1.0),
        ({"numeric": "standard"}, 1.0),
        ({"family": "resnet"}, 1.0),
    ],
    ids=str,
)
def test_how_far_a_choice_goes_is_a_share_of_its_range(change, distance):
    [edit] = edits(SPACE, DEFAULT, SPACE.complete(change))
    assert edit.distance == pytest.approx(distance)


def test_a_range_without_log_is_measured_in_differences():
    before, after = (SPACE.complete({"optimizer.sgd.momentum": value}) for value in (0.5, 0.6))
    [edit] = edits(SPACE, before, after)
    assert edit.distance == pytest.approx(0.25)


def test_an_edit_is_told_as_plain_values():
    [edit] = edits(SPACE, DEFAULT, SPACE.complete({"optimizer": "adam"}))
    dropped = {"optimizer.sgd.momentum": 0.0}
    assert edit.to_json() == {"name": "optimizer", "from": "sgd", "to": "adam", "dropped": dropped, "added": {}}


def test_no_edit_made_is_the_first_config():
    after = SPACE.complete({"family": "resnet", "optimizer": "adam"})
    assert between(SPACE, DEFAULT, after, []) == DEFAULT


def test_one_edit_made_leaves_the_others_as_they_were():
    after = SPACE.complete({"family": "resnet", "optimizer": "adam", "numeric": "standard"})
    family = edits(SPACE, DEFAULT, after)[1]
    assert between(SPACE, DEFAULT, after, [family]) == SPACE.complete({"family": "resnet"})


def test_what_neither_config_has_gets_its_default():
    before, after = SPACE.complete({"family": "resnet"}), SPACE.complete({"optimizer": "adam"})
    optimizer = edits(SPACE, before, after)[1]
    assert between(SPACE, before, after, [optimizer])["blend"] == 0.5


def drawn(space, draw):
    """A random config of a space."""

    def suggest(name, domain):
        if isinstance(domain, Choice):
            return draw.choice(domain.options)
        if domain.zero and draw.random() < 0.5:
            return 0
        return draw.choice([domain.low, domain.high, domain.default])

    return space.walk(suggest)


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_every_config_between_two_is_one_of_the_space(path):
    space, draw = read_space(str(path)), random.Random(0)
    for _ in range(20):
        before, after = drawn(space, draw), drawn(space, draw)
        found = edits(space, before, after)
        config = between(space, before, after, draw.sample(found, draw.randint(0, len(found))))
        assert space.complete(config) == config


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_all_edits_made_are_the_second_config(path):
    space, draw = read_space(str(path)), random.Random(1)
    for _ in range(20):
        before, after = drawn(space, draw), drawn(space, draw)
        assert between(space, before, after, edits(space, before, after)) == after


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_every_edit_changes_the_config_wherever_it_is_made(path):
    space, draw = read_space(str(path)), random.Random(2)
    for _ in range(20):
        before, after = drawn(space, draw), drawn(space, draw)
        found = list(edits(space, before, after))
        draw.shuffle(found)
        steps = [between(space, before, after, found[:made]) for made in range(len(found) + 1)]
        assert all(one != other for one, other in itertools.pairwise(steps))
