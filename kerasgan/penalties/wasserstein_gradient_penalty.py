from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import draw_rows
from kerasgan.penalties.gradient_penalty import GradientPenalty, unit_norm_deviation
from kerasgan.penalties.penalty import Encounter, squared_gradient_norm


@keras.saving.register_keras_serializable(package="kerasgan")
class WassersteinGradientPenalty(GradientPenalty):
    """One-centered gradient penalty between real and generated samples (WGAN-GP).

    `weight * E (||grad D(x^)|| - 1)^2`. `x^` is a random point on the straight line between a real and a
    generated sample, uniformly distributed.

    If the discriminator gives several scores for each sample (patches), the gradient is that of their sum.

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), equation 3.

    Args:
        weight: The paper's lambda: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 10.0.

    Raises:
        ValueError: If `weight` is a negative number.

    Example:

    >>> penalty = kerasgan.penalties.WassersteinGradientPenalty()
    >>> penalty.weight
    10.0
    """

    def call(self, encounter: Encounter) -> Any:
        """Returns the squared deviation of the gradient's norm from 1 at each interpolated sample."""
        first = keras.tree.flatten(encounter.real)[0]
        alpha = draw_rows(
            lambda rows: keras.random.uniform((rows,), seed=encounter.seed), ops.shape(first)[0]
        )

        def between(real: Any, fake: Any) -> Any:
            return real + ops.reshape(alpha, (-1, *(1 for _ in real.shape[1:]))) * (fake - real)

        interpolates = keras.tree.map_structure(between, encounter.real, encounter.fake)
        return unit_norm_deviation(squared_gradient_norm(encounter.score, interpolates))
