"""One column's predictions are fitted on other rows, and measured as scikit-learn measures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from automl.data.images import ImageArray
from automl.data.one_column import Feature, halves, predict, predict_by_order, predict_by_word, read_features, skill
from automl.task import Column

N = 400
HALF = halves(N, np.random.default_rng(0))
CODES = np.arange(N) % 2


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(1)


def flags(is_class) -> np.ndarray:
    return np.asarray(is_class, dtype=float)[:, None]


def by_code(codes, target, prior: float = 0.0) -> np.ndarray:
    return predict(Feature("a", np.asarray(codes, dtype=np.int64)), target, HALF, prior=prior)[:, 0]


def by_number(numbers, target, prior: float = 0.0) -> np.ndarray:
    return predict(Feature("a", np.asarray(numbers, dtype=np.float64)), target, HALF, prior=prior)[:, 0]


def auc(predicted, target) -> float:
    return skill(predicted[:, None], target, HALF, are_classes=True).value


def r2(predicted, target) -> float:
    return skill(predicted[:, None], target, HALF, are_classes=False).value


def test_half_of_the_rows_is_drawn():
    assert [halves(n, np.random.default_rng(1)).sum() for n in (1, 2, 11)] == [0, 1, 5]


def test_a_code_is_predicted_by_its_mean_in_the_other_half(generator):
    target = generator.normal(size=(N, 1))
    expected = [target[(CODES[row] == CODES) & (HALF[row] != HALF)].mean() for row in range(N)]
    assert by_code(CODES, target) == pytest.approx(np.array(expected))


def test_a_rows_own_target_changes_nothing_in_its_half(generator):
    target = generator.normal(size=(N, 1))
    other = np.where(HALF[:, None], target + 100, target)
    for by, values in ((by_code, CODES), (by_number, generator.normal(size=N))):
        assert (by(values, target)[HALF] == by(values, other)[HALF]).all()


def test_a_code_that_was_never_seen_has_no_prediction():
    assert np.isnan(by_code(np.arange(N), flags(CODES))).all()


def test_a_code_that_was_never_seen_has_the_mean_where_there_is_a_prior():
    target = flags(CODES)
    expected = np.where(HALF, target[~HALF].mean(), target[HALF].mean())
    assert by_code(np.arange(N), target, prior=5.0) == pytest.approx(expected)


def test_missing_codes_are_a_code_of_their_own():
    assert auc(by_code(np.where(CODES, -1, 0), flags(CODES)), flags(CODES)) == 1.0


@pytest.mark.parametrize(
    "bent", [lambda x: 3 * x - 1, np.exp, lambda x: -(x**3), lambda x: x**2], ids=["line", "exp", "cube", "square"]
)
def test_numbers_follow_a_line_or_a_curve(bent, generator):
    numbers = generator.normal(size=N)
    ranks = pd.Series(bent(numbers)).rank().to_numpy()[:, None]
    assert r2(by_number(numbers, ranks), ranks) > 0.98


def test_numbers_of_another_range_than_those_fitted_take_the_nearest_bin(generator):
    numbers = np.where(HALF, 1000.0, 0.0) + generator.normal(size=N)
    assert np.ptp(by_number(numbers, flags(CODES))[HALF]) == 0


def test_a_step_is_found_wherever_it_is(generator):
    numbers = generator.normal(size=N)
    for step in np.quantile(numbers, [0.05, 0.33, 0.9]):
        assert auc(by_number(numbers, flags(numbers > step)), flags(numbers > step)) > 0.995


def test_one_value_among_others_is_a_bin_of_its_own(generator):
    numbers = np.where(CODES == 1, 0.0, generator.normal(size=N))
    assert auc(by_number(numbers, flags(CODES)), flags(CODES)) == 1.0


def test_missing_numbers_have_their_own_mean(generator):
    numbers = np.where(CODES == 1, np.nan, generator.normal(size=N))
    assert auc(by_number(numbers, flags(CODES)), flags(CODES)) == 1.0


@pytest.mark.parametrize(("prior", "predicted"), [(0.0, np.nan), (1.0, 0.5)])
def test_numbers_of_which_none_was_known_are_predicted_by_the_prior_alone(prior, predicted):
    numbers = np.where(HALF, np.nan, 1.0)
    target = flags(np.where(HALF, np.cumsum(HALF) % 2, np.cumsum(~HALF) % 2))
    assert by_number(numbers, target, prior)[~HALF] == pytest.approx(np.full(N // 2, predicted), nan_ok=True)


def test_what_has_nothing_to_do_with_the_target_has_no_skill(generator):
    target = flags(generator.random(N) < 0.3)
    for predicted in (by_code(generator.integers(0, 40, N), target), by_number(generator.normal(size=N), target)):
        assert 0.35 < auc(predicted, target) < 0.65


def test_a_skill_is_the_mean_auc_of_the_halves(generator):
    target, scores = flags(generator.random(N) < 0.3), generator.integers(0, 9, N) * 1.0
    expected = np.mean([roc_auc_score(target[part, 0], scores[part]) for part in (HALF, ~HALF)])
    assert auc(scores, target) == pytest.approx(expected)


def test_a_skill_is_that_of_the_class_that_is_told_worst(generator):
    target = np.eye(3)[generator.integers(0, 3, N)]
    scores = target + generator.normal(size=(N, 3)) * [0.5, 2.0, 1.0]
    parts = [roc_auc_score(target[part], scores[part], average=None)[1] for part in (HALF, ~HALF)]
    assert skill(scores, target, HALF, are_classes=True).value == pytest.approx(np.mean(parts))


def test_a_skill_is_that_of_the_numbers_that_are_told_best(generator):
    target = generator.normal(size=(N, 2))
    predicted = target + generator.normal(size=(N, 2)) * [0.1, 0.5]
    expected = np.mean([r2_score(target[part, 0], predicted[part, 0]) for part in (HALF, ~HALF)])
    found = skill(predicted, target, HALF, are_classes=False)
    assert found.value == pytest.approx(expected) and str(found) == f"R2 {expected:.3f}"


def test_a_skill_is_surer_of_more_rows():
    few, many = (
        skill(scores[:, None], flags(np.arange(n) % 2), halves(n, np.random.default_rng(0)), are_classes=True)
        for n in (60, 6000)
        for scores in [np.arange(n) % 2 + np.random.default_rng(1).normal(size=n)]
    )
    assert few.error > 5 * many.error > 0
    assert few.low(2) == few.value - 2 * few.error < few.low() < few.value


def test_a_perfect_skill_is_sure():
    found = skill(flags(CODES), flags(CODES), HALF, are_classes=True)
    assert (found.value, found.error, str(found)) == (1.0, 0.0, "AUC 1.000")


def test_predictions_for_few_of_the_rows_are_no_skill():
    predicted = np.where(np.arange(N) % 3 == 0, CODES, np.nan)
    assert skill(predicted[:, None], flags(CODES), HALF, are_classes=True).value == 0.5


def test_a_class_of_few_rows_is_no_skill():
    rare = flags(np.arange(N) < 4)
    assert skill(rare, rare, HALF, are_classes=True).value == 0.5


def test_a_constant_target_is_no_skill():
    constant = np.ones((N, 1))
    assert skill(constant, constant, HALF, are_classes=False).value == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_the_order_of_numbers_is_scored_as_the_other_half_has_it(generator, sign):
    numbers = sign * (CODES + generator.normal(size=N))
    scores = predict_by_order(Feature("a", numbers), flags(CODES), HALF)[:, 0]
    assert (scores == sign * numbers).all()


@pytest.mark.parametrize("is_known", [HALF, ~HALF, np.zeros(N, dtype=bool)])
def test_a_half_without_predictions_is_no_skill(is_known):
    predicted = np.where(is_known, CODES * 1.0, np.nan)[:, None]
    for are_classes, none in ((True, 0.5), (False, 0.0)):
        assert skill(predicted, flags(CODES), HALF, are_classes=are_classes).value == none


def test_a_word_gives_a_class_away_in_any_case():
    texts = pd.Series(
        [f"{'Died' if row % 4 == 1 else 'died' if row % 2 else 'saved'} on ward {row}" for row in range(N)]
    )
    assert auc(predict_by_word(texts, flags(CODES), HALF)[:, 0], flags(CODES)) == 1.0


def test_a_word_that_is_absent_gives_a_class_away():
    texts = pd.Series([f"row {row} {'' if row % 2 else 'fine'}" for row in range(N)])
    assert auc(predict_by_word(texts, flags(CODES), HALF)[:, 0], flags(CODES)) == 1.0


@pytest.mark.parametrize("texts", [[None] * N, ["..."] * N, [f"row {row}" for row in range(N)]], ids=str)
def test_texts_without_a_telling_word_have_no_skill(texts):
    predicted = predict_by_word(pd.Series(texts, dtype=object), flags(CODES), HALF)
    assert 0.4 < auc(predicted[:, 0], flags(CODES)) < 0.6


def test_columns_are_read_as_numbers_or_codes():
    rows = pd.DataFrame({"n": [1.0, np.inf, None], "c": ["b", None, "b"], "t": [True, False, True]})
    columns = [Column("n", "numeric"), Column("c", "category"), Column("t", "boolean")]
    number, code, truth = (feature.values.tolist() for feature in read_features(rows, columns))
    assert number[0] == 1 and np.isnan(number[1:]).all()
    assert code == [0, -1, 0] and truth == [0, 1, 0]


def test_a_date_is_read_in_parts_the_elapsed_time_last():
    rows = pd.DataFrame({"d": pd.to_datetime(["1970-01-02 06:00", None])})
    parts = list(read_features(rows, [Column("d", "datetime")]))
    assert {part.name for part in parts} == {"d"} and len(parts) == 6
    assert parts[-1].values[0] == 1.25 and np.isnan([part.values[1] for part in parts]).all()


def test_images_are_not_read():
    rows = pd.DataFrame({"i": ImageArray(np.zeros((3, 1, 4, 4), dtype=np.uint8))})
    assert list(read_features(rows, [Column("i", "image")])) == []
