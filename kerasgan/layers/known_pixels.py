from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class KnownPixels(keras.layers.Layer):
    """Keeps the known pixels of an image, bit for bit, and takes the other pixels from a generated image.

    Use it as the last layer of an inpainting generator. It takes `[generated, condition]`. The condition is
    the image with its holes, and as its last channel a mask that is 1 at known pixels and 0 in holes.
    `KnownPixels.condition` makes it. Generated pixels outside the holes get no gradient.

    The layer computes in float32 under every policy, because bfloat16 would change known pixels.

    Args:
        **kwargs: `name`, `dtype` and the other arguments of `keras.layers.Layer`.

    Input shape:
        `[(batch, ..., channels), (batch, ..., channels + 1)]`.

    Output shape:
        `(batch, ..., channels)`.

    Raises:
        ValueError: If it is called on other shapes.

    Example:

    >>> image = np.full((1, 1, 2, 1), 0.5, "float32")
    >>> layer = kerasgan.layers.KnownPixels()
    >>> condition = layer.condition(image, known=np.array([[1.0, 0.0]]))
    >>> condition.tolist()
    [[[[0.5, 1.0], [0.0, 0.0]]]]
    >>> layer([keras.ops.full((1, 1, 2, 1), -0.9), condition]).numpy().round(1).tolist()
    [[[[0.5], [-0.9]]]]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": full_precision(), **kwargs})

    @staticmethod
    def condition(images: Any, known: Any) -> np.ndarray:
        """Returns images with holes, and the mask as one more channel.

        Args:
            images: Array `(batch, ..., channels)`.
            known: A mask that is true or 1 at known pixels: `(...)` for all images, or `(batch, ...)`.

        Returns:
            Array `(batch, ..., channels + 1)`, with zeros in the holes.
        """
        images = np.asarray(images)
        mask = np.broadcast_to(np.asarray(known, bool), images.shape[:-1])[..., None]
        return np.concatenate([np.where(mask, images, 0), mask], axis=-1, dtype=images.dtype)

    def build(self, input_shape: Any) -> None:
        """Checks the shapes. The layer has no weights."""
        pair = isinstance(input_shape[0], (tuple, list)) and len(input_shape) == 2
        if not pair or tuple(input_shape[1][1:]) != (*input_shape[0][1:-1], input_shape[0][-1] + 1):
            raise ValueError(
                "Invalid shape for argument `inputs`. Expected [(batch, ..., channels), (batch, ..., "
                f"channels + 1)], generated images and conditions. Received: {input_shape}"
            )

    def call(self, inputs: Any) -> Any:
        """Returns the known pixels, and in the holes the generated pixels."""
        generated, condition = inputs
        return ops.where(condition[..., -1:] > 0.5, condition[..., :-1], generated)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the shape of the generated images."""
        return tuple(input_shape[0])
