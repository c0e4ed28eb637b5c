"""Draws what a bundle says of images: a sheet of them, each with the prediction and its probability, mistakes in red.

    automl search digits --study digits
    automl export digits --output digits-model
    python benchmarks/picture.py digits-model digits docs/digits.png

The images are those of which the bundle is least sure, and as many others, drawn with a seed; on a set that was
searched most of them are training rows.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from automl.data.layouts import source_defaults
from automl.data.read import read_table
from automl.export.predictor import Predictor

if TYPE_CHECKING:
    import pandas as pd

_SIDE, _TEXT, _GAP, _COLUMNS = 88, 20, 10, 10
_INK, _RIGHT, _WRONG, _PAPER = (60, 60, 60), (20, 120, 60), (200, 30, 30), (255, 255, 255)


def chosen(told: pd.DataFrame, count: int) -> list[int]:
    """Give the places of the least certain predictions and of others, half of each."""
    certainty = told.filter(like="probability_").max(axis=1).to_numpy()
    doubtful = np.argsort(certainty, kind="stable")[: count // 2]
    others = np.setdiff1d(np.arange(len(told)), doubtful)
    return [*doubtful, *np.random.default_rng(0).choice(others, count - len(doubtful), replace=False)]


def sheet(pixels: list[Any], told: list[tuple[str, float, bool]]) -> Image.Image:
    """Lay images (channels, height, width) out in rows, each above its prediction."""
    n_rows = -(-len(pixels) // _COLUMNS)
    width, height = _COLUMNS * (_SIDE + _GAP) + _GAP, n_rows * (_SIDE + _TEXT + _GAP) + _GAP
    page = Image.new("RGB", (width, height), _PAPER)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=14)
    for place, (image, (label, share, is_right)) in enumerate(zip(pixels, told)):
        row, column = divmod(place, _COLUMNS)
        left, top = _GAP + column * (_SIDE + _GAP), _GAP + row * (_SIDE + _TEXT + _GAP)
        values = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        page.paste(Image.fromarray(values).convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.NEAREST), (left, top))
        draw.rectangle(
            (left, top, left + _SIDE, top + _SIDE), outline=_INK if is_right else _WRONG, width=1 + 2 * (not is_right)
        )
        draw.text((left, top + _SIDE + 3), f"{label}  {share:.0%}", fill=_RIGHT if is_right else _WRONG, font=font)
    return page


def main() -> None:
    """Draw a sheet."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("bundle", type=Path)
    made.add_argument("source", help="a set of images with labels")
    made.add_argument("output", type=Path)
    made.add_argument("--count", type=int, default=20)
    options = made.parse_args()
    rows = read_table(options.source)
    told = Predictor(options.bundle).predict(rows)
    places = chosen(told, options.count)
    truth = rows[source_defaults(options.source).target or "label"].astype(str).to_numpy()
    said = told["prediction"].astype(str).to_numpy()
    shares = told.filter(like="probability_").max(axis=1).to_numpy()
    captions = [(said[place], float(shares[place]), bool(said[place] == truth[place])) for place in places]
    sheet([rows["image"].iloc[place] for place in places], captions).save(options.output)


if __name__ == "__main__":
    main()
