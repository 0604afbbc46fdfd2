from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_integer, random_seed
from kerasgan.backend import draw_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class ConcatenateNoise(keras.layers.Layer):
    """Appends standard normal noise to the features of each example, in training and in inference.

    With noise among its inputs, an encoder `z = f(x, noise)` can approximate any posterior distribution
    ([Makhzani et al., 2015](https://arxiv.org/abs/1511.05644), section 2.1).

    Args:
        units: The number of noise features, a positive integer.
        seed: An integer, the seed of the noise. Defaults to `None`: `keras.utils.set_random_seed` decides the
            seed.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, ..., features)`.

    Output shape:
        `(batch, ..., features + units)`.

    Raises:
        ValueError: If `units` is not a positive integer, or `seed` is not an integer.

    Example:

    >>> tuple(kerasgan.layers.ConcatenateNoise(4)(np.zeros((2, 3))).shape)
    (2, 7)
    """

    def __init__(self, units: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = positive_integer("units", units)
        self.seed = random_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def call(self, inputs: Any) -> Any:
        """Returns the features with the noise appended."""
        noise = draw_rows(
            lambda rows: keras.random.normal(
                (rows, *inputs.shape[1:-1], self.units),
                dtype=inputs.dtype,
                seed=self.seed_generator,
            ),
            ops.shape(inputs)[0],
        )
        return ops.concatenate([inputs, noise], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the features with the noise."""
        return (*input_shape[:-1], input_shape[-1] + self.units)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {**super().get_config(), "units": self.units, "seed": self.seed}
