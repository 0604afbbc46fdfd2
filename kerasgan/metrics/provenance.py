"""What you need to reproduce a value: versions, and numbers of samples."""

from __future__ import annotations

import platform
from collections.abc import Mapping

import keras
import numpy as np

from kerasgan.version import __version__


def versions() -> dict[str, str]:
    """Returns the versions of what a value depends on."""
    return {
        "kerasgan": __version__,
        "keras": keras.version(),
        "backend": keras.config.backend(),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def sample_counts(gathered: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, int]:
    """Returns how many samples of each side were gathered, and left out."""
    counts = {f"{side}_samples": int(kept["count"]) for side, kept in gathered.items()}
    left_out = {
        f"{side}_samples_left_out": int(kept["left_out"])
        for side, kept in gathered.items()
        if "left_out" in kept
    }
    return {**counts, **left_out}
