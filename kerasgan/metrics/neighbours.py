"""Nearest neighbours, some rows of distances at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kerasgan.metrics.sample_metric import float64_rows

# Relative to the squared norms: below, a squared distance is rounding, and the points are the same.
_ROUNDING = 1e-13


def squared_distances(ones: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    """Gives the squared distances of each of `ones` to all of `others`, some rows at a time."""
    others = others.astype("float64")
    norms = np.square(others).sum(axis=1)
    for rows in float64_rows(ones):
        scale = np.square(rows).sum(axis=1)[:, None] + norms
        distances = scale - 2.0 * (rows @ others.T)
        distances[distances < _ROUNDING * scale] = 0.0
        yield distances


def squared_radii(samples: np.ndarray, k: int) -> np.ndarray:
    """Returns the squared distance of each sample to its k-th nearest neighbour among the others."""
    # The nearest of all is the sample itself. A view of one column would keep all others in memory.
    return np.concatenate(
        [
            np.partition(distances, k, axis=1)[:, k].copy()
            for distances in squared_distances(samples, samples)
        ]
    )
