"""Rings and grids of normal distributions in the plane."""

from __future__ import annotations

import numpy as np

from kerasgan.arguments import non_negative_number, positive_integer
from kerasgan.datasets.dataset import Dataset


def ring(
    modes: int = 8,
    radius: float = 1.0,
    stddev: float = 0.01,
    count: int = 10_000,
    seed: int | None = 0,
) -> Dataset:
    """Returns draws from normal distributions whose centers lie on a circle.

    Here you see easily whether a generator leaves out modes: compare its samples with `ring_centers`.

    Args:
        modes: Number of distributions. Defaults to `8`.
        radius: Radius of the circle. Defaults to `1.0`.
        stddev: Standard deviation of each distribution, not negative. Defaults to `0.01`.
        count: Number of draws; each is from a mode taken at random. Defaults to `10000`.
        seed: Seed of the draws, or `None` for new ones each time. Defaults to `0`.

    Returns:
        A `Dataset` with `x` of shape `(count, 2)`, not normalized, and `y` the number of the mode.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> ring(modes=8, count=1000)
    Dataset(name='ring', x=(1000, 2), number_of_classes=8)
    """
    return _draw("ring", ring_centers(modes, radius), stddev, count, seed)


def ring_centers(modes: int = 8, radius: float = 1.0) -> np.ndarray:
    """Returns the centers of the modes of `ring`.

    Args:
        modes: Number of distributions. Defaults to `8`.
        radius: Radius of the circle. Defaults to `1.0`.

    Returns:
        float32 array of shape `(modes, 2)`, anticlockwise from `(radius, 0)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> ring_centers(modes=2, radius=3.0).round(3).tolist()
    [[3.0, 0.0], [-3.0, 0.0]]
    """
    angles = 2 * np.pi * np.arange(positive_integer("modes", modes)) / modes
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return (non_negative_number("radius", radius) * circle).astype(np.float32)


def grid(
    modes_per_side: int = 5,
    spacing: float = 2.0,
    stddev: float = 0.05,
    count: int = 10_000,
    seed: int | None = 0,
) -> Dataset:
    """Returns draws from normal distributions whose centers lie on a square grid around the origin.

    Args:
        modes_per_side: Number of distributions along a side. Defaults to `5`.
        spacing: Distance between neighbors. Defaults to `2.0`.
        stddev: Standard deviation of each distribution, not negative. Defaults to `0.05`.
        count: Number of draws; each is from a mode taken at random. Defaults to `10000`.
        seed: Seed of the draws, or `None` for new ones each time. Defaults to `0`.

    Returns:
        A `Dataset` with `x` of shape `(count, 2)`, not normalized, and `y` the number of the mode.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> grid(modes_per_side=5, count=1000)
    Dataset(name='grid', x=(1000, 2), number_of_classes=25)
    """
    return _draw("grid", grid_centers(modes_per_side, spacing), stddev, count, seed)


def grid_centers(modes_per_side: int = 5, spacing: float = 2.0) -> np.ndarray:
    """Returns the centers of the modes of `grid`.

    Args:
        modes_per_side: Number of distributions along a side. Defaults to `5`.
        spacing: Distance between neighbors. Defaults to `2.0`.

    Returns:
        float32 array of shape `(modes_per_side ** 2, 2)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> grid_centers(modes_per_side=2, spacing=2.0).tolist()
    [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]
    """
    side = np.arange(positive_integer("modes_per_side", modes_per_side)) - (modes_per_side - 1) / 2
    points = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    return (non_negative_number("spacing", spacing) * points).astype(np.float32)


def _draw(name: str, centers: np.ndarray, stddev: float, count: int, seed: int | None) -> Dataset:
    stddev = non_negative_number("stddev", stddev)
    count = positive_integer("count", count)
    generator = np.random.default_rng(seed)
    y = generator.integers(len(centers), size=count)
    x = centers[y] + generator.normal(0.0, stddev, (count, 2))
    return Dataset(
        x=x,
        y=y.astype(np.int32),
        number_of_classes=len(centers),
        name=name,
    )
