"""The common part of layers that change the size of images with a fixed filter."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


class Resampling(keras.layers.Layer):
    """A layer that takes images of known sizes."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Checks the shape of the images. The layer has no weights."""
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected (batch, rows, columns, channels), with known "
                f"sizes. Received: inputs.shape={tuple(input_shape)}"
            )


def filtered(images: Any, kernel: np.ndarray, strides: int, padding: str) -> Any:
    """Convolves each channel of images with the same kernel."""
    every = np.repeat(kernel[:, :, None, None], images.shape[-1], axis=2)
    kernels = ops.convert_to_tensor(every, images.dtype)
    return ops.depthwise_conv(images, kernels, strides=strides, padding=padding)
