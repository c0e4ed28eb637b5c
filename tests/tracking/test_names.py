"""What trials are called in MLflow, and in which colour."""

from __future__ import annotations

import colorsys
import itertools
import re

from automl.tracking.names import colour, short_params, trial_name


def hue(text: str) -> float:
    red, green, blue = (int(text[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)[0]


def test_a_trials_number_comes_before_the_study_for_long_names_are_cut_off():
    assert trial_name(12, "houses-in-california") == "trial 12 of houses-in-california"


def test_colours_are_those_of_pages():
    assert all(re.fullmatch("#[0-9a-f]{6}", colour(number)) for number in range(1000))


def test_no_two_of_ten_trials_have_like_colours():
    for first, second in itertools.combinations(range(10), 2):
        apart = abs(hue(colour(first)) - hue(colour(second)))
        assert min(apart, 1 - apart) > 0.05


def test_twenty_trials_have_twenty_colours():
    assert len({colour(number) for number in range(20)}) == 20


def test_the_learning_rate_of_every_optimizer_is_one_parameter():
    configs = [{"optimizer": name, f"optimizer.{name}.lr": 0.1} for name in ("sgd", "adamw")]
    assert [set(short_params(config)) for config in configs] == [{"optimizer", "optimizer.lr"}] * 2


def test_a_choice_within_a_choice_is_shortened_too():
    config = {"family": "mlp", "family.mlp.embedding": "plr", "family.mlp.embedding.plr.n": 8}
    assert list(short_params(config)) == ["family", "family.embedding", "family.embedding.n"]


def test_a_group_that_is_no_choice_keeps_its_name():
    assert short_params({"training.batch_size": 64, "preparing.numeric": "robust"}) == {
        "training.batch_size": "64",
        "preparing.numeric": "robust",
    }


def test_two_parameters_of_one_short_name_keep_their_long_ones():
    config = {"family": "mlp", "family.mlp.width": 8, "family.width": 16}
    assert list(short_params(config)) == ["family", "family.mlp.width", "family.width"]


def test_a_choice_between_truths_is_shortened():
    assert short_params({"skip": True, "skip.true.scale": 2.5}) == {"skip": "true", "skip.scale": "2.5"}


def test_an_empty_config_has_no_parameters():
    assert short_params({}) == {}
