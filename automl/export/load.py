"""Rebuild an exported network as an ordinary torch module, from the files beside this one, torch and safetensors.

    from load import load, predict

    network = load()                        an nn.Module in evaluation, with the weights that it was exported with
    predict(pandas.read_csv("rows.csv"))    raw rows in, predictions out; needs numpy and pandas, for images Pillow

The network takes a dictionary of blocks, whose names and shapes architecture.json lists, and gives raw outputs: a logit
for each class, or one standardised number. `python load.py rows.csv` prints predictions of a file as CSV.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file

from automl.models.build import build
from automl.models.ensemble import Ensemble
from automl.models.families.registry import FAMILIES
from automl.models.trees import Trees
from automl.task import Block

if TYPE_CHECKING:
    import pandas as pd

    from automl.data.joint import JointPreparation
    from automl.data.prepare import Preparation

HERE = Path(__file__).resolve().parent
ROWS, IMAGES = 4096, 64  # at a time, so that memory does not grow with the table


def architecture(folder: Path | str = HERE) -> dict[str, Any]:
    """Read what the network is made of, and what happens to rows before and after it."""
    said: dict[str, Any] = json.loads((Path(folder) / "architecture.json").read_text(encoding="utf-8"))
    return said


def load(folder: Path | str = HERE) -> torch.nn.Module:
    """Build the network and load its weights, every one of which must have its place."""
    said = architecture(folder)
    network = _together(said) if "members" in said else _network(said, said)
    network.load_state_dict(load_file(Path(folder) / "weights.safetensors"), strict=True)
    return network.eval()


def prepare(rows: pd.DataFrame, folder: Path | str = HERE) -> dict[str, torch.Tensor]:
    """Turn raw rows, typed or as text, into the blocks that the network takes; images are names of their files."""
    return _blocks(rows, _preparation(folder))


@torch.no_grad()
def predict(rows: pd.DataFrame, folder: Path | str = HERE) -> pd.DataFrame:
    """Give `prediction` of every row, and `probability_<class>`, or the ends of an interval, under the rows' index."""
    import pandas as pd

    from automl.data.calibration import Calibration
    from automl.data.target import coder_from_json

    network, preparation, said = load(folder), _preparation(folder), architecture(folder)
    coder, calibration = coder_from_json(said["target"]), Calibration.from_json(said["calibration"])
    step = ROWS if preparation.image is None else IMAGES
    chunks = [rows.iloc[start : start + step] for start in range(0, max(1, len(rows)), step)]
    raw = torch.cat([network(_blocks(chunk, preparation)) for chunk in chunks]).numpy()
    told = coder.told(coder.predictions(calibration.of_logits(raw))) | calibration.interval(coder, raw)
    return pd.DataFrame(told, index=rows.index)


def read(path: Path | str, folder: Path | str = HERE) -> pd.DataFrame:
    """Read a text file in columns as that of the training rows was read, whatever its separator."""
    from automl.data.delimited import Reading
    from automl.data.text_files import Known, read_text

    said = architecture(folder)
    known = Known.of_columns(said["preprocessing"]["columns"], said["reading"])
    return read_text(Path(path), Reading(na=tuple(said["reading"].get("na", ()))), known)


def _together(said: dict[str, Any]) -> torch.nn.Module:
    from automl.data.target import coder_from_json

    members = said["members"]
    networks = [_network(said, member, member["prefix"]) for member in members]
    prefixes = [member["prefix"] for member in members]
    terms = [(member["weight"], member["scale"], member["shift"]) for member in members]
    return Ensemble(networks, prefixes, terms, coder_from_json(said["target"]).link)


def _network(said: dict[str, Any], member: dict[str, Any], prefix: str = "") -> torch.nn.Module:
    """Build one network, or trees, which read the blocks whose names begin with a prefix, without it."""
    if member["family"] not in FAMILIES:
        return Trees(**member["arguments"])
    own = [
        {**block, "name": block["name"].removeprefix(prefix)}
        for block in said["blocks"]
        if block["name"].startswith(prefix)
    ]
    blocks = [Block(**{key: _tuple(value) for key, value in block.items()}) for block in own]
    return build(FAMILIES[member["family"]](**member["arguments"]), blocks, said["n_outputs"], seed=0)


def _preparation(folder: Path | str) -> Preparation | JointPreparation:
    from automl.data.joint import preparation_from_json

    return preparation_from_json(architecture(folder)["preprocessing"])


def _blocks(rows: pd.DataFrame, preparation: Preparation | JointPreparation) -> dict[str, torch.Tensor]:
    image = preparation.image
    if image is not None and rows[image.name].dtype != "image":
        from automl.data.image_paths import with_images

        read = with_images(rows[[image.name]].copy(), Path(), image.stored)
        rows = rows.assign(**{image.name: read[image.name]})
    return {name: torch.tensor(block) for name, block in preparation.transform(rows).items()}


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    predict(read(sys.argv[1])).to_csv(sys.stdout, index=False)
