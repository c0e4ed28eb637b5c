"""Trees as one ONNX operation, which runtimes carry out much faster than node by node.

A split by a table of codes is one by a column more: whether the row's code is none of those that go left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from automl.export.onnx_nodes import DOUBLE, FLOAT, INT64, ML_DOMAIN, Nodes
from automl.models.ensemble import Ensemble
from automl.models.trees import LEAST, Trees

Arrays = dict[str, NDArray[Any]]


class Handed(nn.Module):
    """Stands for trees in a network: it gives what it is handed beside the blocks.

    Args:
        name: Under which name.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Give it."""
        return batch[self.name]


def without_trees(module: nn.Module) -> tuple[nn.Module, dict[str, tuple[str, Trees]]]:
    """Take the trees out of an ensemble, and have it handed what they give.

    Returns:
        The module without them; by the name of what is handed: what their blocks' names begin with, and the trees.
    """
    if not isinstance(module, Ensemble):
        return module, {}
    members: list[nn.Module] = []
    taken = {}
    for place, (prefix, member) in enumerate(zip(module.prefixes, module.members)):
        if isinstance(member, Trees):
            taken[f"{prefix}trees {place}"] = prefix, member
        members.append(Handed(f"trees {place}") if isinstance(member, Trees) else member)
    rest = Ensemble(members, module.prefixes, [], module.link)
    rest.terms = module.terms
    return rest, taken


def add_trees(nodes: Nodes, trees: Trees, blocks: Sequence[tuple[str, int]], output: str) -> None:
    """Add trees.

    Args:
        nodes: Where to.
        trees: What they are.
        blocks: The value of each block that they read, in their order, and how many columns it has.
        output: The name of what they give, (N, K) float.
    """
    arrays = {name: buffer.numpy() for name, buffer in trees.named_buffers()}
    columns, n_columns = [nodes.cast(value, FLOAT) for value, _ in blocks], sum(width for _, width in blocks)
    if trees.is_rotated:
        (numeric,) = (value for (value, _), name in zip(blocks, trees.names) if name == "numeric")
        columns.append(_rotated(nodes, numeric, arrays))
        n_columns += len(arrays["along"])
    x, feature, threshold = _with_tables(nodes, nodes.op("Concat", *columns, axis=1), n_columns, arrays)
    raw = nodes.op("TreeEnsembleRegressor", x, domain=ML_DOMAIN, **_attributes(arrays, feature, threshold))
    if trees.are_shares:
        raw = nodes.op("Log", nodes.op("Max", raw, nodes.constant(np.array(LEAST, dtype=np.float32))))
    spread = nodes.op("MatMul", raw, nodes.constant(arrays["spread"].astype(np.float32)))
    nodes.op("Add", spread, nodes.constant(arrays["offset"].astype(np.float32)), output=output)


def _rotated(nodes: Nodes, numeric: str, arrays: Arrays) -> str:
    ends = (nodes.constant(side * arrays["farthest"]) for side in (-1.0, 1.0))
    clipped = nodes.op("Clip", nodes.cast(numeric, DOUBLE), *ends)
    axes, along = (nodes.constant(arrays[name]) for name in ("axes", "along"))
    components = nodes.op("Add", nodes.op("MatMul", clipped, axes), along)
    if "grain" in arrays:
        grain = nodes.constant(arrays["grain"])
        components = nodes.op("Mul", nodes.op("Round", nodes.op("Div", components, grain)), grain)
    return nodes.cast(components, FLOAT)


def _with_tables(
    nodes: Nodes, x: str, n_columns: int, arrays: Arrays
) -> tuple[str, NDArray[np.int64], NDArray[np.float32]]:
    """Add a column for each table of codes; give all columns, and by which one and up to what every node splits."""
    table, feature = arrays["table"], arrays["feature"].astype(np.int64)
    by_table = table >= 0
    column_of = np.zeros(len(arrays["goes_left"]), dtype=np.int64)
    column_of[table[by_table]] = feature[by_table]
    added, n_added = [x], n_columns
    places = np.zeros(len(column_of), dtype=np.int64)
    last = arrays["goes_left"].shape[1] - 1
    for column in np.unique(column_of):
        rows = np.flatnonzero(column_of == column)
        code = nodes.cast(nodes.op("Gather", x, nodes.integer(column), axis=1), INT64)
        known = nodes.op("Clip", code, nodes.integer(0), nodes.integer(last))
        others = np.ascontiguousarray(~arrays["goes_left"][rows].T).astype(np.float32)
        added.append(nodes.op("Gather", nodes.constant(others), known, axis=0))
        places[rows] = np.arange(n_added, n_added + len(rows))
        n_added += len(rows)
    threshold = _rounded_down(arrays["threshold"])
    feature[by_table], threshold[by_table] = places[table[by_table]], 0.5
    return (nodes.op("Concat", *added, axis=1) if len(added) > 1 else x), feature, threshold


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Give the largest float32 up to each: what is compared with it is float32 too."""
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _attributes(arrays: Arrays, feature: NDArray[np.int64], threshold: NDArray[np.float32]) -> dict[str, Any]:
    roots, value = arrays["roots"], arrays["value"].reshape(len(feature), -1)
    here, n_raw = np.arange(len(feature)), len(arrays["start"])
    is_leaf = arrays["left"] == here
    tree = np.searchsorted(roots, here, side="right") - 1
    node, left, right = (np.asarray(each) - roots[tree] for each in (here, arrays["left"], arrays["right"]))
    leaves, outputs = np.nonzero(is_leaf[:, None] & ((value != 0) | (value.shape[1] == 1)))
    return {
        "n_targets": n_raw,
        "base_values": arrays["start"].astype(np.float32).tolist(),
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": node.tolist(),
        "nodes_featureids": np.where(is_leaf, 0, feature).tolist(),
        "nodes_modes": np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_values": np.where(is_leaf, 0, threshold).astype(np.float32).tolist(),
        "nodes_truenodeids": np.where(is_leaf, 0, left).tolist(),
        "nodes_falsenodeids": np.where(is_leaf, 0, right).tolist(),
        "target_treeids": tree[leaves].tolist(),
        "target_nodeids": node[leaves].tolist(),
        "target_ids": (tree[leaves] % n_raw if value.shape[1] == 1 else outputs).tolist(),
        "target_weights": value[leaves, outputs].astype(np.float32).tolist(),
    }
