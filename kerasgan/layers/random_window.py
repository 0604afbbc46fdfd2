from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_integer, random_seed
from kerasgan.backend import draw_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class RandomWindow(keras.layers.Layer):
    """Cuts a window out of each sequence: at a random position in training, from the middle in inference.

    A discriminator of windows judges the details of a sequence. It sees each sequence in many ways, and costs
    less than a discriminator of whole sequences. Each example has a position of its own. The positions are
    drawn for the whole global batch, so N replicas cut the same windows as one device.

    Reference: [Binkowski et al., 2020](https://arxiv.org/abs/1909.11646), section 3.2.

    Args:
        length: The number of steps of a window, a positive integer.
        seed: An integer, the seed of the positions. Defaults to `None`: `keras.utils.set_random_seed` decides
            the seed.
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, steps, ...)`.

    Output shape:
        `(batch, length, ...)`.

    Raises:
        ValueError: If `length` is not a positive integer, or if the sequences are shorter than `length`.

    Example:

    >>> sequences = np.arange(5.0)[None, :, None]
    >>> np.ravel(kerasgan.layers.RandomWindow(3)(sequences)).tolist()
    [1.0, 2.0, 3.0]
    """

    def __init__(self, length: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = positive_integer("length", length)
        self.seed = random_seed(seed)
        self.seed_generator = keras.random.SeedGenerator(self.seed)

    def build(self, input_shape: Any) -> None:
        """Checks the length of the sequences. The layer has no weights."""
        if len(input_shape) < 2 or (input_shape[1] or self.length) < self.length:
            raise ValueError(
                f"Invalid shape for argument `inputs`. Expected (batch, steps, ...) of {self.length} steps "
                f"or more. Received: inputs.shape={tuple(input_shape)}"
            )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the windows."""
        rows, steps, *rest = ops.shape(inputs)
        last = steps - self.length
        if not training:
            return inputs[:, last // 2 : last // 2 + self.length]
        start = draw_rows(
            lambda count: keras.random.randint((count, 1), 0, last + 1, seed=self.seed_generator),
            rows,
        )
        # The sequences are put end to end. Then one gather is enough for any rank.
        row, step = (ops.arange(count, dtype="int32") for count in (rows, self.length))
        index = row[:, None] * steps + start + step
        return ops.take(ops.reshape(inputs, (rows * steps, *rest)), index, axis=0)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the windows."""
        return (input_shape[0], self.length, *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {**super().get_config(), "length": self.length, "seed": self.seed}
