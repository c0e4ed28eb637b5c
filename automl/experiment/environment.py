"""What a study was run on and with, for the record."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, distribution

_PACKAGES = ("automl", "torch", "optuna", "scikit-learn", "mlflow", "pandas", "numpy", "pyarrow", "onnx", "onnxruntime")


def environment(device: str) -> dict[str, object]:
    """Say which versions, on what machine, on which device."""
    return {
        "device": device,
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def version(package: str) -> str | None:
    """Give the version of a package that is installed, else None."""
    try:
        found = distribution(package)
    except PackageNotFoundError:
        return None
    # `found.version` would read the package's whole description for this one line, and takes ten times as long.
    line = re.search(r"^Version: *(\S+)", found.read_text("METADATA") or "", re.MULTILINE)
    return line[1] if line else found.version
