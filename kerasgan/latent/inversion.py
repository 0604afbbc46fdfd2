from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import non_negative_integer, positive_integer
from kerasgan.backend import compiled, value_and_gradients
from kerasgan.core.reconstruction import per_example_loss
from kerasgan.core.seeds import seeded
from kerasgan.latent.latent_space import LatentSpace
from kerasgan.latent.picture import Picture
from kerasgan.penalties.penalty import mean_per_example
from kerasgan.priors import Uniform


class Inversion(NamedTuple):
    """What `invert` found.

    Attributes:
        latent: Latent points `(count, *latent_shape)`.
        reconstruction: What the model makes of them, `(count, *sample_shape)`.
        error: How far each reconstruction is from its sample, `(count,)`.
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
    """Looks for the latent points of given samples.

    Gradient descent on the latent point, `min_z loss(x, G(z))` (Creswell & Bharath 2016; Lipton & Tripathi
    2017). It finds a local minimum, so it is done from several starts, and the best point of all that were
    passed is kept. A sample that the model cannot make has a large error: so inversion tells what a generator
    leaves out. The points of a uniform prior are kept within its limits; nothing keeps those of another near
    it.

    An auto-encoder's code is the first start, so that the error is never above that of `reconstruct`; the
    others are draws of the prior.

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
        seed: Of the starts. Defaults to 0.
        batch_size: How many points to move at once. Defaults to 256.
        path: A picture to write: samples, and below each its reconstruction. Defaults to `None`.
        **drawing: `value_range`, `scale`, `padding` and `kind` of `kerasgan.callbacks.image_grid`.

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
    loss = per_example_loss(reconstruction_loss)
    picture = Picture(path, space.sample_shape, drawing)

    # One row for each start of each sample.
    repeated = None if conditions is None else np.repeat(conditions, restarts, axis=0)
    starts = space.draw(len(x) * restarts, repeated, seed)
    if callable(getattr(model, "encode", None)):
        starts[::restarts] = model.encode(x)
    found = []
    for first in range(0, len(x), at_once):
        rows = slice(first, first + at_once)
        points = slice(first * restarts, (first + at_once) * restarts)
        part = None if repeated is None else repeated[points]
        targets = np.repeat(x[rows], restarts, axis=0)
        # A fresh copy: a batch must not inherit the momentum of the one before.
        copy = type(optimizer).from_config(optimizer.get_config())
        with seeded([space.network], seed):
            latent, error = _descend(space, targets, part, starts[points], copy, loss, steps)
        best = error.reshape(-1, restarts).argmin(axis=1)
        latent = latent.reshape(-1, restarts, *latent.shape[1:])
        found.append(latent[np.arange(len(best)), best])

    latent = np.concatenate(found)
    reconstruction = space.decode(latent, conditions, batch_size, seed)
    error = ops.convert_to_numpy(mean_per_example(loss(x, reconstruction)))
    if not np.all(np.isfinite(error)):
        raise FloatingPointError(
            "The model makes samples that are not finite of every start. Look for NaN in its weights."
        )
    picture.write(np.stack([x, reconstruction]))
    return Inversion(latent, reconstruction, error)


def _descend(
    space: LatentSpace,
    targets: np.ndarray,
    conditions: np.ndarray | None,
    start: np.ndarray,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable[[Any, Any], Any],
    steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the best of the points that lead down from each start, and their errors."""
    latent = keras.Variable(start, dtype=start.dtype, name="latent")
    real = ops.convert_to_tensor(targets)
    optimizer.build([latent])
    best, lowest = start.copy(), np.full(len(start), np.inf)

    def objective() -> tuple[Any, Any]:
        decoded = space.decoded(ops.convert_to_tensor(latent), conditions)
        errors = mean_per_example(loss(real, decoded))
        # The sum, so that a point's gradient does not depend on how many others there are.
        return ops.sum(errors), errors

    def step() -> Any:
        _, errors, gradients = value_and_gradients(objective, [latent])
        optimizer.apply(gradients, [latent])
        if isinstance(space.prior, Uniform):
            latent.assign(ops.clip(latent, space.prior.low, space.prior.high))
        return errors

    fast_step = compiled(step)
    for number in range(steps + 1):
        points = np.array(ops.convert_to_numpy(latent))
        errors = ops.convert_to_numpy(fast_step() if number < steps else objective()[1])
        better = errors < lowest
        best[better], lowest[better] = points[better], errors[better]
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
