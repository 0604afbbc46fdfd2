from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_number
from kerasgan.backend import all_rows_mean, draw_rows
from kerasgan.penalties.gradient_penalty import GradientPenalty, unit_norm_deviation
from kerasgan.penalties.penalty import Encounter, squared_gradient_norm
from kerasgan.schedules import Schedule


@keras.saving.register_keras_serializable(package="kerasgan")
class DRAGAN(GradientPenalty):
    """One-centered gradient penalty around the real samples.

    `weight * E (||grad D(x + noise)|| - 1)^2`. The noise is uniform on `[0, scale * std(x)]`. The standard
    deviation is taken over the whole global batch.

    If the discriminator gives several scores for each sample (patches), the gradient is that of their sum.

    Reference: [Kodali et al., 2017](https://arxiv.org/abs/1705.07215), Algorithm 1.

    Args:
        weight: The paper's lambda: a number that is not negative, or a schedule, as in
            `kerasgan.penalties.Penalty`. Defaults to 10.0.
        scale: The largest value of the noise, in standard deviations of the batch, a positive number.
            Defaults to 0.5.

    Raises:
        ValueError: If `weight` is a negative number, or `scale` is not positive.

    Example:

    >>> penalty = kerasgan.penalties.DRAGAN(scale=1.0)
    >>> penalty.name
    'dragan'
    """

    name = "dragan"

    def __init__(self, weight: float | Schedule = 10.0, scale: float = 0.5) -> None:
        super().__init__(weight)
        self.scale = positive_number("scale", scale)

    def call(self, encounter: Encounter) -> Any:
        """Returns the squared deviation of the gradient's norm from 1 near each real sample."""

        def perturbed(real: Any) -> Any:
            mean = ops.mean(all_rows_mean(real))
            deviation = ops.sqrt(ops.mean(all_rows_mean(ops.square(real - mean))))
            sample_shape = tuple(real.shape[1:])
            noise = draw_rows(
                lambda rows: keras.random.uniform((rows, *sample_shape), seed=encounter.seed),
                ops.shape(real)[0],
            )
            return real + self.scale * deviation * noise

        near = keras.tree.map_structure(perturbed, encounter.real)
        return unit_norm_deviation(squared_gradient_norm(encounter.score, near))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal penalty."""
        return {**super().get_config(), "scale": self.scale}
