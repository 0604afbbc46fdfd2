"""FastGAN's generator and discriminator: they have few weights where images are large."""

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

# The channels as multiples of `filters`, from the smallest image up (4, 8, 16, ... pixels).
_GENERATOR_WIDTHS = (16, 8, 4, 2, 2, 1, 1 / 2, 1 / 4, 1 / 8)
# The same, from 8 pixels up.
_DISCRIMINATOR_WIDTHS = (8, 4, 2, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16)
# The number of doublings between an image and the smaller image that excites its channels.
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
    """Builds FastGAN's generator, for small sets of images of 32 to 512 pixels. They need not be square.

    Each stage repeats the pixels of the stage before it, and convolves them, alternately once and twice. The
    activations are gated linear units. Most channels are in the stages where images are small.

    Skip-layer excitation connects small and large stages: for each channel, a small image decides how much of
    a larger image goes on. The larger image is 16 times as large (8 times in a generator of 32 pixels).

    Reference: [Liu et al., 2021](https://arxiv.org/abs/2101.04775), section 3.1. The paper's noise at each
    stage is left out, so that one latent sample gives one image. Its spectral normalization is left out too.

    Args:
        latent_shape: The shape of a latent sample, without the batch axis. An integer `n` means `(n,)`. The
            paper has 256.
        sample_shape: `(height, width, channels)` of a sample. It must be possible to halve height and width
            until the shorter one is 4 to 7.
        filters: The number of channels at 128 pixels, a positive integer. There are 16 times as many at 4
            pixels, 8 times as many at 8, 4 times as many at 16, and twice as many at 32 and 64. The paper has
            64. Defaults to 16, for a CPU.
        number_of_classes: The number of classes, for a conditional generator with the inputs
            `[latent, label]`. An embedding of the integer label is appended to the latent sample. Defaults to
            `None`: no labels.
        normalization: `"batch"`, as in the paper, or `None`. Defaults to `"batch"`.
        output_activation: The activation of the samples. Defaults to `"tanh"`, for data in `[-1, 1]`.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"generator"`.

    Returns:
        A functional `keras.Model`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> generator = kerasgan.networks.fastgan_generator(32, (32, 48, 3), filters=4)
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
    # If no image is 16 times smaller than the largest, the smallest image excites it.
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
    """Builds a discriminator of the blocks of FastGAN's discriminator.

    Each block halves the image in two ways: by convolutions, and by the mean of four pixels with a
    convolution of size 1. The mean of both goes on, down to 8 pixels. There, a linear unit on all features
    gives the score.

    Reference: [Liu et al., 2021](https://arxiv.org/abs/2101.04775), section 3.2. The paper's discriminator
    has a score for each of 5×5 patches, a second score for a smaller image, and decoders that reconstruct
    real samples. Here there is one score for all, so that the weight of a penalty means the same as
    elsewhere. The decoders are left out.

    Args:
        sample_shape: `(height, width, channels)` of a sample. It must be possible to halve height and width
            until the shorter one is 4 to 7.
        filters: The number of channels at 64 pixels, a positive integer. There are twice as many at 32
            pixels, 4 times as many at 16 and 8 times as many at 8. The paper has 64. Defaults to 16, for a
            CPU.
        number_of_classes: The number of classes, for a conditional discriminator with the inputs
            `[sample, label]`. The inner product of the features' means and an embedding of the integer label
            is added to the score (a projection). Defaults to `None`: no labels.
        normalization: `None`; `"batch"`, after all convolutions but the first; or `"spectral"`, for a
            `keras.layers.SpectralNormalization` around every layer with weights. The paper has both. A
            gradient penalty works better without. Defaults to `None`.
        kernel_initializer: The initializer of the kernels. Defaults to `"he_normal"`.
        name: The name of the model. Defaults to `"discriminator"`.

    Returns:
        A functional `keras.Model` whose output, a logit, has the shape `(batch, 1)`.

    Raises:
        ValueError: If an argument is out of range.

    Example:

    >>> kerasgan.networks.fastgan_discriminator((32, 32, 3), filters=4).output_shape
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
