"""Each metric against scikit-learn, and where it is undefined."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from automl.evaluation.metrics import row_losses, score, statistic
from automl.task import CLASS_METRICS, HIGHER_IS_BETTER, KINDS, REGRESSION_METRICS, Task

BINARY = Task("binary", "income", (), ("high", "low"), "accuracy", positive="high")
REGRESSION = Task("regression", "price", (), (), "rmse")


def multiclass(n_classes):
    return Task("multiclass", "kind", (), tuple(range(n_classes)), "accuracy")


def random_classes(seed, task):
    """Rows whose truth lacks some classes at times, with probabilities that tie often, in the network's own float32."""
    rng = np.random.default_rng(seed)
    n_rows, n_classes = int(rng.integers(2, 60)), len(task.classes)
    truth = rng.choice(rng.permutation(n_classes)[: max(2, n_classes - seed % 3)], n_rows)
    truth[:2] = np.sort(np.unique(truth))[[0, -1]] if len(np.unique(truth)) > 1 else (0, 1)
    logits = np.round(rng.normal(size=(n_rows, n_classes)) * 2, 0 if seed % 2 else 6)
    odds = np.exp(logits)
    return truth, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)


def random_numbers(seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(loc=1e3, scale=10 ** rng.uniform(-1, 3), size=int(rng.integers(2, 60)))
    return truth, truth + rng.normal(scale=10, size=len(truth))


def their_score(metric, truth, output, task):
    """What scikit-learn gives; one class against the rest is averaged here over the classes that the truth has."""
    predicted = output.argmax(axis=1)
    if metric == "f1" and task.kind == "binary":
        return theirs.f1_score(truth, predicted, pos_label=task.classes.index(task.positive), zero_division=0.0)
    if metric == "f1":
        return theirs.f1_score(truth, predicted, average="macro")
    if metric == "roc_auc":
        classes = [task.classes.index(task.positive)] if task.kind == "binary" else np.unique(truth)
        return np.mean([theirs.roc_auc_score(truth == code, output[:, code]) for code in classes])
    if metric == "log_loss":
        return theirs.log_loss(truth, output, labels=range(len(task.classes)))
    return {"accuracy": theirs.accuracy_score, "balanced_accuracy": theirs.balanced_accuracy_score}[metric](
        truth, predicted
    )


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:.*renamed to .y_proba")
@pytest.mark.parametrize("task", [BINARY, multiclass(3), multiclass(7)], ids=["binary", "3 classes", "7 classes"])
@pytest.mark.parametrize("metric", CLASS_METRICS)
def test_class_metric_equals_scikit_learn(metric, task):
    for seed in range(50):
        truth, output = random_classes(seed, task)
        assert score(metric, truth, output, task) == pytest.approx(their_score(metric, truth, output, task), rel=1e-6)


@pytest.mark.parametrize("metric", REGRESSION_METRICS)
def test_regression_metric_equals_scikit_learn(metric):
    function = {
        "rmse": theirs.root_mean_squared_error,
        "mae": theirs.mean_absolute_error,
        "r2": theirs.r2_score,
    }[metric]
    for seed in range(50):
        truth, output = random_numbers(seed)
        assert score(metric, truth, output, REGRESSION) == pytest.approx(function(truth, output), rel=1e-9)


def test_roc_auc_of_all_classes_is_scikit_learns_one_vs_rest_macro():
    rng = np.random.default_rng(0)
    truth, output = rng.integers(0, 4, 200), rng.dirichlet(np.ones(4), 200)
    expected = theirs.roc_auc_score(truth, output, multi_class="ovr", average="macro")
    assert score("roc_auc", truth, output, multiclass(4)) == pytest.approx(expected)


def test_every_metric_has_a_direction():
    assert set(HIGHER_IS_BETTER) == {metric for traits in KINDS.values() for metric in traits.metrics}


@pytest.mark.parametrize("metric", CLASS_METRICS)
@pytest.mark.parametrize("task", [BINARY, multiclass(3)], ids=["binary", "multiclass"])
def test_a_row_that_counts_twice_is_two_rows_of_classes(metric, task):
    for seed in range(10):
        truth, output = random_classes(seed, task)
        weights = np.random.default_rng(seed).integers(0, 4, (3, len(truth))).astype(np.int32)
        repeated = [score(metric, np.repeat(truth, row), np.repeat(output, row, axis=0), task) for row in weights]
        np.testing.assert_allclose(statistic(metric, truth, output, task)(weights), repeated, rtol=1e-9)


@pytest.mark.parametrize("metric", REGRESSION_METRICS)
def test_a_row_that_counts_twice_is_two_rows_of_numbers(metric):
    for seed in range(10):
        truth, output = random_numbers(seed)
        weights = np.random.default_rng(seed).integers(0, 4, (3, len(truth))).astype(np.int32)
        repeated = [score(metric, np.repeat(truth, row), np.repeat(output, row), REGRESSION) for row in weights]
        np.testing.assert_allclose(statistic(metric, truth, output, REGRESSION)(weights), repeated, rtol=1e-7)


@pytest.mark.parametrize("metric", CLASS_METRICS)
def test_class_metric_of_no_rows_is_undefined(metric):
    assert np.isnan(score(metric, np.zeros(0, dtype=int), np.zeros((0, 2)), BINARY))


@pytest.mark.parametrize("metric", REGRESSION_METRICS)
def test_regression_metric_of_no_rows_is_undefined(metric):
    assert np.isnan(score(metric, np.zeros(0), np.zeros(0), REGRESSION))


@pytest.mark.parametrize("metric", CLASS_METRICS)
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_class_metric_of_a_prediction_that_is_not_finite_is_undefined(metric, number):
    assert np.isnan(score(metric, np.array([0, 1]), np.array([[0.3, 0.7], [number, 0.1]]), BINARY))


@pytest.mark.parametrize("metric", REGRESSION_METRICS)
def test_regression_metric_of_a_prediction_that_is_not_finite_is_undefined(metric):
    assert np.isnan(score(metric, np.array([0.0, 1.0]), np.array([0.0, np.nan]), REGRESSION))


@pytest.mark.parametrize("task", [BINARY, multiclass(2)], ids=["binary", "multiclass"])
def test_roc_auc_is_undefined_where_the_truth_has_one_class(task):
    assert np.isnan(score("roc_auc", np.array([1, 1]), np.array([[0.3, 0.7], [0.6, 0.4]]), task))


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6 + 0.1])
def test_r2_is_undefined_where_the_truth_is_constant(constant):
    assert np.isnan(score("r2", np.full(7, constant), np.full(7, constant) + 1.0, REGRESSION))


def test_r2_of_small_differences_on_a_large_level_is_defined():
    truth = 1e6 + np.array([0.0, 0.001, 0.002])
    assert score("r2", truth, truth, REGRESSION) == 1.0


def test_log_loss_of_a_certain_mistake_is_finite():
    output = np.array([[1.0, 0.0]], dtype=np.float32)
    assert score("log_loss", np.array([1]), output, BINARY) == pytest.approx(-np.log(np.finfo(np.float32).eps))


def test_f1_of_a_binary_task_is_about_its_positive_class():
    truth, output = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]])
    of_low = Task("binary", "income", (), ("high", "low"), "f1", positive="low")
    assert score("f1", truth, output, BINARY) == pytest.approx(2 / 3)
    assert score("f1", truth[1:], output[1:], BINARY) == 0.0
    assert score("f1", truth[1:], output[1:], of_low) == pytest.approx(2 / 3)


def test_roc_auc_counts_a_tie_half():
    output = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert score("roc_auc", np.array([0, 1]), output, BINARY) == 0.5


def test_a_binary_task_without_a_positive_class_is_about_its_last():
    task = Task("binary", "t", (), (False, True), "f1")
    output = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert score("f1", np.array([1, 1]), output, task) == pytest.approx(2 / 3)


def test_one_row_is_enough_for_accuracy():
    assert score("accuracy", np.array([1]), np.array([[0.2, 0.8]]), BINARY) == 1.0


def test_row_losses_average_to_the_log_loss():
    truth, output = random_classes(1, multiclass(3))
    assert row_losses(truth, output, multiclass(3)).mean() == score("log_loss", truth, output, multiclass(3))


def test_row_losses_of_numbers_are_squared_errors():
    np.testing.assert_array_equal(row_losses(np.array([1, 2]), np.array([3.0, 2.5]), REGRESSION), [4.0, 0.25])


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="unknown metric 'acuracy'; did you mean 'accuracy'"):
        score("acuracy", np.array([0]), np.array([[0.9, 0.1]]), BINARY)


def test_an_output_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"the output of 2 rows must have the shape \(2, 2\), got \(2, 3\)"):
        score("accuracy", np.array([0, 1]), np.zeros((2, 3)), BINARY)
    with pytest.raises(ValueError, match=r"must have the shape \(2,\), got \(2, 1\)"):
        score("rmse", np.array([0.0, 1.0]), np.zeros((2, 1)), REGRESSION)


def their_weighted_score(metric, truth, output, task, weights):
    """What scikit-learn gives with `sample_weight`."""
    if not task.classes:
        function = {
            "rmse": theirs.root_mean_squared_error,
            "mae": theirs.mean_absolute_error,
            "r2": theirs.r2_score,
        }[metric]
        return function(truth, output, sample_weight=weights)
    predicted = output.argmax(axis=1)
    if metric == "f1":
        average = {"pos_label": 0} if task.kind == "binary" else {"average": "macro"}
        return theirs.f1_score(truth, predicted, sample_weight=weights, zero_division=0.0, **average)
    if metric == "roc_auc":
        classes = [0] if task.kind == "binary" else np.unique(truth)
        return np.mean(
            [theirs.roc_auc_score(truth == code, output[:, code], sample_weight=weights) for code in classes]
        )
    if metric == "log_loss":
        return theirs.log_loss(truth, output, labels=range(len(task.classes)), sample_weight=weights)
    function = {"accuracy": theirs.accuracy_score, "balanced_accuracy": theirs.balanced_accuracy_score}[metric]
    return function(truth, predicted, sample_weight=weights)


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true", "ignore:.*renamed to .y_proba")
@pytest.mark.parametrize("task", [BINARY, multiclass(4)], ids=["binary", "multiclass"])
@pytest.mark.parametrize("metric", CLASS_METRICS)
def test_weighted_class_metric_equals_scikit_learn(metric, task):
    for seed in range(20):
        truth, output = random_classes(seed, task)
        weights = np.random.default_rng(seed).uniform(0.01, 3, len(truth))
        expected = their_weighted_score(metric, truth, output, task, weights)
        assert score(metric, truth, output, task, weights) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("metric", REGRESSION_METRICS)
def test_weighted_regression_metric_equals_scikit_learn(metric):
    for seed in range(20):
        truth, output = random_numbers(seed)
        weights = np.random.default_rng(seed).uniform(0, 3, len(truth))
        expected = their_weighted_score(metric, truth, output, REGRESSION, weights)
        assert score(metric, truth, output, REGRESSION, weights) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("metric", CLASS_METRICS)
def test_a_row_of_weight_0_is_not_there(metric):
    truth, output = random_classes(4, BINARY)
    weights = np.ones(len(truth))
    weights[2:6] = 0
    without = score(metric, np.delete(truth, range(2, 6)), np.delete(output, range(2, 6), axis=0), BINARY)
    assert score(metric, truth, output, BINARY, weights) == pytest.approx(without)


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_a_metric_of_rows_that_do_not_count_is_undefined(metric):
    truth, output = random_classes(4, BINARY)
    assert np.isnan(score(metric, truth, output, BINARY, np.zeros(len(truth))))
