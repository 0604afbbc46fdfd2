from __future__ import annotations

import os
from typing import Any

import numpy as np

from kerasgan.arguments import invalid, one_of, positive_integer
from kerasgan.latent.latent_space import LatentSpace, of_each
from kerasgan.latent.picture import Picture
from kerasgan.priors import Normal, Prior

METHODS = ("linear", "spherical")
# Of unit vectors: nearer to opposite than this, float32 coordinates do not tell which way round is shorter.
_OPPOSITE = 1e-6


def linear_interpolation(start: Any, end: Any, fractions: Any) -> np.ndarray:
    """Returns points on the straight lines from start points to end points, `(1 - t) a + t b`.

    Args:
        start: Points `(rows, ...)`.
        end: An array of the same shape.
        fractions: Numbers `(steps,)`, 0 for the start and 1 for the end.

    Returns:
        Array `(rows, steps, ...)`.

    Example:

    >>> kerasgan.latent.linear_interpolation([[0.0, 2.0]], [[4.0, 0.0]], [0.0, 0.5, 1.0]).tolist()
    [[[0.0, 2.0], [2.0, 1.0], [4.0, 0.0]]]
    """
    a, b, t = _broadcast(start, end, fractions)
    return (1.0 - t) * a + t * b


def spherical_interpolation(start: Any, end: Any, fractions: Any, center: Any = 0.0) -> np.ndarray:
    """Returns points on the great circles from start points to end points.

    They are `sin((1 - t) θ) / sin θ a + sin(t θ) / sin θ b`, where `θ` is the angle between the two (Shoemake
    1985). White 2016 uses this for latent spaces. In many dimensions, the draws of a normal prior lie near a
    sphere. The middle of a straight line lies far inside it, where the generator has hardly been trained.

    If two points have the same norm, all points between them have it too, and equal fractions are equal
    angles. If their norms differ, the norm changes gradually.

    Args:
        start: Points `(rows, ...)`. All axes but the first are one vector.
        end: An array of the same shape.
        fractions: Numbers `(steps,)`, 0 for the start and 1 for the end.
        center: The center of the sphere, such as a prior's mean. Defaults to 0.0.

    Returns:
        Array `(rows, steps, ...)`.

    Raises:
        ValueError: If a point is the center, or two points are opposite to each other. There is then no
            single great circle through them.

    Example:

    >>> middle = kerasgan.latent.spherical_interpolation([[0.0, 1.0]], [[1.0, 0.0]], [0.5])
    >>> middle.round(4).tolist()
    [[[0.7071, 0.7071]]]
    """
    a, b, t = _broadcast(start, end, fractions)
    a, b = a - center, b - center
    inner = tuple(range(2, a.ndim))
    norms = [np.sqrt(np.square(x).sum(axis=inner, keepdims=True)) for x in (a, b)]
    if not all(np.all(norm > 0) for norm in norms):
        raise ValueError(
            "Invalid value for arguments `start` and `end`. Expected points other than the center, from "
            "which the angles are measured. Received: the center itself. Interpolate linearly"
        )
    units = a / norms[0], b / norms[1]
    apart, together = (
        np.sqrt(np.square(x).sum(axis=inner, keepdims=True))
        for x in (units[0] - units[1], units[0] + units[1])
    )
    if np.any(together < _OPPOSITE):
        raise ValueError(
            "Invalid value for arguments `start` and `end`. Expected points that are not opposite to each "
            "other, since there is no shortest way between those. Received: opposite points. Interpolate "
            "linearly"
        )
    # Unlike the arc cosine of the product, exact for small angles too.
    angle = 2.0 * np.arctan2(apart, together)
    same = angle == 0.0
    sine = np.where(same, 1.0, np.sin(angle))
    first = np.where(same, 1.0 - t, np.sin((1.0 - t) * angle) / sine)
    second = np.where(same, t, np.sin(t * angle) / sine)
    return first * a + second * b + center


def interpolate(
    model: Any,
    rows: int | None = None,
    steps: int = 8,
    method: str | None = None,
    start: Any = None,
    end: Any = None,
    condition: Any = None,
    seed: int = 0,
    batch_size: int = 256,
    path: str | os.PathLike[str] | None = None,
    **drawing: Any,
) -> np.ndarray:
    """Generates samples on ways through the latent space, from one sample to another.

    If a generator has learned the data, all samples on the way are plausible. If it has memorized some of the
    data, the samples jump from one to the next.

    Args:
        model: A `kerasgan.GAN`, `ConditionalGAN`, `EBGAN`, `AdversarialAutoEncoder` or another game with a
            prior.
        rows: How many ways. Defaults to `None`: as many as `start` has points, or else 4.
        steps: How many samples on each way, both ends included. Defaults to 8.
        method: `"linear"` or `"spherical"`. Defaults to `None`: spherical around the mean for a normal prior
            of more than one dimension, and linear for others.
        start: Latent points `(rows, *latent_shape)`, such as the codes of samples. Defaults to `None`: the
            draws of the prior that `generate(2 * rows, seed=seed)` uses. The first half of them are starts,
            and the second half are ends.
        end: As many points as in `start`. Pass both or neither.
        condition: For a conditional model: one for each row, or a single one. Defaults to `None`.
        seed: The seed of the draws. Defaults to 0.
        batch_size: How many samples to make at once. Defaults to 256.
        path: A picture to write, one way in each row. Defaults to `None`.
        **drawing: `value_range`, `scale`, `padding` and `kind` of `kerasgan.callbacks.image_grid`. The
            first defaults to the model's `normalization`, or `(-1, 1)`.

    Returns:
        Array `(rows, steps, *sample_shape)`.

    Raises:
        TypeError: If the model has no latent space.
        ValueError: If an argument is out of range, points or conditions do not fit, or the samples cannot be
            drawn.

    Example:

    >>> gan = kerasgan.GAN(kerasgan.networks.mlp(4, [8], 2), kerasgan.networks.mlp(2, [8]))
    >>> kerasgan.latent.interpolate(gan, rows=3, steps=5).shape
    (3, 5, 2)
    """
    space = LatentSpace(model)
    steps = positive_integer("steps", steps)
    if steps < 2:
        raise invalid("steps", steps, "at least 2, for both ends")
    if method is not None:
        one_of("method", method, METHODS)
    picture = Picture(path, space.sample_shape, drawing, model)
    starts, ends, conditions = _ends(space, rows, start, end, condition, seed)
    fractions = np.linspace(0.0, 1.0, steps)
    latent = []
    for prior, first, last in zip(space.priors, starts, ends, strict=True):
        points = _ways(prior, first, last, fractions, method)
        latent.append(points.reshape(-1, *points.shape[2:]))
    conditions = of_each(lambda each: np.repeat(each, steps, axis=0), conditions)
    samples = space.decode(latent, conditions, batch_size, seed)
    result = samples.reshape(len(starts[0]), steps, *samples.shape[1:])
    picture.write(result)
    return result


def _ways(
    prior: Prior, starts: np.ndarray, ends: np.ndarray, fractions: np.ndarray, method: str | None
) -> np.ndarray:
    is_normal = isinstance(prior, Normal)
    if method is None:
        method = "spherical" if is_normal and starts[0].size > 1 else "linear"
    if method == "linear":
        return linear_interpolation(starts, ends, fractions)
    center = prior.mean if isinstance(prior, Normal) else 0.0
    return spherical_interpolation(starts, ends, fractions, center)


def _ends(
    space: LatentSpace, rows: int | None, start: Any, end: Any, condition: Any, seed: int
) -> tuple[list[np.ndarray], list[np.ndarray], Any]:
    if (start is None) != (end is None):
        raise ValueError(
            "Invalid value for arguments `start` and `end`. Expected both or neither. Received: "
            f"{'end' if start is None else 'start'} alone"
        )
    if start is None:
        rows = 4 if rows is None else positive_integer("rows", rows)
        conditions = space.conditions(rows, condition)
        of_both = of_each(lambda each: np.concatenate([each, each]), conditions)
        drawn = [np.split(each, 2) for each in space.draw(2 * rows, of_both, seed)]
        return [each[0] for each in drawn], [each[1] for each in drawn], conditions
    starts, ends = space.points("start", start), space.points("end", end)
    counts = len(starts[0]), len(ends[0])
    rows = counts[0] if rows is None else positive_integer("rows", rows)
    if not counts[0] == counts[1] == rows or not rows:
        raise ValueError(
            "Invalid value for arguments `start` and `end`. Expected as many points in both, and as many as "
            f"`rows` where it is given. Received: {counts[0]} and {counts[1]} points, rows={rows}"
        )
    return starts, ends, space.conditions(rows, condition)


def _broadcast(start: Any, end: Any, fractions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns both with an axis for the steps, and the fractions along it, in float64."""
    a, b, t = (np.asarray(x, "float64") for x in (start, end, fractions))
    if a.shape != b.shape or a.ndim < 2 or t.ndim != 1:
        raise ValueError(
            "Invalid value for arguments `start`, `end` and `fractions`. Expected two arrays of one shape "
            f"(rows, ...) and one of shape (steps,). Received: shapes {a.shape}, {b.shape} and {t.shape}"
        )
    return a[:, None], b[:, None], t.reshape(1, -1, *(1 for _ in a.shape[1:]))
