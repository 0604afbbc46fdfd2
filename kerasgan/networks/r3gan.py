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
# How much a leaky ReLU lessens a normal signal.
_GAIN = math.sqrt(2.0 / (1.0 + _SLOPE**2))
# How many stages have the full number of channels: those of 4 to 32 pixels.
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
    """Builds R3GAN's generator, for images of 32 to 256 pixels, not square ones too.

    A learned image of 4×4 is scaled, channel by channel, by a linear map of the latent point. Residual
    blocks follow, and bilinear doublings with blocks behind each. A block widens the channels twice with a
    convolution of size 1, sees its neighborhood with one of size 3 in groups, and narrows them again. There
    is no normalization: the last convolution of each block starts at 0, and the others are scaled by the
    number of blocks, as in Fixup.

    Train it with `loss="relativistic"`, `penalties=["r1", "r2"]` and Adam with `beta_1=0`.

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), section 4 ("Config E") and appendix.
    The defaults are the paper's for CIFAR-10 and FFHQ: 20.7 million weights at 32×32. On a CPU, or for a
    few thousand images, take `filters` of 64 to 128 and `blocks=1`, or `fastgan_generator`.

    Args:
        latent_shape: Size of the latent point; the paper has 64.
        sample_shape: `(height, width, channels)` of a sample, whose sides can be halved until the shorter
            one is 4 to 7.
        filters: Channels of the four smallest stages (4 to 32 pixels); each larger stage has half of the one
            before. Defaults to 768.
        blocks: Residual blocks of a stage. Defaults to 2.
        group_size: Channels of a group in the convolutions of size 3; it divides twice the channels of each
            stage. Defaults to 16.
        number_of_classes: Positive integer for a conditional generator, whose inputs are
            `[latent, label]`: a learned vector of the integer label, as long as the latent point, is appended
            to it. Defaults to `None`.
        output_activation: Activation of the samples. Defaults to `None`, as in the paper, for data in
            `[-1, 1]`.
        name: Name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = r3gan_generator(64, (32, 48, 3), filters=16, blocks=1)
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
    # A weight for each channel at each place, which the channel's factor multiplies.
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

    Residual blocks and bilinear halvings lead down to 4×4. There each channel is weighted by a learned image,
    and a linear map of the sums gives the score.

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), section 4 ("Config E") and appendix.

    Args:
        sample_shape: As in `r3gan_generator`.
        filters: As in `r3gan_generator`. Defaults to 768.
        blocks: As in `r3gan_generator`. Defaults to 2.
        group_size: As in `r3gan_generator`. Defaults to 16.
        number_of_classes: Positive integer for a conditional discriminator, whose inputs are
            `[sample, label]`: the score is the inner product of a linear map of the features and a learned
            vector of the integer label. Defaults to `None`.
        name: Name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output, a logit, has the shape `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> r3gan_discriminator((32, 32, 3), filters=16, blocks=1, number_of_classes=10).output_shape
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
        group_size: The channels of a group.
        count: How many blocks the whole network has.
    """

    def __init__(self, group_size: int, count: int) -> None:
        self.group_size = group_size
        # Three layers a block, of which the last starts at 0: Fixup's exponent is -1 / (2 * 3 - 2).
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
    """Returns an initializer with which a layer keeps the variance of its inputs, times the gain squared."""
    return keras.initializers.VarianceScaling(
        gain**2, mode="fan_in", distribution="untruncated_normal"
    )


def _embedding(label: Any, count: int, size: int, gain: float) -> Any:
    """Returns the learned vector of each label: a linear map of its one-hot vector."""
    initializer = keras.initializers.RandomNormal(stddev=gain / math.sqrt(count))
    return layers.Embedding(count, size, embeddings_initializer=initializer)(label)


def _resized(x: Any, channels: int) -> Any:
    """Changes the number of channels where it differs."""
    if x.shape[-1] == channels:
        return x
    return layers.Conv2D(channels, 1, use_bias=False, kernel_initializer=_normal(1.0))(x)


def _widths(filters: int, doublings: int, group_size: int) -> list[int]:
    """Returns the channels of each stage, from the smallest image to the largest."""
    filters = positive_integer("filters", filters)
    group_size = positive_integer("group_size", group_size)
    halvings = max(doublings + 1 - _FULL_STAGES, 0)
    widths = [filters >> max(i + 1 - _FULL_STAGES, 0) for i in range(doublings + 1)]
    if filters % 2**halvings or any(2 * width % group_size for width in widths):
        expected = (
            f"channels that can be halved {halvings} times, with {group_size} (`group_size`) dividing twice "
            f"the channels of each stage, such as {2**halvings * group_size}"
        )
        raise invalid("filters", filters, expected)
    return widths
