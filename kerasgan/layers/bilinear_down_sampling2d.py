from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.layers._resampling import Resampling, filtered

_FILTER = np.array([1.0, 3.0, 3.0, 1.0]) / 8


@keras.saving.register_keras_serializable(package="kerasgan")
class BilinearDownSampling2D(Resampling):
    """Halves the height and the width of images, with the filter of bilinear doubling.

    The filter is `[1, 3, 3, 1] / 8` along both axes. Beyond their edges, images are 0. The layer is the
    transpose of `BilinearUpSampling2D`, divided by 4. `keras.layers.AveragePooling2D` takes the mean of four
    pixels. This layer passes less of the finest detail. R3GAN
    ([Huang et al., 2024](https://arxiv.org/abs/2501.05441)) and StyleGAN use this filter.

    The layer consists of convolutions, so a gradient penalty can differentiate it.

    Args:
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch, rows, columns, channels)`, with even numbers of rows and columns.

    Output shape:
        `(batch, rows / 2, columns / 2, channels)`.

    Raises:
        ValueError: If it is called on other shapes.

    Example:

    >>> image = keras.ops.reshape(keras.ops.array([[0.0, 64.0, 0.0, 0.0]] * 2), (1, 2, 4, 1))
    >>> kerasgan.layers.BilinearDownSampling2D()(image)[0, 0, :, 0].numpy().tolist()
    [18.0, 6.0]
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Checks the shape of the images. The layer has no weights."""
        super().build(input_shape)
        if any((size or 0) % 2 for size in input_shape[1:3]):
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected even numbers of rows and columns. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )

    def call(self, inputs: Any) -> Any:
        """Returns the smaller images."""
        padded = ops.pad(inputs, [(0, 0), (1, 1), (1, 1), (0, 0)])
        return filtered(padded, np.outer(_FILTER, _FILTER), 2, "valid")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the smaller images."""
        batch, rows, columns, channels = input_shape
        return (batch, rows and rows // 2, columns and columns // 2, channels)
