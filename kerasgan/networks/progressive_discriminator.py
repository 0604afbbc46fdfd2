from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from kerasgan.arguments import positive_integer, shape
from kerasgan.layers import MinibatchStandardDeviation
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks.growing_network import GrowingNetwork
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class ProgressiveDiscriminator(GrowingNetwork):
    """A discriminator of images that grows: it looks at small images first, and then at more and more detail.

    It averages a sample down to the resolution that is grown. There a convolution of size 1 makes features of
    it. Each level convolves the features and halves them. At the lowest level, a
    `kerasgan.layers.MinibatchStandardDeviation` adds how much the samples of a minibatch differ. A linear
    unit then gives the score, a logit. Without `kerasgan.callbacks.ProgressiveGrowing`, the network works at
    full size from the start.

    While a level is faded in, its features are blended with the features of the halved sample. The new level
    sees the full detail of real samples from the start, but has a small share of the result. The paper also
    fades in the detail of real samples.

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), sections 2 and 3, figure 2.

    Args:
        sample_shape: `(height, width, channels)` of a sample. `2 ** (levels - 1)` must divide height and
            width.
        levels: The number of resolutions, a positive integer. Each is twice the one before. Defaults to 3.
        filters: The number of channels at full size, a positive integer. Each level below has twice as many,
            up to 8 times `filters`. Or a list with the number of channels of each level. The paper has equal
            numbers up to 32×32. Then the first levels cost far less than the last. Defaults to 32.
        convolutions: The number of convolutions of a level, a positive integer. Defaults to 2, as in the
            paper.
        group_size: The group size of `kerasgan.layers.MinibatchStandardDeviation`. Defaults to 4.
        kernel_initializer: The initializer of all weights but biases. The paper's equalized learning rate
            (section 4.1) is left out. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"discriminator"`.
        **kwargs: `dtype`, as in `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> discriminator = kerasgan.networks.ProgressiveDiscriminator((8, 8, 1), levels=2, filters=4)
    >>> discriminator.growth = 0
    >>> discriminator(np.ones((3, 8, 8, 1))).shape
    TensorShape([3, 1])
    """

    def __init__(
        self,
        sample_shape: Sequence[int],
        levels: int = 3,
        filters: int | Sequence[int] = 32,
        convolutions: int = 2,
        group_size: int | None = 4,
        kernel_initializer: Any = "he_normal",
        name: str | None = "discriminator",
        **kwargs: Any,
    ) -> None:
        super().__init__(levels, name=name, **kwargs)
        self.sample_shape = shape("sample_shape", sample_shape, rank=3)
        self.filters = list(filters) if isinstance(filters, Sequence) else filters
        self.convolutions = positive_integer("convolutions", convolutions)
        self.group_size = group_size
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        initializer = initializer_factory(kernel_initializer)
        policy = self.dtype_policy

        def convolution(filters: int, size: int = 3) -> list[keras.layers.Layer]:
            layer = layers.Conv2D(
                filters, size, padding="same", kernel_initializer=initializer(), dtype=policy
            )
            return [layer, layers.LeakyReLU(negative_slope=0.2, dtype=policy)]

        self.blocks, self.from_sample = [], []
        below = 0
        stages = zip(self._sizes(self.sample_shape), self._widths(filters), strict=True)
        for level, (size, width) in enumerate(stages):
            image = keras.Input((*size, self.sample_shape[2]))
            self.from_sample.append(
                keras.Sequential([image, *convolution(width, size=1)], name=f"sample_{level}")
            )
            block: list[keras.layers.Layer] = [keras.Input((*size, width))]
            if level == 0:
                block.append(MinibatchStandardDeviation(group_size, dtype=policy))
            for _ in range(self.convolutions - 1):
                block += convolution(width)
            # The last convolution has the channels of the level below.
            block += convolution(below or width)
            if level:
                block.append(layers.AveragePooling2D(2, dtype=policy))
            else:
                unit = layers.Dense(1, kernel_initializer=initializer(), dtype=policy)
                score = layers.Activation("linear", dtype=full_precision(), name="score")
                block += [layers.Flatten(dtype=policy), unit, score]
            self.blocks.append(keras.Sequential(block, name=f"level_{level}"))
            below = width
        self(keras.KerasTensor((None, *self.sample_shape), keras.config.floatx()))

    def grown(self, level: int, share: Any, inputs: Any) -> Any:
        """Returns the smallest features of samples. The first level judges them."""
        samples = _reduced(inputs, 2 ** (self.levels - 1 - level))
        x = self.from_sample[level](samples)
        if level:
            old = self.from_sample[level - 1](_reduced(samples, 2))
            new = ops.multiply(share, self.blocks[level](x))
            x = ops.add(new, ops.multiply(1.0 - share, old))
            # In mixed precision, the share is float32. So the sum is float32 too.
            x = ops.cast(x, old.dtype)
        for block in reversed(self.blocks[1:level]):
            x = block(x)
        return x

    def left(self, outputs: Any) -> Any:
        """Returns the scores `(batch, 1)` of the smallest features."""
        return self.blocks[0](outputs)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal network, without its weights."""
        return {
            **super().get_config(),
            "sample_shape": self.sample_shape,
            "levels": self.levels,
            "filters": self.filters,
            "convolutions": self.convolutions,
            "group_size": self.group_size,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _reduced(images: Any, factor: int) -> Any:
    return images if factor == 1 else ops.average_pool(images, factor)
