"""What trials are called in MLflow, and in which colour: short names that mean the same in every study of a space."""

from __future__ import annotations

import colorsys
import json
from collections import Counter
from collections.abc import Mapping

from automl.trial import Scalar

_GOLDEN = 0.6180339887498949
"""The share of the circle of hues between a trial and the next, by which no two of many are alike."""
_LIGHTNESS = (0.36, 0.56)
_SATURATION = 0.7


def trial_name(number: int, study: str) -> str:
    """Name a trial's run; the number first, for long names are cut off on the page.

    Examples:
        >>> trial_name(7, "houses")
        'trial 7 of houses'
    """
    return f"trial {number} of {study}"


def colour(number: int) -> str:
    """Give a trial's colour in charts.

    MLflow draws one by the run's id, and among ten of them two or three are alike.

    Examples:
        >>> colour(0)
        '#9c1c1c'
    """
    channels = colorsys.hls_to_rgb(number * _GOLDEN % 1.0, _LIGHTNESS[number % 2], _SATURATION)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)


def short_params(config: Mapping[str, Scalar]) -> dict[str, str]:
    """Give a config as parameters, without the choices in their names that it says anyway.

    What several choices have, such as a learning rate, is so one parameter, whatever was chosen.

    Examples:
        >>> short_params({"optimizer": "adamw", "optimizer.adamw.lr": 0.01, "training.epochs": 20})
        {'optimizer': 'adamw', 'optimizer.lr': '0.01', 'training.epochs': '20'}
    """
    short = {name: _short(name, config) for name in config}
    counts = Counter(short.values())
    return {
        short[name] if counts[short[name]] == 1 else name: as_text(value) for name, value in config.items()
    }  # two of one name keep their long ones


def as_text(value: Scalar) -> str:
    """Write a plain value as a parameter: words bare, everything else as JSON.

    Examples:
        >>> as_text("relu"), as_text(0.001), as_text(True), as_text(None)
        ('relu', '0.001', 'true', 'null')
    """
    return value if isinstance(value, str) else json.dumps(value)


def _short(name: str, config: Mapping[str, Scalar]) -> str:
    kept, path = [], ""
    for part in name.split("."):
        if path not in config or as_text(config[path]) != part:
            kept.append(part)
        path = f"{path}.{part}" if path else part
    return ".".join(kept)
