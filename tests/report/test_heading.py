"""The top of the page: the score with all that bears on it."""

from __future__ import annotations

import pytest

from automl.evaluation.intervals import Interval
from automl.report.heading import card, opening
from automl.report.reading import Reading
from automl.tracking.record import Record
from automl.trial import Completed, Failed


def test_a_network_that_does_not_beat_linear_says_so_in_the_headline(write_study, judge):
    record = write_study()
    judge(record, lead=Interval(0.003, -0.01, 0.016))
    shown = card(Reading(record))
    assert "<strong>The network does not beat the linear model beyond chance.</strong>" in shown
    assert '<li class="even">not distinguishable from linear</li>' in shown


def test_a_loss_stands_before_the_score(write_study, judge):
    record = write_study()
    judge(record, trees=Interval(-0.05, -0.06, -0.04))
    said, score, _ = card(Reading(record)).partition('class="score"')
    assert "<strong>The network loses to boosted trees beyond chance.</strong>" in said and score


def test_a_worse_network_is_marked(write_study, judge):
    record = write_study()
    judge(record, lead=Interval(-0.05, -0.06, -0.04))
    assert '<li class="bad">worse than linear beyond chance</li>' in card(Reading(record))


def test_a_broken_seal_is_in_the_headline(write_study, judge):
    record = write_study()
    judge(record)
    judge(record, reason="the metric was wrong")
    shown = card(Reading(record))
    assert '<li class="bad">the seal was broken</li>' in shown


def test_a_gap_to_the_other_side_is_named_so(write_study, judge):
    record = write_study()
    judge(record)
    gap = {"value": -0.01, "sentence": "test looked better"}
    record.write_json("judgement.json", {**record.read_json("judgement.json"), "gap": gap})
    assert "test looked better by</dt><dd>0.0100" in card(Reading(record))


def test_a_judged_study_shows_its_score_with_the_interval(write_study, judge):
    record = write_study()
    judge(record)
    shown = card(Reading(record))
    assert '<span class="what">test accuracy on 200 sealed rows</span><span class="value">0.8500</span>' in shown
    assert '<span class="interval">95 % interval [0.8300, 0.8700]</span>' in shown


def test_a_study_that_is_not_judged_says_so(write_study):
    shown = card(Reading(write_study()))
    assert '<span class="what">validation accuracy, not judged yet</span><span class="value">0.8600</span>' in shown
    assert "<strong>Not judged yet</strong>" in shown and "chips" not in shown


def test_a_study_without_a_winner_shows_no_score(write_study):
    shown = card(Reading(write_study(outcomes=[({"family": "mlp"}, Failed("bug", "it did", "", 1.0))])))
    assert "No trial has completed." in shown and "value" not in shown
    assert "<dt>trials</dt><dd>1 (1 failed)</dd>" in shown


def test_a_trial_for_which_the_time_was_up_is_not_told_as_failed(write_study):
    shown = card(Reading(write_study(outcomes=[({"family": "mlp"}, Failed("timeout", "no time", "", 0.0))])))
    assert "<dt>trials</dt><dd>1 (1 out of time)</dd>" in shown


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("trials", "6 (3 completed, 1 pruned, 2 failed)"),
        ("time", "42.2 s"),
        ("winner", "trial 4, mlp, adamw"),
        ("parameters", "1,200"),
        ("validation accuracy", "0.8600"),
        ("validation looked better by", "0.0100"),
    ],
)
def test_the_facts_stand_below(write_study, judge, fact, value):
    record = write_study()
    judge(record)
    assert f"<dt>{fact}</dt><dd>{value}</dd>" in card(Reading(record))


def test_a_winner_without_an_optimizer_is_named_by_what_it_has(write_study):
    record = write_study(outcomes=[({}, Completed(0.9, 0.4, 1, 2, 1.0, 10, "epochs"))])
    assert "<dt>winner</dt><dd>trial 0</dd>" in card(Reading(record))


def test_the_page_opens_with_the_name_of_the_study_and_its_data(write_study):
    shown = opening(Reading(write_study(created="2026-01-02T03:04:05+00:00")))
    assert "<h1>houses</h1><p>binary, income from adult.csv.gz, 2026-01-02</p>" in shown


def test_a_study_whose_data_is_not_divided_opens_with_what_is_known(tmp_path):
    assert "<h1>early</h1><p>digits</p>" in opening(Reading(Record.create(tmp_path, "early", {"data": "digits"})))
