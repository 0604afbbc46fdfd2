"""R3GAN's generator and discriminator: modern residual networks without normalization."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from kerasgan.arguments import invalid, positive_integer, shape
from kerasgan.layers import BilinearDownSampling2D, BilinearUpSampling2D, GroupedConv2D
from kerasgan.networks._stages import smallest_size
from kerasgan.precision import full_precision

_SLOPE = 0.2
# A leaky ReLU makes a normal signal smaller. This factor makes up for it.
_GAIN = math.sqrt(2.0 / (1.0 + _SLOPE**2))
# The number of stages with all channels: those of 4 to 32 pixels.
_FULL_STAGES = 4


def r3gan_generator(
    latent_shape: int,
    sample_shape: Sequence[int],
    filters: int = 768,
    blocks: int = 2,
    group_size: int = 16,
    number_of_classes: int | None = None,
    output_activation: Any = None,
    name: str | None = "generator",
) -> keras.Model:
    """Builds R3GAN's generator, for images of 32 to 256 pixels. They need not be square.

    It starts from a learned image of 4×4. A linear map of the latent sample gives a factor for each of its
    channels. Residual blocks follow, then bilinear doublings with more blocks after each. A block doubles the
    number of channels with a convolution of size 1. A convolution of size 3 in groups sees the neighborhood.
    A third one narrows the channels again.

    There is no normalization. Instead, as in Fixup, the last convolution of each block starts at 0, and the
    others are scaled by the number of blocks.

    Train it with `loss="relativistic"`, `penalties=["r1", "r2"]` and Adam with `beta_1=0`.

    The defaults are the paper's for CIFAR-10 and FFHQ: 20.7 million weights at 32×32. On a CPU, or for a few
    thousand images, use 64 to 128 `filters` and `blocks=1`, or use `fastgan_generator`.

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), section 4 ("Config E") and appendix.

    Args:
        latent_shape: The size of a latent sample, a positive integer. The paper has 64.
        sample_shape: `(height, width, channels)` of a sample. It must be possible to halve height and width
            until the shorter one is 4 to 7.
        filters: The number of channels of the four smallest stages (4 to 32 pixels), a positive integer. Each
            larger stage has half the channels of the stage before. Defaults to 768.
        blocks: The number of residual blocks of a stage, a positive integer. Defaults to 2.
        group_size: The number of channels in a group of the convolutions of size 3. It must divide twice the
            channels of each stage. Defaults to 16.
        number_of_classes: The number of classes, for a conditional generator with the inputs
            `[latent, label]`. A learned vector of the integer label, as long as the latent sample, is
            appended to it. Defaults to `None`: no labels.
        output_activation: The activation of the samples. Defaults to `None`, as in the paper, for data in
            `[-1, 1]`.
        name: The name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = kerasgan.networks.r3gan_generator(64, (32, 48, 3), filters=16, blocks=1)
    >>> generator.input_shape, generator.output_shape
    ((None, 64), (None, 32, 48, 3))
    """
    size = positive_integer("latent_shape", latent_shape)
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    smallest, doublings = smallest_size(height, width)
    widths = _widths(filters, doublings, group_size)
    blocks = positive_integer("blocks", blocks)
    block = _Block(group_size, blocks * len(widths))

    latent = keras.Input((size,), name="latent")
    inputs, x = latent, latent
    if number_of_classes is not None:
        count = positive_integer("number_of_classes", number_of_classes)
        label = keras.Input((), dtype="int32", name="label")
        inputs = [latent, label]
        x = layers.Concatenate()([latent, _embedding(label, count, size, 1.0)])
    x = layers.Dense(widths[0], use_bias=False, kernel_initializer=_normal(1.0))(x)
    # A weight for each channel at each position. The factor of the channel multiplies it.
    basis = layers.EinsumDense(
        "bc,pc->bpc",
        output_shape=(math.prod(smallest), widths[0]),
        kernel_initializer=keras.initializers.RandomNormal(stddev=1.0),
        name="basis",
    )
    x = layers.Reshape((*smallest, widths[0]))(basis(x))
    for index, count in enumerate(widths):
        if index:
            x = _resized(x, count)
            x = BilinearUpSampling2D()(x)
        for _ in range(blocks):
            x = block(x)
    x = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=_normal(1.0))(x)
    outputs = layers.Activation(
        output_activation or "linear", dtype=full_precision(), name="sample"
    )(x)
    return keras.Model(inputs, outputs, name=name)


def r3gan_discriminator(
    sample_shape: Sequence[int],
    filters: int = 768,
    blocks: int = 2,
    group_size: int = 16,
    number_of_classes: int | None = None,
    name: str | None = "discriminator",
) -> keras.Model:
    """Builds R3GAN's discriminator: the mirror image of its generator.

    Residual blocks and bilinear halvings lead down to 4×4. There each channel is multiplied by a learned
    image and summed. A linear map of the sums gives the score.

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), section 4 ("Config E") and appendix.

    Args:
        sample_shape: `(height, width, channels)` of a sample. It must be possible to halve height and width
            until the shorter one is 4 to 7.
        filters: The number of channels of the four smallest stages (4 to 32 pixels), a positive integer. Each
            larger stage has half the channels of the stage before. Defaults to 768.
        blocks: The number of residual blocks of a stage, a positive integer. Defaults to 2.
        group_size: The number of channels in a group of the convolutions of size 3. It must divide twice the
            channels of each stage. Defaults to 16.
        number_of_classes: The number of classes, for a conditional discriminator with the inputs
            `[sample, label]`. The score is then the inner product of a linear map of the features and a
            learned vector of the integer label. Defaults to `None`: no labels.
        name: The name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output, a logit, has the shape `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> discriminator = kerasgan.networks.r3gan_discriminator(
    ...     (32, 32, 3), filters=16, blocks=1, number_of_classes=10
    ... )
    >>> discriminator.output_shape
    (None, 1)
    """
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    smallest, halvings = smallest_size(height, width)
    widths = _widths(filters, halvings, group_size)[::-1]
    blocks = positive_integer("blocks", blocks)
    block = _Block(group_size, blocks * len(widths))

    sample = keras.Input((height, width, channels), name="sample")
    inputs: Any = sample
    x = layers.Conv2D(widths[0], 1, use_bias=False, kernel_initializer=_normal(1.0))(sample)
    for index, count in enumerate(widths):
        if index:
            x = BilinearDownSampling2D()(x)
            x = _resized(x, count)
        for _ in range(blocks):
            x = block(x)
    deviation = 1.0 / math.sqrt(math.prod(smallest))
    x = layers.DepthwiseConv2D(
        smallest,
        use_bias=False,
        depthwise_initializer=keras.initializers.RandomNormal(stddev=deviation),
        name="basis",
    )(x)
    x = layers.Flatten()(x)
    if number_of_classes is None:
        score = layers.Dense(1, use_bias=False, kernel_initializer=_normal(1.0))(x)
    else:
        count = positive_integer("number_of_classes", number_of_classes)
        label = keras.Input((), dtype="int32", name="label")
        inputs = [sample, label]
        size = widths[-1]
        features = layers.Dense(size, use_bias=False, kernel_initializer=_normal(1.0))(x)
        vector = _embedding(label, count, size, 1.0 / math.sqrt(size))
        score = layers.Dot(axes=1)([features, vector])
    outputs = layers.Activation("linear", dtype=full_precision(), name="score")(score)
    return keras.Model(inputs, outputs, name=name)


class _Block:
    """Adds a residual block to a network.

    Args:
        group_size: The number of channels of a group.
        count: The number of blocks of the whole network.
    """

    def __init__(self, group_size: int, count: int) -> None:
        self.group_size = group_size
        # Each block has three layers, and the last starts at 0. Fixup's exponent is then -1 / (2 * 3 - 2).
        self.gain = _GAIN * count ** (-1.0 / 4.0)

    def __call__(self, x: Any) -> Any:
        channels = x.shape[-1]
        wide = 2 * channels
        y = self._activated(layers.Conv2D(wide, 1, kernel_initializer=_normal(self.gain)), x)
        grouped = GroupedConv2D(
            wide,
            3,
            padding="same",
            groups=wide // self.group_size,
            kernel_initializer=_normal(self.gain),
        )
        y = self._activated(grouped, y)
        y = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer="zeros")(y)
        return layers.Add()([x, y])

    @staticmethod
    def _activated(layer: keras.layers.Layer, x: Any) -> Any:
        return layers.LeakyReLU(negative_slope=_SLOPE)(layer(x))


def _normal(gain: float) -> Any:
    """Returns an initializer with which a layer multiplies the variance of its inputs by the gain squared."""
    return keras.initializers.VarianceScaling(
        gain**2, mode="fan_in", distribution="untruncated_normal"
    )


def _embedding(label: Any, count: int, size: int, gain: float) -> Any:
    """Returns a learned vector for each label: a linear map of its one-hot vector."""
    initializer = keras.initializers.RandomNormal(stddev=gain / math.sqrt(count))
    return layers.Embedding(count, size, embeddings_initializer=initializer)(label)


def _resized(x: Any, channels: int) -> Any:
    """Changes the number of channels, if it is a different one."""
    if x.shape[-1] == channels:
        return x
    return layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=_normal(1.0))(x)


def _widths(filters: int, doublings: int, group_size: int) -> list[int]:
    """Returns the number of channels of each stage, from the smallest image to the largest."""
    filters = positive_integer("filters", filters)
    group_size = positive_integer("group_size", group_size)
    halvings = max(doublings + 1 - _FULL_STAGES, 0)
    widths = [filters >> max(i + 1 - _FULL_STAGES, 0) for i in range(doublings + 1)]
    if filters % 2**halvings or any(2 * width % group_size for width in widths):
        expected = (
            f"a number such as {2**halvings * group_size}, which can be halved {halvings} times. "
            f"`group_size`={group_size} must divide twice the channels of each stage"
        )
        raise invalid("filters", filters, expected)
    return widths
