"""Checks of what a metric has gathered, or will gather, of one side."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np


def check_finite(side: str, gathered: Mapping[str, np.ndarray]) -> None:
    """Raises where features were not finite."""
    for name, value in gathered.items():
        if not np.all(np.isfinite(value)):
            raise ValueError(
                f"Invalid value for argument `{side}`. Expected finite features. "
                f"Received: NaN or infinite values in the {name} of the {side} features"
            )


def check_count(
    metric: str, argument: str, count: int, received: str, fewest: tuple[int, str]
) -> None:
    """Raises a `ValueError` if there are too few samples.

    Args:
        metric: The metric's name.
        argument: The name of the argument that the samples come from.
        count: How many samples there are.
        received: The same in words.
        fewest: How many samples the metric needs, as a number and in words.
    """
    if count < fewest[0]:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected {fewest[1]} for `{metric}`. "
            f"Received: {received}"
        )


def warn_of_left_out(metric: str, side: str, gathered: Mapping[str, np.ndarray]) -> None:
    """Warns where there were more samples than a metric keeps."""
    left_out = int(gathered.get("left_out", 0))
    if left_out:
        warnings.warn(
            f"`{metric}` keeps the first {int(gathered['count'])} {side} samples and leaves out "
            f"{left_out}; its argument `capacity` says how many it keeps.",
            stacklevel=2,
        )
