"""Whether what was exported answers as the network itself does, on real rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from automl.errors import BundleError
from automl.export.card import Parity
from automl.export.predictor import chunks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from automl.data.image_encoding import ImageEncoding
    from automl.export.winner import Winner

LABELS_EQUAL = 0.999
LARGEST_DIFFERENCE = 1e-4
"""At least this share of the predictions must be equal, and no probability differ by more; nor a number, in deviations
of the training target."""
COMPARED = 1 << 24
"""Network and export are compared on so many pixels at most: 5461 images of 32 x 32 in colour, 111 of 224 x 224."""


def measure_parity(
    predict: Callable[[pd.DataFrame], pd.DataFrame], winner: Winner, rows: pd.DataFrame | None
) -> Parity:
    """Compare what was exported with the network itself.

    Args:
        predict: From raw rows to `prediction`, then the probabilities of the classes, as the export gives them.
        winner: The network and what belongs to it.
        rows: Raw rows; None compares nothing.

    Raises:
        BundleError: They differ by more than rounding explains.
    """
    if rows is None or rows.empty:
        return Parity(0, 1.0, 0.0)
    rows = comparable(rows, winner.image)
    found = predict(rows)
    raw = _raw_outputs(winner, rows)
    coder, calibration = winner.coder, winner.calibration
    wanted = coder.told(coder.predictions(calibration.of_logits(raw))) | calibration.interval(coder, raw)
    difference, equal = coder.apart({name: found[name].to_numpy() for name in wanted}, wanted)
    parity = Parity(len(rows), float(equal.mean()), float(difference.max()))
    if not (parity.labels_equal >= LABELS_EQUAL and parity.largest_difference <= LARGEST_DIFFERENCE):
        raise BundleError(
            f"the exported model must predict as the network does, but over {parity.rows} rows "
            f"{parity.labels_equal:.2%} of the predictions agree and the largest difference is "
            f"{parity.largest_difference:.2g}"
        )
    return parity


def comparable(rows: pd.DataFrame, image: ImageEncoding | None) -> pd.DataFrame:
    """Give as many rows, evenly spread, as can be compared in little time."""
    most = len(rows) if image is None else max(1, COMPARED // math.prod(image.shape))
    return rows if len(rows) <= most else rows.iloc[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _raw_outputs(winner: Winner, rows: pd.DataFrame) -> NDArray[np.float32]:
    """Run preparation and network themselves, on the device the network lies on: (N, K)."""
    module = winner.module
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    was_training = module.training
    module.eval()
    outputs = []
    with torch.no_grad():
        for chunk in chunks(rows, winner.image):
            blocks = winner.preparation.transform(chunk)
            batch = {name: torch.tensor(block, device=device) for name, block in blocks.items()}
            outputs.append(module(batch).float().cpu().numpy())
    module.train(was_training)
    return np.concatenate(outputs)
