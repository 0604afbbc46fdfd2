from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import registry
from kerasgan.augmentation.augmentation import Augmentation
from kerasgan.backend import input_gradient

_PROBES = 16


@keras.saving.register_keras_serializable(package="kerasgan")
class LayerAugmentation(Augmentation):
    """A Keras layer that changes pictures in training, as an augmentation.

    Pass `keras.layers.RandomFlip`, a `keras.Sequential` of several such layers, or a layer of yours. It is
    called with `training=True`. The generator's gradients pass through it, so it must be differentiable:

    - Accepted: `RandomFlip`, `RandomTranslation`, `RandomRotation`, `RandomZoom`, `RandomShear`,
      `RandomPerspective`, `RandomBrightness`, `RandomContrast`, `RandomErasing`, `RandomGaussianBlur`,
      `RandomSharpness`, `RandomGrayscale`, `RandomColorDegeneration`, `GaussianNoise`.
    - Refused, because they have no gradient: `RandomHue`, `RandomSaturation`, `RandomPosterization`,
      `Equalization`.
    - Refused, because they change pictures outside training too: `Resizing`, `Rescaling`, `AutoContrast`.

    The layer makes its own random choices. So two batches are transformed in the same way only if they have
    the same height and width: they are joined along their channels, and the layer must allow that. Each
    replica draws for its own rows. So the results of N replicas differ from those of one device. With
    `DiffAugment` they are equal.

    Keras layers with a `value_range` expect pictures from 0 to 255 by default. For other pictures, write
    for example `keras.layers.RandomBrightness(0.2, value_range=(-1, 1))`.

    Args:
        layer: A `keras.layers.Layer`.

    Raises:
        TypeError: If `layer` is not a Keras layer.
        ValueError: If its `call` does not take `training`; and by `build`, if it has weights to train,
            changes the shape of the samples, changes them outside training too, or has no gradient.

    Example:

    >>> flip = kerasgan.augmentation.get(keras.layers.RandomFlip("horizontal", seed=0))
    >>> type(flip).__name__, flip(np.ones((2, 4, 4, 3), "float32")).shape
    ('LayerAugmentation', TensorShape([2, 4, 4, 3]))
    """

    def __init__(self, layer: keras.layers.Layer) -> None:
        if not isinstance(layer, keras.layers.Layer):
            raise TypeError(
                "Invalid value for argument `layer`. Expected a `keras.layers.Layer`. "
                f"Received: layer={layer!r}"
            )
        if "training" not in inspect.signature(layer.call).parameters:
            raise self._refused(layer, "one whose `call` takes `training`")
        self.layer = layer

    def build(self, sample_shape: Sequence[int]) -> None:
        """Takes the shape of the samples, and tests the layer on random ones."""
        super().build(sample_shape)
        # Inside the usual ranges, so that layers do not clip.
        probes = np.random.default_rng(0).uniform(0.3, 0.7, (_PROBES, *self._shape()))
        images = ops.convert_to_tensor(probes, "float32")
        state = [(variable, ops.copy(variable)) for variable in self._built(images).variables]
        try:
            self._try(images)
        finally:
            # The test must not change the state of the layer's random numbers.
            for variable, value in state:
                variable.assign(value)

    def _built(self, images: Any) -> keras.layers.Layer:
        if not self.layer.built:
            self.layer.build(images.shape)
        return self.layer

    def _try(self, images: Any) -> None:
        if self.layer.trainable_variables:
            raise self._refused(self.layer, "one without weights to train")
        transformed = self.layer(images, training=True)
        if tuple(transformed.shape) != tuple(images.shape):
            shapes = f"{tuple(images.shape[1:])}, not {tuple(transformed.shape[1:])}"
            raise self._refused(self.layer, f"one that keeps the shape of the samples, {shapes}")
        plain = ops.convert_to_numpy(ops.cast(self.layer(images, training=False), "float32"))
        if not np.allclose(plain, ops.convert_to_numpy(images), atol=1e-2):
            raise self._refused(self.layer, "one that changes nothing with `training=False`")
        try:
            gradient = input_gradient(lambda x: self.layer(x, training=True), images)
        except LookupError:
            gradient = None
        if gradient is None or not np.any(ops.convert_to_numpy(gradient)):
            raise self._refused(self.layer, "one that is differentiable")

    @staticmethod
    def _refused(layer: keras.layers.Layer, expected: str) -> ValueError:
        return ValueError(
            f"Invalid value for argument `augmentation`. Expected {expected}. Received: the layer "
            f"{layer.name!r} of type {type(layer).__name__}"
        )

    @property
    def variables(self) -> list[keras.Variable]:
        """The state of the layer's random numbers."""
        return list(self.layer.variables) if self.sample_shape else []

    def draw(self, rows: Any, seed: Any, step: Any = 0) -> Mapping[str, Any]:
        """Returns an empty dictionary: the layer draws by itself."""
        return {}

    def apply(self, images: Any, parameters: Mapping[str, Any]) -> Any:
        """Transforms pictures, with new random choices each time."""
        return ops.cast(self.layer(images, training=True), images.dtype)

    def apply_together(self, images: Sequence[Any], parameters: Mapping[str, Any]) -> list[Any]:
        """Transforms several batches in the same way, joined along their channels.

        Raises:
            ValueError: If they have different heights or widths.
        """
        if len({tuple(each.shape[1:3]) for each in images}) > 1:
            raise ValueError(
                "Invalid value for argument `augmentation`. Expected one of `kerasgan.augmentation`. A layer "
                "can transform pictures in the same way only if their height and width are equal. Received: "
                f"the layer {self.layer.name!r} for shapes {[tuple(each.shape) for each in images]}"
            )
        joined = self.apply(ops.concatenate(list(images), axis=-1), parameters)
        ends = np.cumsum([each.shape[-1] for each in images])[:-1].tolist()
        return list(ops.split(joined, ends, axis=-1))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal augmentation."""
        return {"layer": keras.saving.serialize_keras_object(self.layer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Augmentation:
        """Makes the augmentation that a result of `get_config` describes."""
        return cls(registry.deserialize(config["layer"]))
