from __future__ import annotations

import operator
import os
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import non_negative_integer, positive_integer
from kerasgan.backend import compiled, value_and_gradients
from kerasgan.latent.latent_space import LatentSpace, of_each
from kerasgan.latent.picture import Picture
from kerasgan.priors import Categorical, Uniform
from kerasgan.registry import per_example_loss
from kerasgan.tensors import mean_per_example


class Inversion(NamedTuple):
    """What `invert` found.

    Attributes:
        latent: Latent points `(count, *latent_shape)`.
        reconstruction: The samples that the model makes from these points, `(count, *sample_shape)`.
        error: The reconstruction loss of each sample, `(count,)`.
    """

    latent: np.ndarray
    reconstruction: np.ndarray
    error: np.ndarray


def invert(
    model: Any,
    x: Any,
    condition: Any = None,
    restarts: int = 4,
    steps: int = 200,
    optimizer: Any = None,
    reconstruction_loss: Any = "mse",
    seed: int = 0,
    batch_size: int = 256,
    path: str | os.PathLike[str] | None = None,
    **drawing: Any,
) -> Inversion:
    """Looks for the latent points from which the model makes given samples.

    It does gradient descent on the latent point, `min_z loss(x, G(z))` (Creswell & Bharath 2016; Lipton &
    Tripathi 2017). Each descent finds a local minimum. So it is done from several starts, and the best point
    of all steps is kept. A sample that the model cannot make has a large error, so inversion shows what a
    generator leaves out. The points of a uniform prior are kept within its limits. With other priors, points
    may move to where the prior has hardly any draws.

    The starts are draws of the prior. With an auto-encoder, the first start is the sample's code, so that the
    error is never above that of `reconstruct`.

    Args:
        model: A game with a prior.
        x: Samples `(count, *sample_shape)`.
        condition: For a conditional model: one for each sample, or a single one. Defaults to `None`.
        restarts: How many starts for each sample. Defaults to 4.
        steps: How many steps from each start; 0 only compares the starts. Defaults to 200.
        optimizer: A Keras optimizer, or the name of one. Defaults to `None`, Adam with a learning rate of
            0.1.
        reconstruction_loss: A Keras loss, or the name of one, averaged over a sample's values. Defaults to
            `"mse"`.
        seed: The seed of the starts. Defaults to 0.
        batch_size: How many points to move at once. Defaults to 256.
        path: A picture to write: the samples, and below each its reconstruction. Defaults to `None`.
        **drawing: `value_range`, `scale`, `padding` and `kind` of `kerasgan.callbacks.image_grid`. The
            first defaults to the model's `normalization`, or `(-1, 1)`.

    Returns:
        An `Inversion`, which is the tuple `(latent, reconstruction, error)`.

    Raises:
        TypeError: If the model has no latent space.
        ValueError: If an argument is out of range, samples or conditions do not fit the model, or the samples
            cannot be drawn.
        FloatingPointError: If no start has a finite error.

    Example:

    >>> gan = kerasgan.GAN(kerasgan.networks.mlp(2, [], 3), kerasgan.networks.mlp(3, [8]))
    >>> latent, reconstruction, error = kerasgan.latent.invert(
    ...     gan, gan.generate(2, seed=1), restarts=1, steps=5
    ... )
    >>> latent.shape, reconstruction.shape, error.shape
    ((2, 2), (2, 3), (2,))
    """
    space = LatentSpace(model)
    x = space.samples("x", x)
    conditions = space.conditions(len(x), condition)
    restarts = positive_integer("restarts", restarts)
    steps = non_negative_integer("steps", steps)
    at_once = max(1, positive_integer("batch_size", batch_size) // restarts)
    optimizer = _optimizer(optimizer)
    loss = per_example_loss(reconstruction_loss, "reconstruction_loss")
    picture = Picture(path, space.sample_shape, drawing, model)

    # One row for each start of each sample.
    repeated = of_each(lambda each: np.repeat(each, restarts, axis=0), conditions)
    starts = [np.array(each) for each in space.draw(len(x) * restarts, repeated, seed)]
    for each, codes in zip(starts, space.encoded(x) or starts, strict=True):
        if codes is not each:
            each[::restarts] = codes
    found = []
    for first in range(0, len(x), at_once):
        rows = slice(first, first + at_once)
        points = slice(first * restarts, (first + at_once) * restarts)
        part = of_each(operator.itemgetter(points), repeated)
        targets = np.repeat(x[rows], restarts, axis=0)
        # A fresh copy: a batch must not inherit the momentum of the one before.
        copy = type(optimizer).from_config(optimizer.get_config())
        begin = [each[points] for each in starts]
        moved, error = _descend(space, targets, part, begin, copy, loss, steps, seed)
        best = error.reshape(-1, restarts).argmin(axis=1)
        each_start = [each.reshape(-1, restarts, *each.shape[1:]) for each in moved]
        found.append([each[np.arange(len(best)), best] for each in each_start])

    latent = [np.concatenate(each) for each in zip(*found, strict=True)]
    reconstruction = space.decode(latent, conditions, batch_size, seed)
    error = ops.convert_to_numpy(mean_per_example(loss(x, reconstruction)))
    if not np.all(np.isfinite(error)):
        raise FloatingPointError(
            "The model makes samples that are not finite of every start. Look for NaN in its weights."
        )
    picture.write(np.stack([x, reconstruction]))
    return Inversion(model.latent.packed(latent), reconstruction, error)


def _descend(
    space: LatentSpace,
    targets: np.ndarray,
    conditions: Any,
    starts: list[np.ndarray],
    optimizer: keras.optimizers.Optimizer,
    loss: Callable[[Any, Any], Any],
    steps: int,
    seed: int,
) -> tuple[list[np.ndarray], np.ndarray]:
    """Returns the best of the points that lead down from each start, and their errors."""
    latent = [keras.Variable(each, dtype=each.dtype, name="latent") for each in starts]
    # A category has no way down.
    moving = [
        each
        for each, prior in zip(latent, space.priors, strict=True)
        if not isinstance(prior, Categorical)
    ]
    real = ops.convert_to_tensor(targets)
    optimizer.build(moving)
    best, lowest = [each.copy() for each in starts], np.full(len(targets), np.inf)

    def objective() -> tuple[Any, Any]:
        points = [ops.convert_to_tensor(each) for each in latent]
        decoded = space.decoded(points, conditions, seed)
        errors = mean_per_example(loss(real, decoded))
        # The sum, so that a point's gradient does not depend on how many others there are.
        return ops.sum(errors), errors

    def step() -> Any:
        _, errors, gradients = value_and_gradients(objective, moving)
        optimizer.apply(gradients, moving)
        for each, prior in zip(latent, space.priors, strict=True):
            if isinstance(prior, Uniform):
                each.assign(ops.clip(each, prior.low, prior.high))
        return errors

    fast_step = compiled(step)
    for number in range(steps + 1):
        points = [np.array(ops.convert_to_numpy(each)) for each in latent]
        errors = ops.convert_to_numpy(fast_step() if number < steps else objective()[1])
        better = errors < lowest
        lowest[better] = errors[better]
        for kept, now in zip(best, points, strict=True):
            kept[better] = now[better]
    return best, lowest


def _optimizer(identifier: Any) -> keras.optimizers.Optimizer:
    if identifier is None:
        return keras.optimizers.Adam(0.1)
    try:
        return keras.optimizers.get(identifier)
    except ValueError as error:
        raise ValueError(
            "Invalid value for argument `optimizer`. Expected a Keras optimizer or the name of one. "
            f"Received: {identifier!r}"
        ) from error
