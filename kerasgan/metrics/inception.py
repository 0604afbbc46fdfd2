from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.arguments import invalid, number
from kerasgan.metrics.extractors import ModelFeatures

_SIDE = 299


@keras.saving.register_keras_serializable(package="kerasgan")
class InceptionV3Features(ModelFeatures):
    """InceptionV3 with ImageNet's weights. They are public, so its configuration does not contain them.

    Args:
        value_range: The values of black and white.
    """

    def __init__(self, value_range: Any = (-1.0, 1.0)) -> None:
        if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
            raise invalid("value_range", value_range, "a pair (black, white)")
        self.value_range = tuple(number("value_range", value) for value in value_range)
        if self.value_range[0] >= self.value_range[1]:
            raise invalid("value_range", value_range, "black < white")
        recipe = {
            "extractor": "inception_v3",
            "weights": "keras.applications, imagenet",
            "value_range": list(self.value_range),
            "resized_to": _SIDE,
        }
        super().__init__(_inception(), recipe)

    def extract(self, samples: Any) -> Any:
        """Returns 2,048 features of each image."""
        if len(samples.shape) != 4 or samples.shape[-1] not in (1, 3):
            raise ValueError(
                "Invalid value for argument `features`. Expected images of 1 or 3 channels for InceptionV3. "
                f"Received: samples of shape {tuple(samples.shape)[1:]}"
            )
        low, high = self.value_range
        images = (ops.cast(samples, "float32") - low) * (2.0 / (high - low)) - 1.0
        if images.shape[-1] == 1:
            images = ops.repeat(images, 3, axis=-1)
        return super().extract(resized(images, _SIDE))

    def get_config(self) -> dict[str, Any]:
        """Returns the values of black and white."""
        return {"value_range": list(self.value_range)}


def resized(images: Any, side: int) -> Any:
    """Resizes images to squares, bilinearly, with antialiasing.

    It equals `keras.ops.image.resize(images, (side, side), antialias=True)`, which XLA cannot compile.

    Args:
        images: `(count, height, width, channels)`.
        side: Height and width of the result.
    """
    rows, columns = (_shares(size, side) for size in ops.shape(images)[1:3])
    return ops.einsum("ih,nhwc,jw->nijc", rows, images, columns)


def _shares(size: Any, side: int) -> Any:
    """Returns the share of each of `size` pixels in each of `side` pixels, a row for each of these."""
    scale = ops.cast(size, "float32") / side
    places = (ops.arange(side, dtype="float32") + 0.5) * scale
    pixels = ops.arange(size, dtype="float32") + 0.5
    distances = ops.abs(places[:, None] - pixels[None]) / ops.maximum(scale, 1.0)
    triangle = ops.maximum(1.0 - distances, 0.0)
    return triangle / ops.sum(triangle, axis=1, keepdims=True)


def inception_v3(value_range: tuple[float, float] = (-1.0, 1.0)) -> InceptionV3Features:
    """Returns the 2,048 pooled features of InceptionV3, trained on ImageNet.

    The weights are those of `keras.applications`. They are downloaded the first time. Compare values only
    with others of this extractor: published FIDs use another port of the network and another way of resizing.

    Args:
        value_range: The values that stand for black and white in the samples. Defaults to `(-1.0, 1.0)`.

    Returns:
        An extractor for the `features` of a metric. It takes images `(height, width, channels)` with 1 or 3
        channels, and resizes them to 299 by 299.

    Raises:
        ValueError: If `value_range` is no range.
        ConnectionError: If the weights are not on this machine and cannot be downloaded.
    """
    return InceptionV3Features(value_range)


def _inception() -> keras.Model:
    try:
        return keras.applications.InceptionV3(
            weights="imagenet", include_top=False, pooling="avg", input_shape=(_SIDE, _SIDE, 3)
        )
    except Exception as error:  # Keras raises this very class where a download fails.
        raise ConnectionError(
            "The weights of InceptionV3 could not be had. They are downloaded once, from "
            "storage.googleapis.com, and then kept in Keras's folder, ~/.keras/models. Without a network, "
            f"take `kerasgan.metrics.classifier_features`, or a model of your own. ({error})"
        ) from error
