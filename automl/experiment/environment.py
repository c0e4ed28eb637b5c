"""What a study was run on and with, for the record."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("automl", "torch", "optuna", "scikit-learn", "mlflow", "pandas", "numpy", "pyarrow", "onnx", "onnxruntime")


def environment(device: str) -> dict[str, object]:
    """Say which versions, on what machine, on which device."""
    return {
        "device": device,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
