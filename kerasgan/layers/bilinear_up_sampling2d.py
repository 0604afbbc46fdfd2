from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.layers._resampling import Resampling, filtered

# A pixel is split into two. The shares of the pixel before it, itself, and the pixel after it in each.
_HALVES = np.array([[1.0, 3.0, 0.0], [0.0, 3.0, 1.0]]) / 4


@keras.saving.register_keras_serializable(package="kerasgan")
class BilinearUpSampling2D(Resampling):
    """Doubles the height and the width of images with bilinear interpolation.

    Each pixel is split into four. Each of the four is a weighted mean of the four nearest pixels, with the
    weights 9/16, 3/16, 3/16 and 1/16. This is the filter `[1, 3, 3, 1]` along both axes. Beyond their edges,
    images are 0, as in R3GAN ([Huang et al., 2024](https://arxiv.org/abs/2501.05441)) and StyleGAN.
    `keras.layers.UpSampling2D(interpolation="bilinear")` repeats the edges instead.

    The layer consists of convolutions, so a gradient penalty can differentiate it.

    Args:
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, rows, columns, channels)`, all but the batch size known.

    Output shape:
        `(batch, 2 * rows, 2 * columns, channels)`.

    Raises:
        ValueError: If it is called on other shapes.

    Example:

    >>> image = keras.ops.reshape(keras.ops.array([0.0, 16.0, 0.0]), (1, 1, 3, 1))
    >>> kerasgan.layers.BilinearUpSampling2D()(image)[0, 0, :, 0].numpy().tolist()
    [0.0, 3.0, 9.0, 9.0, 3.0, 0.0]
    """

    def call(self, inputs: Any) -> Any:
        """Returns the larger images."""
        rows, columns, channels = inputs.shape[1:]
        # Each pixel is split into four. There is one convolution for each of the four.
        lines = []
        for down in _HALVES:
            pair = [filtered(inputs, np.outer(down, right), 1, "same") for right in _HALVES]
            lines.append(ops.reshape(ops.stack(pair, axis=3), (-1, rows, 2 * columns, channels)))
        return ops.reshape(ops.stack(lines, axis=2), (-1, 2 * rows, 2 * columns, channels))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the larger images."""
        batch, rows, columns, channels = input_shape
        return (batch, rows and 2 * rows, columns and 2 * columns, channels)
