"""A study as it shows itself in a notebook."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from automl.evaluation.intervals import Interval
from automl.report.notebook import fragment
from automl.trial import Completed, Failed, Pruned

DONE = Completed(0.9, 0.3, 1, 1, 1.0, 1, "epochs")


def text(record) -> str:
    """What a reader sees, word by word, one space between."""
    root = ElementTree.fromstring(fragment(record))
    return " ".join(" ".join(root.itertext()).split())


def test_the_headline_has_the_test_with_its_interval(write_study, judge):
    record = write_study()
    judge(record)
    assert text(record).startswith(
        "houses: test accuracy 0.8500 [0.8300, 0.8700], validation accuracy 0.8600 by trial 4 of 6"
    )


def test_a_loss_stands_before_the_headline(write_study, judge):
    record = write_study()
    judge(record, trees=Interval(-0.05, -0.06, -0.04))
    shown = text(record)
    assert shown.startswith("The network loses to boosted trees beyond chance. houses: test accuracy 0.8500")
    assert "test accuracy, boosted trees 0.9000 [0.8900, 0.9100]" in shown


def test_the_verdicts_and_notes_are_there(write_study, judge):
    record = write_study()
    judge(record, notes=["the seal was broken: once more"])
    shown = text(record)
    assert "The network is better than linear beyond chance: accuracy +0.020 [+0.010, +0.030]." in shown
    assert "Note: the seal was broken: once more." in shown


def test_the_facts_are_there(write_study, judge):
    record = write_study()
    judge(record)
    shown = text(record)
    assert "data data/adult.csv.gz, target income" in shown and "budget 6 trials, 10 min 0 s" in shown
    assert "trials 6: 3 completed, 1 pruned, 2 failed; 42.2 s" in shown
    assert "validation accuracy 0.8600 (default 0.8400)" in shown
    assert "test accuracy, linear 0.8300 [0.8100, 0.8600]" in shown


def test_the_best_trials_are_listed_best_first(write_study):
    rows = re.findall(r"<tr>(.*?)</tr>", fragment(write_study()).rpartition("<table>")[2])
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows[1:]]
    assert [row[0] for row in cells] == ["4", "1", "0", "2", "3"]
    assert cells[0] == ["4", "completed", "0.8600", "0.3100", "4", "5.0 s", "1200", "mlp", "adamw", "0.001"]


def test_the_search_and_the_winners_losses_are_drawn(write_study):
    drawn = fragment(write_study())
    assert re.findall(r'aria-label="(.*?)"', drawn) == ["Validation accuracy", "Loss of trial 4"]
    assert "<title>trial 2, pruned: 0.9500</title>" in drawn


def test_a_study_that_is_not_judged_says_so(write_study):
    assert "houses: not judged, validation accuracy 0.8600" in text(write_study())


@pytest.mark.parametrize(
    "outcomes",
    [[], [({}, None)], [({}, Failed("bug", "it broke", "", 1.0))], [({}, replace(DONE, score=float("nan")))]],
)
def test_a_study_without_a_winner_has_no_plots(write_study, outcomes):
    record = write_study(outcomes=outcomes)
    assert text(record).startswith("houses: no trial has completed") and "<svg" not in fragment(record)


def test_pruned_trials_alone_are_drawn_without_a_best(write_study):
    drawn = fragment(write_study(outcomes=[({}, Pruned(0.5, 0.5, 1, 1, 1.0, 1))]))
    assert "pruned" in drawn and "best so far" not in drawn


def test_what_a_name_holds_is_text(write_study):
    drawn = fragment(write_study(data='<img src=x onerror="alert(1)">', outcomes=[({"family": "<b>"}, DONE)]))
    assert "<img" not in drawn and "<b>mlp" not in drawn and "&lt;img src=x" in drawn and "&lt;b&gt;" in drawn


def test_the_fragment_loads_nothing_from_elsewhere(write_study, judge):
    record = write_study()
    judge(record)
    drawn = fragment(record).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"https?://|<script|<link|<style", drawn) == []


def test_of_very_many_trials_only_the_best_so_far_is_drawn(write_study):
    few = fragment(write_study("few", outcomes=[({}, DONE)] * 100)).count("<circle")
    many = fragment(write_study("many", outcomes=[({}, DONE)] * 501)).count("<circle")
    assert (few, many) == (101, 1)  # beside the trials, the epoch that was kept


def test_a_study_whose_folder_is_gone_says_so(write_study):
    record = write_study()
    shutil.rmtree(record.run_dir)
    assert text(record).startswith("The run folder of study houses is gone: ")
