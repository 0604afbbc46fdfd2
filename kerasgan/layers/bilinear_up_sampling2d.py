from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.layers._resampling import Resampling, filtered

# What the first and the second of two pixels take of the one before, their own and the one after.
_HALVES = np.array([[1.0, 3.0, 0.0], [0.0, 3.0, 1.0]]) / 4


@keras.saving.register_keras_serializable(package="kerasgan")
class BilinearUpSampling2D(Resampling):
    """Doubles the height and the width of images, bilinearly.

    Each pixel is split into four, which take 9, 3, 3 and 1 sixteenths of the four nearest pixels: the filter
    `[1, 3, 3, 1]` along both axes. Beyond the edges images are 0, as in R3GAN (Huang et al. 2024) and
    StyleGAN; `keras.layers.UpSampling2D(interpolation="bilinear")` repeats their edges instead.

    The layer is made of convolutions, so that a gradient penalty may pass through it.

    Args:
        **kwargs: Those of `keras.layers.Layer`.

    Input shape: `(batch, rows, columns, channels)`. Output shape: `(batch, 2 * rows, 2 * columns, channels)`.

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
        # One convolution for each of the four pixels that a pixel is split into.
        lines = []
        for down in _HALVES:
            pair = [filtered(inputs, np.outer(down, right), 1, "same") for right in _HALVES]
            lines.append(ops.reshape(ops.stack(pair, axis=3), (-1, rows, 2 * columns, channels)))
        return ops.reshape(ops.stack(lines, axis=2), (-1, 2 * rows, 2 * columns, channels))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the larger images."""
        batch, rows, columns, channels = input_shape
        return (batch, rows and 2 * rows, columns and 2 * columns, channels)
