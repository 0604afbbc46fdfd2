"""A normal distribution in one dimension."""

from __future__ import annotations

import numpy as np

from kerasgan.arguments import non_negative_number, number, positive_integer
from kerasgan.datasets.dataset import Dataset


def gaussian(
    mean: float = 0.3, stddev: float = 0.1, count: int = 10_000, seed: int | None = 0
) -> Dataset:
    """Returns draws from a normal distribution in one dimension.

    Args:
        mean: Mean of the distribution. Defaults to `0.3`.
        stddev: Standard deviation, not negative. Defaults to `0.1`.
        count: Number of draws. Defaults to `10000`.
        seed: Seed of the draws, or `None` for new ones each time. Defaults to `0`.

    Returns:
        A `Dataset` with `x` of shape `(count, 1)`, not normalized.

    Raises:
        ValueError: If an argument is out of range, or `mean` is so much larger than `stddev` that float32
            cannot tell the draws apart.

    Example:

    >>> gaussian(mean=4.0, stddev=1.25, count=1000)
    Dataset(name='gaussian', x=(1000, 1))
    """
    mean = number("mean", mean)
    stddev = non_negative_number("stddev", stddev)
    count = positive_integer("count", count)
    x = np.random.default_rng(seed).normal(mean, stddev, (count, 1))
    return Dataset(x=x, name="gaussian")
