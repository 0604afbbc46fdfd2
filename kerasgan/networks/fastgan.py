"""FastGAN's generator and discriminator: few weights where images are large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from kerasgan.arguments import one_of, positive_integer, shape
from kerasgan.networks._class_embedding import class_embedding
from kerasgan.networks._initializers import initializer_factory
from kerasgan.networks._inputs import flat_inputs
from kerasgan.networks._stages import smallest_size
from kerasgan.precision import full_precision

# How many times `filters` channels there are, from the smallest image up (4, 8, 16, ... pixels).
_GENERATOR_WIDTHS = (16, 8, 4, 2, 2, 1, 1 / 2, 1 / 4, 1 / 8)
# Likewise, from 8 pixels up.
_DISCRIMINATOR_WIDTHS = (8, 4, 2, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
# How many doublings lie between an image and the one that excites its channels.
_SKIPPED = 4


def fastgan_generator(
    latent_shape: int | Sequence[int],
    sample_shape: Sequence[int],
    filters: int = 16,
    number_of_classes: int | None = None,
    normalization: str | None = "batch",
    output_activation: Any = "tanh",
    kernel_initializer: Any = "he_normal",
    name: str | None = "generator",
) -> keras.Model:
    """Builds FastGAN's generator, for small sets of images of 32 to 512 pixels, not square ones too.

    Each stage repeats the pixels of the one before and convolves them, once or twice in turns, with gated
    linear units. Most channels are where images are small. Skip-layer excitation ties both ends together: a
    small image decides, channel by channel, how much of an image 16 times as large goes on (8 times in a
    generator of 32 pixels).

    Reference: [Liu et al., 2021](https://arxiv.org/abs/2101.04775), section 3.1. Without its noise at each
    stage, so that a latent point is one sample, and without spectral normalization.

    Args:
        latent_shape: Shape of a latent point; an integer is a vector of that size. The paper has 256.
        sample_shape: `(height, width, channels)` of a sample, whose sides can be halved until the shorter one
            is 4 to 7.
        filters: Channels at 128 pixels; there are 16 times as many at 4 pixels, 8 times at 8, 4 times at 16,
            and twice as many at 32 and 64. The paper has 64. Defaults to 16, for a CPU.
        number_of_classes: Positive integer for a conditional generator, whose inputs are
            `[latent, label]`: an embedding of the integer label is appended to the latent point. Defaults to
            `None`.
        normalization: `"batch"` as in the paper, or `None`. Defaults to `"batch"`.
        output_activation: Activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: Initializer of all weights. Defaults to `"he_normal"`.
        name: Name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = fastgan_generator(32, (32, 48, 3), filters=4)
    >>> generator.input_shape, generator.output_shape
    ((None, 32), (None, 32, 48, 3))
    """
    latents_shape = shape("latent_shape", latent_shape)
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    smallest, doublings = smallest_size(height, width)
    widths = _widths(filters, doublings + 1, _GENERATOR_WIDTHS)
    one_of("normalization", normalization, [None, "batch"])
    initializer = initializer_factory(kernel_initializer)

    def convolution(x: Any, count: int) -> Any:
        options = {"padding": "same", "use_bias": False, "kernel_initializer": initializer()}
        return layers.Conv2D(count, 3, **options)(x)

    def dense(x: Any, count: int) -> Any:
        return layers.Dense(count, use_bias=False, kernel_initializer=initializer())(x)

    def gated(x: Any) -> Any:
        x = layers.BatchNormalization()(x) if normalization == "batch" else x
        values, gates = ops.split(x, 2, axis=-1)
        return layers.Multiply()([values, layers.Activation("sigmoid")(gates)])

    def excited(x: Any, small: Any, halvings: int) -> Any:
        count = x.shape[-1]
        pooled = layers.AveragePooling2D(2**halvings)(small) if halvings else small
        factors = layers.Activation("silu")(dense(layers.Flatten()(pooled), count))
        factors = layers.Activation("sigmoid")(dense(factors, count))
        return layers.Multiply()([x, layers.Reshape((1, 1, count))(factors)])

    inputs, x = flat_inputs("latent", latents_shape, number_of_classes)
    first = (*smallest, 2 * widths[0])
    stages = [gated(layers.Reshape(first)(dense(x, math.prod(first))))]
    # Where there is no image a 16th of the largest, the smallest one excites it.
    skipped = min(_SKIPPED, doublings)
    for index, count in enumerate(widths[1:], start=1):
        x = gated(convolution(layers.UpSampling2D(2)(stages[-1]), 2 * count))
        if index % 2:
            x = gated(convolution(x, 2 * count))
        if index >= skipped > 1:
            source = index - skipped
            x = excited(x, stages[source], source)
        stages.append(x)
    x = layers.Conv2D(channels, 3, padding="same", kernel_initializer=initializer())(stages[-1])
    outputs = layers.Activation(
        output_activation or "linear", dtype=full_precision(), name="sample"
    )(x)
    return keras.Model(inputs, outputs, name=name)


def fastgan_discriminator(
    sample_shape: Sequence[int],
    filters: int = 16,
    number_of_classes: int | None = None,
    normalization: str | None = None,
    kernel_initializer: Any = "he_normal",
    name: str | None = "discriminator",
) -> keras.Model:
    """Builds a discriminator of the blocks of FastGAN's.

    Each block halves the image twice: by convolutions, and by the mean of four pixels with a convolution of
    size 1. Their mean goes on, down to 8 pixels, where a linear unit on all features gives the score.

    Reference: [Liu et al., 2021](https://arxiv.org/abs/2101.04775), section 3.2. The paper's has a score for
    each of 5×5 patches, a second one for a smaller image, and decoders that reconstruct real samples. Here
    one score is for all, so that the weights of penalties mean what they mean elsewhere, and the decoders are
    left out.

    Args:
        sample_shape: As in `fastgan_generator`.
        filters: Channels at 64 pixels; there are twice as many at 32, 4 times at 16 and 8 times at 8. The
            paper has 64. Defaults to 16, for a CPU.
        number_of_classes: Positive integer for a conditional discriminator, whose inputs are
            `[sample, label]`: the score gains the inner product of the features' means and an embedding of
            the integer label (a projection). Defaults to `None`.
        normalization: `None`; `"batch"`, behind all convolutions but the first; or `"spectral"`,
            `keras.layers.SpectralNormalization` around every layer with weights. The paper has both; a
            gradient penalty is better off without. Defaults to `None`.
        kernel_initializer: Initializer of all weights. Defaults to `"he_normal"`.
        name: Name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output, a logit, has the shape `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> fastgan_discriminator((32, 32, 3), filters=4).output_shape
    (None, 1)
    """
    height, width, channels = shape("sample_shape", sample_shape, rank=3)
    _, halvings = smallest_size(height, width)
    widths = _widths(filters, max(halvings, 1), _DISCRIMINATOR_WIDTHS)[::-1]
    one_of("normalization", normalization, [None, "batch", "spectral"])
    initializer = initializer_factory(kernel_initializer)
    spectral, batch = normalization == "spectral", normalization == "batch"

    def wrapped(layer: keras.layers.Layer) -> keras.layers.Layer:
        return layers.SpectralNormalization(layer) if spectral else layer

    def convolved(x: Any, count: int, size: int, strides: int = 1, normalized: bool = batch) -> Any:
        options = {"use_bias": not normalized, "kernel_initializer": initializer()}
        layer = layers.Conv2D(count, size, strides=strides, padding="same", **options)
        x = wrapped(layer)(x)
        x = layers.BatchNormalization()(x) if normalized else x
        return layers.LeakyReLU(negative_slope=0.2)(x)

    sample = keras.Input((height, width, channels), name="sample")
    inputs: Any = sample
    x = convolved(sample, widths[0], 3, normalized=False)
    for count in widths[1:]:
        detail = convolved(convolved(x, count, 4, strides=2), count, 3)
        x = layers.Average()([detail, convolved(layers.AveragePooling2D(2)(x), count, 1)])
    x = convolved(x, 2 * widths[-1], 1)
    unit = layers.Dense(1, kernel_initializer=initializer())
    score = wrapped(unit)(layers.Flatten()(x))
    if number_of_classes is not None:
        count = positive_integer("number_of_classes", number_of_classes)
        label = keras.Input((), dtype="int32", name="label")
        vector = class_embedding(label, count, x.shape[-1], initializer(), spectral=spectral)
        features = layers.GlobalAveragePooling2D()(x)
        score = layers.Add()([score, layers.Dot(axes=1)([features, vector])])
        inputs = [sample, label]
    outputs = layers.Activation("linear", dtype=full_precision(), name="score")(score)
    return keras.Model(inputs, outputs, name=name)


def _widths(filters: int, stages: int, factors: Sequence[float]) -> list[int]:
    filters = positive_integer("filters", filters)
    return [max(int(filters * factor), 1) for factor in factors[:stages]]
