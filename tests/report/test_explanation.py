"""What an explanation says in words, and when it says nothing."""

from __future__ import annotations

import pytest

from automl.report.document import Table, plain
from automl.report.explanation import (
    END,
    STEP,
    as_blocks,
    conclusion,
    end_rows,
    explanation_of,
    remarks,
    signed,
    step_rows,
    training_name,
)
from automl.report.markdown import page
from automl.trial import Completed

OPTIMIZER = {
    "name": "optimizer",
    "from": "adamw",
    "to": "sgd",
    "dropped": {"optimizer.adamw.lr": 0.003},
    "added": {"optimizer.sgd.lr": 0.132512, "optimizer.sgd.nesterov": True},
}


def edit(name, before, after):
    return {"name": name, "from": before, "to": after, "dropped": {}, "added": {}}


WIDTH, SHIFT = edit("family.mlp.width", 128, 312), edit("training.clip_norm", 0.0, 1.0)
SLIGHT = [edit(f"training.slight{number}", 0.1, 0.2) for number in range(4)]


def gain(value, noise=0.01):
    is_beyond = value is not None and noise is not None and value > noise
    return {"gain": value, "noise": noise, "is_beyond_noise": is_beyond}


def step(value, *choices, mean=0.8, noise=0.01):
    return {"choices": [choice["name"] for choice in choices], "scores": [mean], "mean": mean, **gain(value, noise)}


def explanation(*steps, whole=None, carried=None, choices=(OPTIMIZER, WIDTH, SHIFT), **more):
    """An explanation of accuracy with these steps; `carried` are how many carry how much of it."""
    ends = {"scores": [0.75, 0.76, 0.74], "mean": 0.75, "searched": 0.77}
    whole = sum(each["gain"] for each in steps) if whole is None else whole
    told = {
        "study": "houses",
        "metric": "accuracy",
        "direction": "maximize",
        "winner": 4,
        "allowed": 20,
        "trained": 18,
        "choices": list(choices),
        "ends": {"default": ends, "winner": {"scores": [0.8, None, 0.82], "mean": 0.81, "searched": 0.86}},
        "deviation": 0.004,
        "whole": gain(whole),
        "steps": list(steps),
        "carried_by": None,
        "failures": [],
        "sentence": "It won because it did.",
    }
    if carried:
        count, value = carried
        names = [name for each in steps[:count] for name in each["choices"]]
        told["carried_by"] = {"steps": count, "choices": names, **gain(value), "share": value / whole}
    return {**told, **more}


def test_the_choices_that_carry_the_gain_are_named_with_their_values():
    told = explanation(step(0.04, OPTIMIZER), step(0.02, WIDTH), step(0.0, SHIFT), carried=(2, 0.06), whole=0.062)
    assert conclusion(told) == (
        "The gain comes from optimizer (adamw → sgd) and family.mlp.width (128 → 312): with nothing else changed, "
        "accuracy improves by 0.0600, beyond the noise of 0.0100; with all 3 choices, by 0.0620."
    )


def test_choices_that_carry_a_part_are_said_to_carry_a_part():
    told = explanation(step(0.03, OPTIMIZER), step(0.03, WIDTH, SHIFT), carried=(1, 0.03))
    assert conclusion(told).startswith("Part of the gain comes from optimizer (adamw → sgd): with nothing else changed")


def test_all_steps_together_are_the_whole_gain():
    told = explanation(step(0.03, OPTIMIZER), step(0.03, WIDTH), carried=(2, 0.06), choices=(OPTIMIZER, WIDTH))
    assert conclusion(told) == (
        "The whole gain comes from optimizer (adamw → sgd) and family.mlp.width (128 → 312): accuracy improves by "
        "0.0600, beyond the noise of 0.0100."
    )


def test_choices_that_are_many_are_counted_and_not_named():
    told = explanation(step(0.06, *SLIGHT), step(0.0, WIDTH), carried=(1, 0.06), choices=(*SLIGHT, WIDTH))
    assert conclusion(told).startswith("The gain comes from the 4 slightest changes: ")


def test_a_gain_that_no_few_choices_carry_is_said_to_be_so():
    told = explanation(step(0.005, OPTIMIZER), step(0.03, WIDTH, SHIFT), carried=(1, 0.005))
    assert conclusion(told) == (
        "The winner is better than the default, accuracy improves by 0.0350, beyond the noise of 0.0100, but no two or "
        "three choices carry that: with optimizer (adamw → sgd) and nothing else changed, accuracy improves by 0.0050, "
        "within the noise of 0.0100."
    )


def test_a_gain_within_noise_names_no_choice():
    assert conclusion(explanation(step(0.004, OPTIMIZER, WIDTH, SHIFT))) == (
        "Trained again with 3 seeds, the winner is better than the default by no more than noise: accuracy improves by "
        "0.0040, within the noise of 0.0100; other seeds could have made that difference, and no choice is named."
    )


@pytest.mark.parametrize(("value", "side"), [(-0.004, "within"), (-0.04, "beyond")])
def test_a_winner_that_is_worse_is_said_to_be_worse(value, side):
    assert conclusion(explanation(step(value, OPTIMIZER, WIDTH, SHIFT))) == (
        "Trained again with 3 seeds, the winner is no better than the default: accuracy worsens by "
        f"{-value:.4f}, {side} the noise of 0.0100, and no choice is named."
    )


def test_a_noise_that_is_not_known_is_said_to_be_so():
    told = explanation(step(0.05, OPTIMIZER, WIDTH, SHIFT), deviation=None) | {"whole": gain(0.05, None)}
    assert conclusion(told) == (
        "Trained again with 3 seeds, too few trainings came to their end to tell the winner's gain from noise."
    )


@pytest.mark.parametrize(("end", "choices"), [("default", []), ("winner", [OPTIMIZER, WIDTH, SHIFT])])
def test_an_end_that_failed_is_named_with_its_reason(end, choices):
    told = explanation() | {"whole": gain(None, None)}
    told["ends"] = {**told["ends"], end: {"scores": [None] * 3, "mean": None, "searched": None}}
    names = [choice["name"] for choice in choices]
    told["failures"] = [{"choices": names, "seed": 1, "kind": "diverged", "message": "no epoch was finite"}]
    assert conclusion(told) == (
        f"There is no gain to measure, for the {end} could not be trained: no epoch was finite."
    )


def test_a_default_that_won_has_nothing_to_explain():
    told = explanation(choices=(), winner=0)
    assert conclusion(told) == "The winner is trial 0, the default itself: there is no gain to explain."


def test_a_winner_with_the_defaults_config_differs_in_its_seed_alone():
    told = explanation(choices=())
    assert conclusion(told) == "The winner, trial 4, has the default's config, and its seed alone is another."


def test_a_step_shows_what_changed_and_what_it_brought():
    rows = step_rows(explanation(step(0.04, OPTIMIZER, mean=0.79), step(-0.002, WIDTH, SHIFT, mean=0.788)))
    assert [list(row.values()) for row in rows] == [
        ["the default", "", "", "0.7500", "", "", ""],
        ["optimizer", "adamw", "sgd", "0.7900", "+0.0400", "0.0100", "beyond noise"],
        ["the other 2 choices", "", "", "0.7880", "-0.0020", "0.0100", "within noise"],
    ]
    assert tuple(rows[0]) == STEP


def test_all_choices_in_one_step_are_counted():
    [_, row] = step_rows(explanation(step(0.04, OPTIMIZER, WIDTH, SHIFT)))
    assert row["choice"] == "all 3 choices"


def test_two_choices_in_one_step_are_both():
    [_, row] = step_rows(explanation(step(0.04, OPTIMIZER, WIDTH), choices=(OPTIMIZER, WIDTH)))
    assert row["choice"] == "both choices"


def test_without_a_gain_there_are_no_steps():
    assert step_rows(explanation()) == []


def test_an_end_shows_its_seeds_and_what_the_search_saw():
    rows = end_rows(explanation())
    assert [list(row.values()) for row in rows] == [
        ["the default", "0.7500", "0.7600", "0.7400", "0.7500", "0.7700"],
        ["the winner", "0.8000", "–", "0.8200", "0.8100", "0.8600"],
    ]
    assert tuple(rows[0]) == END


def test_the_choices_of_a_step_of_several_are_listed():
    told = explanation(step(0.04, OPTIMIZER), step(0.01, WIDTH, SHIFT))
    assert "The other 2 choices: family.mlp.width (128 → 312), training.clip_norm (0 → 1)." in list(remarks(told))


def test_the_children_of_a_choice_are_listed():
    told = explanation(step(0.04, OPTIMIZER), step(0.01, WIDTH, SHIFT))
    assert "With optimizer sgd: lr 0.1325, nesterov true." in list(remarks(told))


def test_a_training_that_failed_is_listed():
    failure = {"choices": ["optimizer"], "seed": 1, "kind": "out_of_memory", "message": "a batch does not fit"}
    told = explanation(step(0.04, OPTIMIZER, WIDTH, SHIFT), failures=[failure])
    said = "The default with the winner's optimizer, seed 1, failed (out of memory): a batch does not fit."
    assert said in list(remarks(told))


def test_the_trainings_are_counted():
    assert any(said.startswith("18 trainings of at most 20, on training and") for said in remarks(explanation()))


def test_a_noise_that_is_not_known_is_not_told():
    assert not any("From seed to seed" in said for said in remarks(explanation(deviation=None)))


def test_a_training_of_many_choices_is_counted():
    names = [choice["name"] for choice in SLIGHT]
    assert training_name(names, 9, 2) == "the default with 4 of the winner's 9 choices, seed 2"


def test_a_training_of_all_choices_is_the_winners():
    assert training_name(["a", "b"], 2, 3) == "the winner, seed 3"


@pytest.mark.parametrize(("value", "text"), [(0.00004, "0.0000"), (-0.00004, "0.0000"), (-0.5, "-0.5000")])
def test_a_gain_that_rounds_to_nothing_has_no_sign(value, text):
    assert signed(value, 0.8) == text


def test_the_report_begins_with_the_sentence_and_holds_both_tables():
    blocks = as_blocks(explanation(step(0.04, OPTIMIZER), step(0.01, WIDTH, SHIFT)))
    assert blocks[0] == plain("It won because it did.")
    assert [block.header for block in blocks if isinstance(block, Table)] == [STEP, END]


def test_the_report_of_nothing_to_explain_is_the_sentence():
    assert as_blocks(explanation(choices=())) == [plain("It won because it did.")]


def test_a_study_without_an_explanation_has_none(write_study):
    assert explanation_of(write_study(), 4) is None


def test_the_explanation_of_an_earlier_winner_is_none_of_this_one(write_study):
    record = write_study()
    record.write_json("explanation.json", explanation(step(0.04, OPTIMIZER, WIDTH, SHIFT)))
    assert explanation_of(record, 4) is not None
    assert explanation_of(record, 1) is None


def test_the_page_says_why_the_winner_won(write_study):
    record = write_study()
    record.write_json("explanation.json", explanation(step(0.04, OPTIMIZER, WIDTH, SHIFT)))
    assert "\n## Why it won\n\nIt won because it did.\n" in page(record)


def test_the_page_of_a_study_that_was_not_explained_says_how_to(write_study):
    text = page(write_study())
    assert "## Why it won" not in text
    assert "automl explain houses" in text


def test_the_page_of_a_default_that_won_asks_for_no_explanation(write_study):
    text = page(write_study(outcomes=(({"family": "mlp"}, Completed(0.8, 0.4, 1, 1, 1.0, 10, "epochs")),)))
    assert "automl explain" not in text
