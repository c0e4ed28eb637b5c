"""Pictures as files, made for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def save() -> Callable[..., Path]:
    """Write a picture: an array as it is, or a noise of its own for each seed."""

    def write(path: Path, values: Any = 0, shape: tuple[int, ...] = (6, 8, 3), **options: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(values, int):
            values = np.random.default_rng(values).integers(0, 256, shape, dtype=np.uint8)
        picture = values if isinstance(values, Image.Image) else Image.fromarray(np.asarray(values))
        picture.save(path, **options)
        return path

    return write
