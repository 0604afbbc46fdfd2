from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import positive_integer, random_seed
from kerasgan.backend import draw_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class RandomWindow(keras.layers.Layer):
    """Cuts a window out of each sequence: at a random place in training, from the middle in inference.

    A discriminator of windows judges how a sequence sounds in detail, sees every sequence in many ways, and
    costs less than one of the whole (Binkowski et al. 2020, section 3.2).

    Each example's place is drawn on its own, for the whole global batch: N replicas cut where one device
    would have cut.

    Args:
        length: The number of steps of a window, positive.
        seed: Where the draws start. Defaults to `None`.
        **kwargs: Those of `keras.layers.Layer`.

    Input shape: `(batch, steps, ...)`. Output shape: `(batch, length, ...)`.

    Raises:
        ValueError: If `length` is not a positive integer, or the sequences are shorter.

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
        """Checks the length of the sequences; the layer has no weights."""
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
        # Into the sequences laid end to end: one gather, whatever the rank.
        row, step = (ops.arange(count, dtype="int32") for count in (rows, self.length))
        index = row[:, None] * steps + start + step
        return ops.take(ops.reshape(inputs, (rows * steps, *rest)), index, axis=0)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the windows."""
        return (input_shape[0], self.length, *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal layer."""
        return {**super().get_config(), "length": self.length, "seed": self.seed}
