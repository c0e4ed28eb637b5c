"""Fitted trees as plain arrays, from which any library can answer as scikit-learn does.

Shapes:
    M nodes of all trees together, T trees; R splits by category, each a row of the table of codes; k raw outputs, K
    outputs. Of boosted trees there is a tree for every raw output in every iteration, of a forest a tree has them all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.baselines.estimators import Classes, Numbers
from automl.baselines.rotation import Rotation
from automl.baselines.trees import MOST_CATEGORIES

N_CODES = MOST_CATEGORIES + 1
"""How many codes a table of them has; larger ones are the last, as in the baseline."""
_NEVER = -30.0
"""The logit of a class without a training row."""
_BITS = 32

Arrays = dict[str, NDArray[Any]]


def as_arrays(fitted: Classes | Numbers, rotation: Rotation | None = None) -> Arrays:
    """Give fitted trees as arrays.

    Returns:
        By name: `feature` (M,) the column that a node looks at, `threshold` (M,) up to which a row goes left, `table`
        (M,) the row of `goes_left` by which it does where the column holds codes, else -1, `left` and `right` (M,) the
        next nodes, a leaf's being itself, `value` (M, 1 or k) of a leaf; `goes_left` (R, `N_CODES`); `roots` (T,), the
        raw outputs of an iteration next to each other; `start` (k,); `spread` (k, K) and `offset` (K,), which turn raw
        outputs, of a forest's classes their logarithms, into logits or numbers as fitted; and `depth` (1,), after how
        many nodes every row is at a leaf. With a rotation also its arrays: the trees see components beside the
        columns, after them.
    """
    found = _of_boosted(fitted) if hasattr(fitted.model.steps[-1][1], "n_iter_") else _of_forest(fitted)
    return found if rotation is None else {**found, **rotation.as_arrays()}


def are_shares(fitted: Classes | Numbers) -> bool:
    """Whether the raw outputs are shares of classes, which forests vote for."""
    return isinstance(fitted, Classes) and not hasattr(fitted.model.steps[-1][1], "n_iter_")


def gains(fitted: Classes | Numbers) -> NDArray[np.float64]:
    """Add up what the splits of boosted trees by each column gained (columns,)."""
    model = fitted.model.steps[-1][1]
    order, _ = _columns(model)
    found = np.zeros(len(order))
    for predictor in (each for iteration in model._predictors for each in iteration):
        inner = predictor.nodes[~predictor.nodes["is_leaf"].astype(bool)]
        np.add.at(found, order[inner["feature_idx"]], inner["gain"])
    return found


def _of_forest(fitted: Classes | Numbers) -> Arrays:
    trees = [each.tree_ for each in fitted.model.steps[-1][1].estimators_]
    firsts = np.cumsum([0, *(tree.node_count for tree in trees)])
    is_leaf = np.concatenate([tree.children_left < 0 for tree in trees])
    here = np.arange(firsts[-1])
    left, right = (
        np.where(is_leaf, here, np.concatenate([getattr(tree, side) + first for tree, first in zip(trees, firsts)]))
        for side in ("children_left", "children_right")
    )
    value = np.concatenate([tree.value[:, 0, :] for tree in trees]) / len(trees)
    return {
        "feature": np.where(is_leaf, 0, np.concatenate([tree.feature for tree in trees])).astype(np.int32),
        "threshold": np.where(is_leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        "table": np.full(len(here), -1, dtype=np.int32),
        "left": left.astype(np.int32),
        "right": right.astype(np.int32),
        "value": np.where(is_leaf[:, None], value, 0.0).astype(np.float32 if are_shares(fitted) else np.float64),
        "goes_left": np.zeros((0, N_CODES), dtype=np.bool_),
        "roots": firsts[:-1].astype(np.int64),
        "start": np.zeros(value.shape[1]),
        **_ending(fitted, value.shape[1]),
        "depth": np.array([max(tree.max_depth for tree in trees)], dtype=np.int64),
    }


def _of_boosted(fitted: Classes | Numbers) -> Arrays:
    model = fitted.model.steps[-1][1]
    order, known = _columns(model)
    nodes: list[NDArray[Any]] = []
    tables: list[NDArray[np.bool_]] = []
    roots, count = [], 0
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in ("feature", "threshold", "table", "left", "right")}
    for predictor in (each for iteration in model._predictors for each in iteration):
        own = predictor.nodes
        here, is_leaf = np.arange(len(own)) + count, own["is_leaf"].astype(bool)
        places = np.full(len(own), -1)
        for place in np.flatnonzero(own["is_categorical"].astype(bool) & ~is_leaf):
            bits = predictor.raw_left_cat_bitsets[own["bitset_idx"][place]]
            places[place] = len(tables)
            tables.append(_table(bits, known[int(own["feature_idx"][place])], bool(own["missing_go_to_left"][place])))
        parts["feature"].append(order[np.where(is_leaf, 0, own["feature_idx"])])
        parts["threshold"].append(np.where(is_leaf, 0.0, own["num_threshold"]))
        parts["table"].append(places)
        parts["left"].append(np.where(is_leaf, here, own["left"] + count))
        parts["right"].append(np.where(is_leaf, here, own["right"] + count))
        nodes.append(own)
        roots.append(count)
        count += len(own)
    joined = {name: np.concatenate(each) for name, each in parts.items()}
    start = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(-1)
    return {
        **{name: each.astype(np.float64 if name == "threshold" else np.int32) for name, each in joined.items()},
        "value": np.concatenate([own["value"] for own in nodes])[:, None],
        "goes_left": np.stack(tables) if tables else np.zeros((0, N_CODES), dtype=np.bool_),
        "roots": np.array(roots, dtype=np.int64),
        "start": start,
        **_ending(fitted, len(start)),
        "depth": np.array([max(int(own["depth"].max()) for own in nodes)], dtype=np.int64),
    }


def _columns(model: Any) -> tuple[NDArray[np.int64], list[NDArray[Any]]]:
    """Give which column each of the model's own is, those of codes first, and the codes of those."""
    n_columns = int(model.n_features_in_)
    if model.is_categorical_ is None:
        return np.arange(n_columns), []
    is_code = np.zeros(n_columns, dtype=bool)
    is_code[np.flatnonzero(model._preprocessor.transformers_[0][2])] = True
    order = np.concatenate([np.flatnonzero(is_code), np.flatnonzero(~is_code)])
    return order, list(model._preprocessor.named_transformers_["encoder"].categories_)


def _table(bits: NDArray[np.uint32], known: NDArray[Any], unknown: bool) -> NDArray[np.bool_]:
    """Say of every code whether it goes left; one that no training row has goes where missing values go."""
    goes_left = np.full(N_CODES, unknown)
    for place, code in enumerate(known.astype(np.int64)):
        goes_left[code] = bool(bits[place // _BITS] >> np.uint32(place % _BITS) & np.uint32(1))
    return goes_left


def _ending(fitted: Classes | Numbers, n_raw: int) -> Arrays:
    """Give what turns raw outputs into outputs: `raw @ spread + offset`."""
    if isinstance(fitted, Numbers):
        return {"spread": np.array([[fitted.scale]]), "offset": np.array([fitted.mean])}
    spread, offset = np.zeros((n_raw, fitted.n_classes)), np.full(fitted.n_classes, _NEVER)
    codes = np.asarray(fitted.model.classes_)
    offset[codes] = 0.0
    spread[np.arange(n_raw), codes[-n_raw:]] = 1.0  # of two classes there is one raw output, the second one's
    return {"spread": spread, "offset": offset}
