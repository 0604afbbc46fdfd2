from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import one_of, positive_integer, positive_number
from kerasgan.latent.latent_space import LatentSpace, of_each
from kerasgan.latent.picture import Picture
from kerasgan.priors import Normal, Prior

METHODS = ("resample", "clip")


def truncated_draws(
    latent: Any, prior: Prior, threshold: float, method: str = "resample"
) -> np.ndarray:
    """Moves draws of a normal prior within a threshold: the truncation trick (Brock et al. 2019).

    The paper resamples coordinates beyond the threshold until they lie within. Each coordinate is then a draw
    of the truncated normal distribution. Here, `"resample"` computes such a draw from the given one by the
    distribution functions: `erf(t' / sqrt(2)) = erf(threshold / sqrt(2)) erf(t / sqrt(2))`, where `t` is a
    coordinate in standard deviations from the mean. So each coordinate moves gradually as the threshold
    falls, and a picture of several thresholds shows how each sample changes.

    Args:
        latent: Draws of the prior, of any shape.
        prior: A `kerasgan.priors.Normal`.
        threshold: The largest distance of a coordinate from its mean, in standard deviations.
        method: `"resample"`, or `"clip"`, which moves the coordinates beyond the threshold onto it and leaves
            the others. Defaults to `"resample"`.

    Returns:
        Array of the shape of `latent`.

    Raises:
        ValueError: If the prior is not normal, the threshold is not positive, or the method is unknown.

    Example:

    >>> prior = kerasgan.priors.Normal(2)
    >>> kerasgan.latent.truncated_draws([[0.2, -3.0]], prior, threshold=1.0, method="clip").tolist()
    [[0.2, -1.0]]
    """
    if not isinstance(prior, Normal):
        raise ValueError(
            "Invalid value for argument `prior`. Expected a `Normal` prior, whose coordinates have a mean "
            f"to keep to. Received: {type(prior).__name__}"
        )
    threshold = positive_number("threshold", threshold)
    one_of("method", method, METHODS)
    standard = (np.asarray(latent, "float64") - prior.mean) / prior.stddev
    if method == "resample":
        share = math.erf(threshold / math.sqrt(2.0))
        within = share * ops.erf(standard / math.sqrt(2.0))
        inverse = math.sqrt(2.0) * ops.convert_to_numpy(ops.erfinv(within))
        # Nothing moves outwards. Beyond 8 standard deviations rounding would send it to infinity.
        limit = np.minimum(np.abs(standard), threshold)
        standard = np.clip(inverse, -limit, limit)
    else:
        standard = np.clip(standard, -threshold, threshold)
    return prior.mean + prior.stddev * standard


def _within(draws: np.ndarray, prior: Prior, threshold: float, method: str) -> np.ndarray:
    """Returns truncated draws of a normal prior; those of another as they are."""
    if isinstance(prior, Normal):
        draws = truncated_draws(draws, prior, threshold, method)
    return draws.astype(keras.config.floatx())


def truncate(
    model: Any,
    thresholds: float | Sequence[float] = (4.0, 2.0, 1.0, 0.5),
    count: int = 8,
    method: str = "resample",
    condition: Any = None,
    seed: int = 0,
    batch_size: int = 256,
    path: str | os.PathLike[str] | None = None,
    **drawing: Any,
) -> np.ndarray:
    """Generates samples from truncated draws of a normal prior, at several thresholds.

    All thresholds use the same draws. A lower threshold gives samples that are more typical and less diverse
    (Brock et al. 2019).

    Args:
        model: A game with a normal prior.
        thresholds: One or several, each the largest distance of a latent coordinate from its mean, in
            standard deviations. 4 changes hardly anything. Defaults to `(4.0, 2.0, 1.0, 0.5)`.
        count: How many samples at each threshold. Defaults to 8.
        method: `"resample"` or `"clip"`, as in `truncated_draws`. Defaults to `"resample"`.
        condition: For a conditional model: one for each of the `count` samples, or a single one. Defaults to
            `None`.
        seed: The seed of the draws, which are those of `generate(count, seed=seed)`. Defaults to 0.
        batch_size: How many samples to make at once. Defaults to 256.
        path: A picture to write, one threshold in each row. Defaults to `None`.
        **drawing: `value_range`, `scale`, `padding` and `kind` of `kerasgan.callbacks.image_grid`. The
            first defaults to the model's `normalization`, or `(-1, 1)`.

    Returns:
        Array `(thresholds, count, *sample_shape)`.

    Raises:
        TypeError: If the model has no latent space.
        ValueError: If its prior is not normal, an argument is out of range, the conditions do not fit the
            model, or the samples cannot be drawn.

    Example:

    >>> gan = kerasgan.GAN(kerasgan.networks.mlp(4, [8], 2), kerasgan.networks.mlp(2, [8]))
    >>> kerasgan.latent.truncate(gan, thresholds=[2.0, 0.5], count=3).shape
    (2, 3, 2)
    """
    space = LatentSpace(model)
    count = positive_integer("count", count)
    chosen = np.atleast_1d(np.asarray(thresholds)).tolist()
    if not chosen:
        raise ValueError(
            "Invalid value for argument `thresholds`. Expected at least one. Received: none"
        )
    picture = Picture(path, space.sample_shape, drawing, model)
    conditions = space.conditions(count, condition)
    drawn = space.draw(count, conditions, seed)
    if not any(isinstance(prior, Normal) for prior in space.priors):
        truncated_draws(drawn[0], space.priors[0], chosen[0], method)  # which says why not
    latent = [
        np.concatenate([_within(draws, prior, threshold, method) for threshold in chosen])
        for draws, prior in zip(drawn, space.priors, strict=True)
    ]
    conditions = of_each(lambda each: np.concatenate([each] * len(chosen)), conditions)
    samples = space.decode(latent, conditions, batch_size, seed)
    result = samples.reshape(len(chosen), count, *samples.shape[1:])
    picture.write(result)
    return result
