"""Distances and nearest neighbors, some rows at a time, right to the last digits.

Squared distances are computed from norms and a product of matrices. The mean of the points is subtracted
first, so that a large offset costs no digits. For equal points and ties this is not exact enough to compare
distances. These few are computed once more from differences.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kerasgan.metrics.sample_metric import float64_rows

_ROWS = 256
_NUMBERS_AT_ONCE = 2**20
# Distances that are less than so many times their error are computed from differences.
_DIGITS = 1e6


class _Pairs:
    """Two sets of points, and exact distances between single ones of them."""

    def __init__(self, ones: np.ndarray, others: np.ndarray) -> None:
        self.ones = ones
        self.others = others

    @functools.cached_property
    def _names(self) -> tuple[np.ndarray, np.ndarray]:
        """A number for each point; equal points have the same."""
        known: dict[bytes, int] = {}

        def names(points: np.ndarray) -> np.ndarray:
            digests = (
                # 0.0 is added because -0.0 equals 0.0 and has other bytes.
                hashlib.blake2b((row.astype("float64") + 0.0).tobytes(), digest_size=16).digest()
                for row in points
            )
            return np.array([known.setdefault(digest, len(known)) for digest in digests])

        ones = names(self.ones)
        return ones, ones if self.others is self.ones else names(self.others)

    def squared(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Returns the squared distances of the points `i` of one set to the points `j` of the other."""
        names = self._names
        # Collapsed samples are all alike: the distance of each two different ones is computed once.
        pairs = names[0][i].astype("int64") * (1 + int(names[1].max())) + names[1][j]
        _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
        found, step = np.empty(len(first)), max(1, _NUMBERS_AT_ONCE // max(1, self.ones.shape[1]))
        for start in range(0, len(first), step):
            part = first[start : start + step]
            gaps = self.ones[i[part]].astype("float64") - self.others[j[part]].astype("float64")
            found[start : start + step] = np.square(gaps).sum(axis=1)
        return found[inverse.reshape(-1)]


@dataclass(frozen=True)
class Block:
    """Squared distances of some points to all others.

    Attributes:
        start: The number of the first of these points.
        distances: What a product of matrices gave.
        error: How much each may be off.
        pairs: The points.
    """

    start: int
    distances: np.ndarray
    error: np.ndarray
    pairs: _Pairs

    @property
    def rows(self) -> slice:
        """Which points these are."""
        return slice(self.start, self.start + len(self.distances))

    def _exact(self, doubtful: np.ndarray) -> np.ndarray:
        i, j = np.nonzero(doubtful)
        return self.pairs.squared(i + self.start, j)

    def squared(self) -> np.ndarray:
        """Returns the squared distances, right to six digits, and 0 for equal points alone."""
        distances = self.distances.copy()
        doubtful = distances < _DIGITS * self.error
        distances[doubtful] = self._exact(doubtful)
        return distances

    def within(self, squared_radii: np.ndarray, closed: bool = False) -> np.ndarray:
        """Tells which distances are less than a radius, or with `closed`, at most the radius.

        Args:
            squared_radii: What `squared_radii` returned, `(points, 1)` or `(others,)`.
            closed: Whether a ball's surface belongs to it. Defaults to `False`.
        """
        gaps = self.distances - squared_radii
        inside = gaps < 0
        doubtful = np.abs(gaps, out=gaps) <= self.error
        if doubtful.any():
            exact = self._exact(doubtful)
            radii = np.broadcast_to(squared_radii, doubtful.shape)[doubtful]
            inside[doubtful] = exact <= radii if closed else exact < radii
        return inside

    def kth_smallest(self, k: int) -> np.ndarray:
        """Returns the k-th smallest squared distance of each point, counted from 0."""
        low, high = self.distances - self.error, self.distances + self.error
        # The k-th smallest lies between those of the lower and of the upper bounds.
        least = np.partition(low, k, axis=1)[:, k, None]
        most = np.partition(high, k, axis=1)[:, k, None]
        below = (high < least).sum(axis=1)
        doubtful = (high >= least) & (low <= most)
        ends = np.cumsum(doubtful.sum(axis=1))
        parts = np.split(self._exact(doubtful), ends[:-1])
        return np.array(
            [np.partition(part, k - n)[k - n] for part, n in zip(parts, below, strict=True)]
        )


def blocks(ones: np.ndarray, others: np.ndarray) -> Iterator[Block]:
    """Gives the squared distances of each of `ones` to all of `others`, some rows at a time."""
    pairs = _Pairs(ones, others)
    center = others.mean(axis=0, dtype="float64")
    others = others - center
    norms = np.square(others).sum(axis=1)
    # The bound of a sum of so many products, whatever their order.
    unit = (others.shape[1] + 8) * np.finfo("float64").eps
    start = 0
    for rows in float64_rows(ones, _ROWS):
        rows = rows - center
        scale = np.square(rows).sum(axis=1)[:, None] + norms
        distances = rows @ others.T
        distances *= -2.0
        distances += scale
        scale *= unit
        yield Block(start, distances, scale, pairs)
        start += len(rows)


def squared_distances(ones: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    """Gives the squared distances of each of `ones` to all of `others`, some rows at a time."""
    for block in blocks(ones, others):
        yield block.squared()


def squared_radii(samples: np.ndarray, k: int) -> np.ndarray:
    """Returns the squared distance of each sample to its k-th nearest neighbor among the others."""
    # The nearest of all is the sample itself.
    return np.concatenate([block.kth_smallest(k) for block in blocks(samples, samples)])
