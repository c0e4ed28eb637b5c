"""The winner as a folder from which PyTorch alone rebuilds the network, its preparation, and its predictions.

It holds: load.py and the package `network`, copies of the sources that build this very network; architecture.json, what
they are given; weights.safetensors; and README.md, the model card. It holds no row of the training data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from automl.export import load
from automl.export.card import Parity, model_card
from automl.export.copies import copy_program
from automl.export.folders import beside, check_unused, replace
from automl.export.manifest import versions_of, write_json
from automl.export.parity import measure_parity
from automl.export.winner import Winner
from automl.task import Block

FORMAT = 1
_PACKAGES = ("automl", "torch", "safetensors", "numpy", "pandas")


def write_torch(
    folder: Path | str, winner: Winner, *, provenance: dict[str, Any], check_rows: pd.DataFrame | None
) -> Parity:
    """Write a folder that PyTorch loads; it appears whole or not at all.

    Args:
        folder: Where to; absent or empty.
        winner: The network and what belongs to it; its architecture names `family` and `arguments`.
        provenance: Where it came from, see `automl.export.card`.
        check_rows: Raw rows on which the network that is rebuilt must agree; None checks nothing.

    Raises:
        BundleError: The folder holds something or cannot be written, or the rebuilt network disagrees.
    """
    target = Path(folder).absolute()
    check_unused(target)
    with beside(target) as draft:
        winner.write_weights(draft / "weights.safetensors")
        write_json(draft / "architecture.json", architecture(winner))
        copy_program(Path(load.__file__), draft)
        parity = measure_parity(partial(load.predict, folder=draft), winner, check_rows)
        (draft / "README.md").write_text(_readme(winner, provenance, parity), encoding="utf-8")
        replace(target, draft)
    return parity


def architecture(winner: Winner) -> dict[str, Any]:
    """Give all that rebuilds the network and what stands before and after it, as plain JSON values."""
    return {
        "format": FORMAT,
        **winner.architecture,
        "n_outputs": winner.task.n_outputs,
        "blocks": [asdict(block) for block in winner.preparation.blocks],
        "preprocessing": winner.preparation.to_json(),
        "reading": winner.reading,
        "target": winner.coder.to_json(),
        "calibration": winner.calibration.to_json(),
        "task": winner.task.to_json(),
    }


def _readme(winner: Winner, provenance: dict[str, Any], parity: Parity) -> str:
    image = winner.image
    versions = versions_of((*_PACKAGES, "pillow") if image else _PACKAGES)
    block = image.block if image else None
    running = _running(winner.preparation.blocks, with_images=image is not None)
    return model_card(winner.described, provenance, parity, versions, block, running=running)


def _running(blocks: Iterable[Block], *, with_images: bool) -> str:
    shapes = "\n".join(f"- `{block.name}`: {block.dtype}, (N, {', '.join(map(str, block.shape))})" for block in blocks)
    files = " A column of images holds the names of their files, seen from the working folder." if with_images else ""
    return (
        "## How to run it\n\n"
        f"```\npip install torch safetensors numpy pandas{' pillow' if with_images else ''}\n"
        "python load.py rows.csv\n```\n\n"
        "From Python, with this folder on `sys.path`:\n\n"
        "```python\nfrom load import load, predict, prepare, read\n\n"
        "network = load()                # a torch.nn.Module in evaluation\n"
        'rows = read("rows.csv")         # or a data frame of your own\n'
        "predict(rows)                   # a data frame: prediction, probability_<class>, ...\n"
        "network(prepare(rows))          # raw outputs\n```\n\n"
        f"`load()` needs torch and safetensors alone.{files} The network takes a dictionary of tensors:\n\n{shapes}\n\n"
        "`network/` holds the sources that build it, and `architecture.json` what they are given: the family and its "
        "arguments, what each encoder reads, and what happens to raw columns before."
    )
