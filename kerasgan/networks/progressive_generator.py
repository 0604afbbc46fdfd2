from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from kerasgan.arguments import positive_integer, shape
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks.growing_network import GrowingNetwork
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class ProgressiveGenerator(GrowingNetwork):
    """A generator of images that grows: it draws small images first, and adds detail level by level.

    A dense layer makes a small image with many channels. Each further level doubles it (nearest neighbor) and
    convolves it. At each level, a convolution of size 1 makes a sample of the features. The sample is
    enlarged to full size. At every position, features are normalized over their channels, with a learned gain
    for each channel. Without `kerasgan.callbacks.ProgressiveGrowing`, the network draws at full size from the
    start.

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), sections 2 and 4.2, figure 2.

    Args:
        latent_shape: The shape of a latent sample, without the batch axis. An integer `n` means `(n,)`.
        sample_shape: `(height, width, channels)` of a sample. `2 ** (levels - 1)` must divide height and
            width.
        levels: The number of resolutions, a positive integer. Each is twice the one before. Defaults to 3.
        filters: The number of channels at full size, a positive integer. Each level below has twice as many,
            up to 8 times `filters`. Or a list with the number of channels of each level. The paper has equal
            numbers up to 32×32. Then the first levels cost far less than the last. Defaults to 32.
        convolutions: The number of convolutions of a level, a positive integer. Defaults to 2, as in the
            paper.
        output_activation: The activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: The initializer of all weights but biases. The paper's equalized learning rate
            (section 4.1) is left out. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"generator"`.
        **kwargs: `dtype`, as in `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = kerasgan.networks.ProgressiveGenerator(8, (8, 8, 1), levels=2, filters=4)
    >>> generator.growth = 0.5
    >>> generator(np.ones((3, 8))).shape
    TensorShape([3, 8, 8, 1])
    """

    def __init__(
        self,
        latent_shape: int | Sequence[int],
        sample_shape: Sequence[int],
        levels: int = 3,
        filters: int | Sequence[int] = 32,
        convolutions: int = 2,
        output_activation: Any = "tanh",
        kernel_initializer: Any = "he_normal",
        name: str | None = "generator",
        **kwargs: Any,
    ) -> None:
        super().__init__(levels, name=name, **kwargs)
        self.latent_shape = shape("latent_shape", latent_shape)
        self.sample_shape = shape("sample_shape", sample_shape, rank=3)
        self.filters = list(filters) if isinstance(filters, Sequence) else filters
        self.convolutions = positive_integer("convolutions", convolutions)
        self.output_activation = keras.activations.get(output_activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        initializer = initializer_factory(kernel_initializer)
        policy = self.dtype_policy

        def activated(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
            normalization = layers.RMSNormalization(epsilon=1e-8, dtype=policy)
            return [layer, normalization, layers.LeakyReLU(negative_slope=0.2, dtype=policy)]

        self.blocks, self.to_sample = [], []
        entry = self.latent_shape
        stages = zip(self._sizes(self.sample_shape), self._widths(filters), strict=True)
        for level, (size, width) in enumerate(stages):
            block: list[keras.layers.Layer] = [keras.Input(entry)]
            if level == 0:
                units = math.prod(size) * width
                dense = layers.Dense(units, kernel_initializer=initializer(), dtype=policy)
                reshape = layers.Reshape((*size, width), dtype=policy)
                block += [layers.Flatten(dtype=policy), dense, *activated(reshape)]
            for _ in range(self.convolutions):
                block += activated(
                    layers.Conv2D(
                        width, 3, padding="same", kernel_initializer=initializer(), dtype=policy
                    )
                )
            self.blocks.append(keras.Sequential(block, name=f"level_{level}"))
            # In float32, like all samples.
            image = layers.Conv2D(
                self.sample_shape[2],
                1,
                activation=output_activation,
                kernel_initializer=initializer(),
                dtype=full_precision(),
                name=f"sample_{level}",
            )
            image.build((None, *size, width))
            self.to_sample.append(image)
            entry = (2 * size[0], 2 * size[1], width)
        self(keras.KerasTensor((None, *self.latent_shape), keras.config.floatx()))

    def entered(self, inputs: Any) -> Any:
        """Returns the smallest features of latent samples."""
        return self.blocks[0](inputs)

    def grown(self, level: int, share: Any, inputs: Any) -> Any:
        """Returns samples from the smallest features."""
        x = before = inputs
        for block in self.blocks[1 : level + 1]:
            before, x = x, block(_enlarged(x, 2))
        samples = self.to_sample[level](x)
        if level:
            old = _enlarged(self.to_sample[level - 1](before), 2)
            samples = share * samples + (1.0 - share) * old
        return _enlarged(samples, 2 ** (self.levels - 1 - level))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal network, without its weights."""
        return {
            **super().get_config(),
            "latent_shape": self.latent_shape,
            "sample_shape": self.sample_shape,
            "levels": self.levels,
            "filters": self.filters,
            "convolutions": self.convolutions,
            "output_activation": keras.activations.serialize(self.output_activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _enlarged(images: Any, factor: int) -> Any:
    # Not `repeat` or a resizing: XLA cannot differentiate those in a branch.
    if factor == 1:
        return images
    height, width, channels = images.shape[1:]
    wide = ops.reshape(ops.stack([images] * factor, 3), (-1, height, factor * width, channels))
    shape = (-1, factor * height, factor * width, channels)
    return ops.reshape(ops.stack([wide] * factor, 2), shape)
