"""How well the rungs told the end."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from automl.report.fidelity import rung_correlations, spearman
from automl.report.markdown import page
from automl.task import Column, Task
from automl.tracking.record import RUNGS, TASK, Record
from automl.trial import Completed, Epoch, Pruned


@pytest.mark.parametrize("seed", range(10))
def test_the_rank_correlation_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 6, 20), rng.normal(size=20).round(1)
    assert spearman(list(first), list(second)) == pytest.approx(spearmanr(first, second).statistic)


def _study(folder, curves):
    record = Record.create(folder, "s", {"data": "iris", "seed": 0})
    task = Task("binary", "y", (Column("a", "numeric"),), (0, 1), "accuracy", 1)
    record.write_json(TASK, task.to_json())
    for number, curve in enumerate(curves):
        trial = record.trial(number)
        trial.write_config({"family": "mlp"})
        trial.write_curve([Epoch(place + 1, 1.0, 1.0, score, 0.1, 0.1) for place, score in enumerate(curve)])
        trial.write_outcome(Completed(max(curve), 1.0, 1, len(curve), 1.0, 10, "epochs"))
    record.append_jsonl(RUNGS, {"epoch": 2, "scores": {str(n): c[1] for n, c in enumerate(curves)}, "pruned": []})
    return record


def test_a_rung_that_tells_the_end_correlates(tmp_path):
    record = _study(tmp_path, [[0.1 * n, 0.1 * n, 0.1 * n + 0.05] for n in range(6)])
    assert rung_correlations(record, [2], True) == {2: (pytest.approx(1.0), 6)}
    assert "1.00 (6 trials)" in page(record)
    assert "unsafe" not in page(record)


def test_a_rung_that_says_nothing_about_the_end_is_called_unsafe(tmp_path):
    record = _study(tmp_path, [[0.1 * n, 0.1 * n, 0.9 - 0.05 * n] for n in range(6)])
    assert rung_correlations(record, [2], True)[2][0] < -0.9
    assert "Halving is unsafe here: the order of the trials at epoch 2" in page(record)


def test_too_few_trials_tell_nothing(tmp_path):
    assert rung_correlations(_study(tmp_path, [[0.1, 0.2, 0.3]] * 4), [2], True) == {}


def test_pruned_trials_have_no_end_to_compare_with(tmp_path):
    record = _study(tmp_path, [[0.1 * n, 0.1 * n, 0.1 * n] for n in range(5)])
    trial = record.trial(5)
    trial.write_config({"family": "mlp"})
    trial.write_outcome(Pruned(0.5, 1.0, 1, 2, 1.0, 10))
    assert rung_correlations(record, [2], True)[2][1] == 5
