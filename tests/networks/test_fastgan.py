"""FastGAN's generator, and a discriminator of its blocks."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.networks import fastgan_discriminator, fastgan_generator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def images_of(model, kind):
    return [layer.output.shape for layer in model.layers if isinstance(layer, kind)]


def test_weights_are_those_of_the_papers_layers():
    """At 256×256 with the paper's widths, counted from its list of layers, and a bias at the end."""
    widths = {4: 1024, 8: 512, 16: 256, 32: 128, 64: 128, 128: 64, 256: 32}

    def convolution(inputs, outputs):  # twice the channels for the gates, and batch normalization
        return 9 * inputs * 2 * outputs + 2 * 2 * outputs

    def excitation(small, large):
        return 16 * small * large + large * large

    count = 256 * 16 * 2 * widths[4] + 2 * 2 * widths[4]
    for size in (8, 16, 32, 64, 128, 256):
        count += convolution(widths[size // 2], widths[size])
        if size in (8, 32, 128):
            count += convolution(widths[size], widths[size])
        if size >= 64:
            count += excitation(widths[size // 16], widths[size])
    count += 9 * widths[256] * 3 + 3
    assert count == 29_127_651
    generator = fastgan_generator(256, (256, 256, 3), filters=64)
    assert sum(np.prod(weight.shape) for weight in generator.trainable_weights) == count


@pytest.mark.parametrize(
    ("shape", "excited"),
    [
        ((8, 8, 3), []),
        ((16, 16, 1), [16]),
        ((32, 32, 3), [32]),
        ((64, 64, 4), [64]),
        ((128, 128, 3), [64, 128]),
        ((32, 48, 3), [32]),
        ((28, 28, 1), [28]),
    ],
)
def test_shapes_and_which_stages_are_excited(shape, excited):
    generator = fastgan_generator((3, 2), shape, filters=4)
    assert (generator.input_shape, generator.output_shape) == ((None, 3, 2), (None, *shape))
    factors = [
        layer
        for layer in generator.layers
        if isinstance(layer, keras.layers.Activation) and len(layer.output.shape) == 2
    ]
    assert len(factors) == 2 * len(excited)  # a silu and a sigmoid for each
    joined = [
        layer.output.shape[1]
        for layer in generator.layers
        if isinstance(layer, keras.layers.Multiply)
        and any(each.shape[1] == 1 for each in layer.input)
    ]
    assert joined == excited
    discriminator = fastgan_discriminator(shape, filters=4)
    assert (discriminator.input_shape, discriminator.output_shape) == ((None, *shape), (None, 1))
    averaged = images_of(discriminator, keras.layers.Average)
    assert all(min(each[1:3]) >= 8 for each in averaged)
    if averaged:
        assert averaged[-1][1:] == (
            2 * generator_start(shape)[0],
            2 * generator_start(shape)[1],
            32,
        )


def generator_start(shape):
    height, width = shape[:2]
    while min(height, width) >= 8:
        height, width = height // 2, width // 2
    return height, width


def test_the_small_image_decides_what_goes_on_in_the_large_one():
    """Each channel of the large image is multiplied by a number between 0 and 1; of 0, that is a half."""
    generator = fastgan_generator(8, (32, 32, 3), filters=4)
    latent = normal(4, 8)
    gate = [layer for layer in generator.layers if isinstance(layer, keras.layers.Dense)][-1]
    # The last convolution sees the product of the image and the factors.
    product = generator.layers[-2].input._keras_history.operation
    image, factors, multiplied = (
        np.asarray(keras.Model(generator.inputs[0], tensor)(latent))
        for tensor in (*product.input, product.output)
    )
    assert image.shape == (4, 32, 32, 8)
    assert factors.shape == (4, 1, 1, 8)
    assert 0 < factors.min() < factors.max() < 1
    assert np.abs(np.diff(factors, axis=0)).max() > 0.01  # by sample
    np.testing.assert_allclose(multiplied, image * factors, rtol=1e-5)
    gate.kernel.assign(np.zeros(gate.kernel.shape))
    np.testing.assert_allclose(
        keras.Model(generator.inputs[0], product.output)(latent), image / 2, rtol=1e-5
    )


def test_every_weight_is_learned_in_a_game():
    generator = fastgan_generator(4, (16, 24, 3), filters=2, number_of_classes=3)
    discriminator = fastgan_discriminator(
        (16, 24, 3), filters=2, number_of_classes=3, normalization="spectral"
    )
    gan = kerasgan.ConditionalGAN(generator, discriminator)
    gan.compile(run_eagerly=True)
    x = normal(8, 16, 24, 3)
    before = [weight.numpy() for weight in gan.trainable_variables]
    gan.train_on_batch(x, np.arange(8) % 3)
    for weight, old in zip(gan.trainable_variables, before, strict=True):
        assert np.abs(weight.numpy() - old).max() > 0, weight.path


def test_labels_count_in_both_networks():
    generator = fastgan_generator(4, (16, 16, 1), filters=2, number_of_classes=3)
    discriminator = fastgan_discriminator((16, 16, 1), filters=2, number_of_classes=3)
    samples = np.asarray(generator([np.ones((3, 4)), np.arange(3)]))
    assert np.abs(np.diff(samples, axis=0)).reshape(2, -1).max(axis=1).min() > 1e-4
    scores = np.asarray(discriminator([samples[:1].repeat(3, 0), np.arange(3)]))
    assert np.abs(np.diff(scores, axis=0)).min() > 1e-6


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_normalizations(normalization):
    generator = fastgan_generator(4, (16, 16, 3), filters=2, normalization=normalization)
    discriminator = fastgan_discriminator((32, 32, 3), filters=2, normalization=normalization)
    kinds = keras.layers.BatchNormalization
    counts = [len(images_of(model, kinds)) for model in (generator, discriminator)]
    # One for the first image, three for two stages; three for each of two blocks, and one behind them.
    assert counts == ([0, 0] if normalization is None else [4, 7])


def test_it_comes_back_from_a_file(tmp_path):
    model = fastgan_generator(4, (16, 16, 3), filters=2)
    model.save(tmp_path / "generator.keras")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    np.testing.assert_allclose(loaded(normal(2, 4)), model(normal(2, 4)), atol=1e-6)


def test_outputs_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = fastgan_generator(4, (16, 16, 3), filters=2)
        discriminator = fastgan_discriminator((16, 16, 3), filters=2)
    finally:
        keras.config.set_dtype_policy("float32")
    samples = generator(np.ones((2, 4)))
    assert (samples.dtype, discriminator(samples).dtype) == ("float32", "float32")


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("latent_shape", {"latent_shape": 0}),
        ("sample_shape", {"sample_shape": (32, 32)}),
        ("sample_shape", {"sample_shape": (36, 36, 1)}),
        ("filters", {"filters": 0}),
        ("number_of_classes", {"number_of_classes": 0}),
        ("normalization", {"normalization": "layer"}),
    ],
)
def test_argument_out_of_range(argument, options):
    options = {"sample_shape": (16, 16, 1), "filters": 2, **options}
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        fastgan_generator(**{"latent_shape": 4, **options})
    if options.pop("latent_shape", None) is None:
        with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`"):
            fastgan_discriminator(**options)
