"""Every family is exported to ONNX as it is, for classes and for numbers, once it has settled on training rows."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from automl.export.onnx_graph import export_network
from automl.models.build import build
from automl.models.families.registry import FAMILIES
from automl.models.settle import settle
from automl.training.weights import raw_outputs

ARGUMENTS = {"cnn": {"stages": 2, "width": 4}}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_a_family_gives_the_same_in_onnx(request, family, n_outputs):
    kind = "grey" if hasattr(FAMILIES[family], "reads") else "mixed"
    winner, rows = request.getfixturevalue(kind), request.getfixturevalue(f"{kind}_rows")
    arrays = winner.preparation.transform(rows)
    network = build(FAMILIES[family](**ARGUMENTS.get(family, {})), winner.preparation.blocks, n_outputs, seed=0)
    settle(network, arrays, lambda: np.linspace(-0.1, 0.1, len(rows), dtype=np.float32), seed=0)
    expected = raw_outputs(network, arrays)
    model = export_network(network, winner.preparation.blocks)
    (found,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, arrays)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
