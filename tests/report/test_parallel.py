"""Parallel coordinates: values where they belong, branches joined, axes that tell something."""

from __future__ import annotations

import pytest

from automl.report.parallel import joined, make_axis, parallel, without_branch
from automl.report.reading import Reading
from automl.trial import Completed, Failed, Pruned


def axis(values, trials=None):
    return make_axis("x", dict(enumerate(values)), range(trials or len(values)))


def places(values, trials=None):
    return list(axis(values, trials).places.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("optimizer", "optimizer"),
        ("optimizer.adamw.lr", "optimizer.lr"),
        ("training.epochs", "training.epochs"),
        ("family.mlp.block.plain.width", "family.block.width"),
    ],
)
def test_a_name_is_given_without_the_options_that_lead_to_it(name, expected):
    config = {"optimizer": "adamw", "family": "mlp", "family.mlp.block": "plain", name: 1}
    assert without_branch(name, config) == expected


def test_the_same_parameter_of_two_branches_has_one_name():
    one, other = ({"optimizer": kind, f"optimizer.{kind}.lr": 0.1} for kind in ("sgd", "adam"))
    assert joined(one).keys() == joined(other).keys()


def test_numbers_lie_from_the_least_to_the_greatest():
    assert places([2, 6, 4]) == [0.0, 1.0, 0.5]


def test_numbers_of_many_sizes_are_placed_by_their_ratios():
    assert places([0.001, 0.1, 0.01]) == pytest.approx([0.0, 1.0, 0.5])


def test_a_zero_among_ratios_lies_below_them():
    (zero, *others), ticks = places([0, 0.001, 0.1]), axis([0, 0.001, 0.1]).ticks
    assert zero < 0 and others == [0.0, 1.0] and (zero, "0") in ticks


def test_a_trial_without_the_parameter_lies_at_the_bottom():
    found = make_axis("x", {0: 1, 2: 2}, [0, 1, 2])
    assert found.places[1] < min(found.places[0], found.places[2]) and found.ticks[-1] == (found.places[1], "none")


def test_options_are_words_in_order():
    assert [text for _, text in axis(["tanh", "relu", "gelu"]).ticks] == ["gelu", "relu", "tanh"]


@pytest.mark.parametrize("values", [[True, False], [1, "auto"], [None, 3], [0.5, True]])
def test_options_of_any_kind_have_places_of_their_own(values):
    assert len(set(places(values))) == 2


def test_one_value_lies_in_the_middle():
    assert places([7]) == [0.5] == places([7.0])


def test_negative_numbers_are_no_ratios():
    assert places([-100, 0, 100]) == [0.0, 0.5, 1.0]


CONFIG = {"family": "mlp", "family.mlp.layers": 3, "optimizer": "sgd", "optimizer.sgd.lr": 0.1}
OTHER = {"family": "mlp", "family.mlp.layers": 2, "optimizer": "adam", "optimizer.adam.lr": 0.001}


def done(score, config=CONFIG):
    return config, Completed(score, 0.5, 1, 3, 1.0, 100, "epochs")


@pytest.fixture
def drawn(write_study):
    return lambda *outcomes: parallel(Reading(write_study(outcomes=outcomes)))


def test_each_trial_runs_through_all_axes(drawn):
    figure = drawn(done(0.9), done(0.8, OTHER), done(0.7, OTHER), done(0.6, OTHER))
    winner = next(trace for trace in figure.traces if "winner" in trace["name"])
    assert winner["x"] == [0.0, 1.0, 2.0, None] and winner["customdata"] == [0, 0, 0, None]
    assert [*figure.layout["xaxis"]["ticktext"]] == ["family<br>layers", "optimizer", "optimizer<br>lr"]


def test_a_parameter_that_does_not_vary_has_no_axis(drawn):
    figure = drawn(done(0.9), done(0.8, OTHER))
    assert "family" not in figure.layout["xaxis"]["ticktext"]


def test_the_title_names_what_the_best_share(drawn):
    apart = {**OTHER, "family.mlp.layers": 5}
    figure = drawn(done(0.9), done(0.89), done(0.88), *(done(0.5 - n / 100, apart) for n in range(9)))
    assert figure.title == "What the best 3 trials have in common: family.layers, optimizer, optimizer.lr"


def test_where_the_best_share_nothing_it_is_said(drawn):
    figure = drawn(done(0.9), done(0.89, OTHER), done(0.88), done(0.5, OTHER))
    assert figure.title == "The best trials have little in common beyond what all trials have"


def test_one_completed_trial_shares_nothing_with_others(drawn):
    figure = drawn(done(0.9), (OTHER, Pruned(0.5, 0.5, 1, 3, 1.0, 100)))
    assert figure.title == "The values of the one completed trial, beside the others"


def test_at_most_seven_parameters_are_shown(drawn):
    configs = [{f"p{n:02d}": trial for n in range(20)} for trial in range(4)]
    figure = drawn(*(done(0.5 + n / 10, config) for n, config in enumerate(configs)))
    assert len(figure.layout["xaxis"]["ticktext"]) == 7


def test_names_of_the_data_are_no_markup(drawn):
    configs = [{"<i>": "<b>", "b": 1}, {"<i>": "</script>", "b": 2}]
    figure = drawn(*(done(0.5, config) for config in configs))
    assert "&lt;i&gt;" in figure.layout["xaxis"]["ticktext"]
    assert {"&lt;b&gt;", "&lt;/script&gt;"} <= {mark["text"] for mark in figure.layout["annotations"]}


@pytest.mark.parametrize(
    "outcomes",
    [[], [done(0.9)], [done(0.9), done(0.8)], [(CONFIG, Failed("bug", "it did", "", 1.0))]],
    ids=["none", "one", "alike", "failed"],
)
def test_where_nothing_varies_nothing_is_drawn(drawn, outcomes):
    assert drawn(*outcomes) is None
