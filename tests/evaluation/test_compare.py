"""The sentences about the final numbers, and the record they are kept in."""

import json
import math

import numpy as np
import pytest

from automl.evaluation.compare import judgement, optimism, verdict
from automl.evaluation.intervals import Bootstrap, Interval, Resampling, bootstrap
from automl.task import Task

NAN = float("nan")
BINARY = Task("binary", "income", (), ("high", "low"), "accuracy", positive="high")


def test_a_lead_whose_interval_is_above_zero_is_beyond_chance():
    sentence = verdict("linear", Interval(0.0312, 0.0221, 0.0403), "accuracy")
    assert sentence == "better than linear beyond chance: accuracy +0.031 [+0.022, +0.040]"


def test_a_lead_whose_interval_holds_zero_is_no_lead():
    sentence = verdict("linear", Interval(0.002, -0.010, 0.014), "accuracy")
    assert sentence == "not distinguishable from linear: accuracy +0.002 [-0.010, +0.014]"


def test_a_lead_whose_interval_touches_zero_is_no_lead():
    assert verdict("linear", Interval(0.1, 0.0, 0.2), "f1").startswith("not distinguishable from linear")


def test_a_lead_whose_interval_is_below_zero_is_worse_beyond_chance():
    sentence = verdict("majority", Interval(-0.5, -0.6, -0.4), "roc_auc")
    assert sentence == "worse than majority beyond chance: roc_auc -0.50 [-0.60, -0.40]"


def test_a_lower_error_is_shown_as_a_decrease():
    sentence = verdict("mean", Interval(1034.2, 980.1, 1090.4), "rmse")
    assert sentence == "better than mean beyond chance: rmse -1034 [-1090, -980]"


def test_no_difference_at_all_is_shown_without_a_minus():
    assert (
        verdict("mean", Interval(0.0, 0.0, 0.0), "rmse")
        == "not distinguishable from mean: rmse +0.000 [+0.000, +0.000]"
    )


def test_an_undefined_difference_is_not_compared():
    sentence = verdict("linear", Interval(NAN, NAN, NAN), "roc_auc")
    assert sentence == "not comparable with linear: roc_auc is undefined on these rows"


@pytest.mark.parametrize(
    ("metric", "validation", "test", "gap", "ending"),
    [
        ("accuracy", 0.875, 0.75, 0.125, "validation looked better by 0.1250"),
        ("accuracy", 0.75, 0.875, -0.125, "test looked better by 0.1250"),
        ("rmse", 100.0, 112.0, 12.0, "validation looked better by 12.0"),
        ("r2", 0.5, 0.5, 0.0, "no gap"),
    ],
)
def test_the_gap_is_positive_where_validation_looked_better(metric, validation, test, gap, ending):
    value, sentence = optimism(metric, validation, test)
    assert value == pytest.approx(gap)
    assert sentence.startswith(f"validation {metric} ")
    assert sentence.endswith(ending)


def test_a_gap_to_an_undefined_test_score_is_undefined():
    value, sentence = optimism("roc_auc", 0.9, NAN)
    assert math.isnan(value)
    assert sentence == "validation roc_auc 0.9000, test nan: the gap is undefined"


def test_the_judgement_is_a_record_that_json_can_hold():
    result = Bootstrap(
        {
            "model": Interval(0.9, 0.88, 0.92),
            "majority": Interval(0.5, 0.47, 0.53),
            "linear": Interval(0.89, 0.87, NAN),
        },
        {"majority": Interval(0.4, 0.37, 0.43), "linear": Interval(0.01, -0.01, 0.03)},
    )
    record = judgement(3, "accuracy", 0.91, result, rows=1000, notes=["study 2 judged on these rows"])
    assert record["trial"] == 3
    assert record["metric"] == "accuracy"
    assert record["test"] == {"value": 0.9, "ci_low": 0.88, "ci_high": 0.92, "rows": 1000}
    assert record["baselines"]["majority"] == {"value": 0.5, "ci_low": 0.47, "ci_high": 0.53}
    assert record["baselines"]["linear"]["ci_high"] is None
    assert record["differences"]["linear"] == {"value": 0.01, "ci_low": -0.01, "ci_high": 0.03}
    assert [sentence.split(":")[0] for sentence in record["verdicts"]] == [
        "better than majority beyond chance",
        "not distinguishable from linear",
    ]
    assert record["gap"]["value"] == pytest.approx(0.01)
    assert record["notes"] == ["study 2 judged on these rows"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_a_baseline_of_two_words_is_said_as_two():
    lead = Interval(-0.02, -0.03, -0.01)
    result = Bootstrap({"model": lead, "boosted_trees": lead}, {"boosted_trees": lead})
    record = judgement(3, "accuracy", 0.91, result, rows=1000)
    assert list(record["baselines"]) == ["boosted_trees"]
    assert record["verdicts"] == ["worse than boosted trees beyond chance: accuracy -0.020 [-0.030, -0.010]"]


def test_an_undefined_judgement_is_a_record_that_json_can_hold():
    outputs = dict.fromkeys(("model", "linear"), np.array([[0.4, 0.6]]))
    result = bootstrap("roc_auc", np.array([1]), outputs, BINARY, resampling=Resampling(count=5))
    record = judgement(0, "roc_auc", 0.9, result, rows=1)
    assert record["gap"]["value"] is None
    assert json.loads(json.dumps(record, allow_nan=False)) == record
