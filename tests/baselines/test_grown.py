"""Fitted trees as arrays: a module made of them answers as scikit-learn does, unseen and rare codes included."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from automl.baselines.estimators import Classes, Numbers
from automl.baselines.fit import BOOSTED_TREES
from automl.baselines.grown import N_CODES, are_shares, as_arrays
from automl.baselines.kinds import grow
from automl.baselines.rows import Given
from automl.models.trees import Trees
from automl.task import Block, Task
from automl.trial import TREES

BLOCKS = (
    Block("numeric", (3,), "float32"),
    Block("one_hot", (2,), "float32"),
    Block("category", (2,), "int64", (301, 9)),
)
TASKS = {
    "binary": Task("binary", "t", (), ("a", "b"), "accuracy"),
    "multiclass": Task("multiclass", "t", (), ("a", "b", "c", "never"), "accuracy"),
    "regression": Task("regression", "t", (), (), "rmse"),
}


def rows(n_rows=600, seed=0):
    draw = np.random.default_rng(seed)
    return {
        "numeric": draw.normal(size=(n_rows, 3)).astype(np.float32),
        "one_hot": draw.integers(0, 2, (n_rows, 2)).astype(np.float32),
        "category": np.column_stack([draw.integers(1, 300, n_rows), draw.integers(1, 8, n_rows)]),
    }


def target(kind, arrays):
    score = arrays["numeric"][:, 0] + (arrays["category"][:, 1] % 3 == 0) + arrays["one_hot"][:, 0]
    if kind == "regression":
        return score.astype(float) * 3 + 100
    classes = (score > 0.8).astype(int)
    return classes if kind == "binary" else classes + (arrays["category"][:, 1] > 6)


def fitted(kind, blocks=BLOCKS, trees=BOOSTED_TREES):
    """Give trees of a kind that were fitted to a task."""
    arrays, held = rows(), rows(200, seed=5)
    given, stopping = (
        Given({block.name: each[block.name] for block in blocks}, target(kind, each)) for each in (arrays, held)
    )
    return grow(trees, given, blocks, TASKS[kind], held=stopping)


def predicted(made, arrays):
    """What scikit-learn answers."""
    seen = arrays if made.rotation is None else made.rotation.beside(Given(arrays, arrays["numeric"])).arrays
    return made.fitted.predict(seen)


def module(made, blocks=BLOCKS, without=()):
    """Give fitted trees as a module, without some of their arrays."""
    known = as_arrays(made.fitted, made.rotation)
    arrays = {name: array for name, array in known.items() if name not in without}
    shapes = {name: array.shape for name, array in arrays.items()}
    shares = are_shares(made.fitted)
    trees = Trees([block.name for block in blocks], shapes, int(arrays["depth"][0]), are_shares=shares)
    trees.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()})
    return trees.eval()


def answers(trees, arrays, kind):
    with torch.no_grad():
        outputs = trees({name: torch.from_numpy(array) for name, array in arrays.items()}).double()
    return outputs[:, 0].numpy() if kind == "regression" else torch.softmax(outputs, dim=1).numpy()


@pytest.mark.parametrize("trees", TREES.values())
@pytest.mark.parametrize("kind", TASKS)
def test_it_answers_as_scikit_learn_does(kind, trees):
    made = fitted(kind, trees=trees)
    asked = rows(400, seed=1)
    asked["category"][:40] = 0  # what no training row has
    asked["category"][40:80, 0] = 300  # beyond the codes that the trees tell apart
    least = 2e-4 if are_shares(made.fitted) else 1e-6  # what no tree voted for is unlikely, and not impossible
    assert answers(module(made), asked, kind) == pytest.approx(predicted(made, asked), rel=1e-6, abs=least)
    assert isinstance(made.fitted, Numbers if kind == "regression" else Classes)


@pytest.mark.parametrize("kind", TASKS)
def test_columns_without_codes_are_enough(kind):
    blocks = BLOCKS[:2]
    made = fitted(kind, blocks)
    asked = {block.name: rows(100, seed=2)[block.name] for block in blocks}
    assert answers(module(made, blocks), asked, kind) == pytest.approx(predicted(made, asked), rel=1e-6, abs=1e-6)
    assert as_arrays(made.fitted)["goes_left"].shape == (0, N_CODES)


def test_a_row_answers_alone_as_among_others():
    trees, asked = module(fitted("multiclass")), rows(50, seed=3)
    together = answers(trees, asked, "multiclass")
    single = ({name: array[[place]] for name, array in asked.items()} for place in range(50))
    assert np.array_equal(together, np.concatenate([answers(trees, each, "multiclass") for each in single]))


@pytest.mark.parametrize("trees", TREES.values())
def test_every_leaf_leads_to_itself(trees):
    arrays = as_arrays(fitted("binary", trees=trees).fitted)
    leaves = arrays["left"] == np.arange(len(arrays["left"]))
    assert (arrays["right"][leaves] == arrays["left"][leaves]).all() and leaves.sum() > len(arrays["roots"])
