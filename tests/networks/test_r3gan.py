"""R3GAN's networks, beside numbers of its public code (brownvc/R3GAN) with the same weights."""

import itertools
import math

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.backend import value_and_gradients
from kerasgan.networks import r3gan_discriminator, r3gan_generator


def fill(model):
    """Gives the weights a pattern that is the same everywhere."""
    for number, weight in enumerate(model.weights):
        index = np.arange(math.prod(weight.shape))
        weight.assign((0.3 * np.sin(1.7 * index + number)).reshape(weight.shape))


LATENT = np.cos(np.arange(12)).reshape(2, 6)
SAMPLES = np.sin(np.arange(2 * 64 * 64 * 3) / 50).reshape(2, 64, 64, 3)
LABELS = np.array([1, 4])


@pytest.mark.parametrize(
    ("classes", "deviations", "corner", "inner", "scores"),
    [
        (
            None,
            [0.0647891, 0.0647916],
            [-0.000750222, -0.0243583, 0.00702708],
            [0.0798615, -0.0570652, -0.0651565],
            [-0.00288907, -0.00285935],
        ),
        (
            5,
            [0.165288, 0.165371],
            [-0.103111, -0.0651806, 0.119908],
            [-0.179586, -0.120751, 0.210702],
            [0.0213024, 0.0218232],
        ),
    ],
)
def test_outputs_are_those_of_the_papers_code(classes, deviations, corner, inner, scores):
    options = {"filters": 16, "blocks": 2, "group_size": 8, "number_of_classes": classes}
    generator = r3gan_generator(6, (64, 64, 3), **options)
    discriminator = r3gan_discriminator((64, 64, 3), **options)
    fill(generator)
    fill(discriminator)
    samples = np.asarray(generator([LATENT, LABELS] if classes else LATENT))
    np.testing.assert_allclose(np.sqrt((samples**2).mean(axis=(1, 2, 3))), deviations, rtol=1e-4)
    np.testing.assert_allclose(samples[0, 0, 0], corner, rtol=1e-3)
    np.testing.assert_allclose(samples[1, 17, 40], inner, rtol=1e-3)
    found = discriminator([SAMPLES, LABELS] if classes else SAMPLES)
    np.testing.assert_allclose(found[:, 0], scores, rtol=1e-3)


def block_size(width, group):
    return 2 * width * width + 9 * 2 * width * group + 2 * width * width + 2 * 2 * width


def generator_size(latent, widths, blocks, group, places=16):
    """Counted from the paper's list of layers."""
    blocks = sum(blocks * block_size(width, group) for width in widths)
    changes = sum(a * b for a, b in itertools.pairwise(widths) if a != b)
    return latent * widths[0] + places * widths[0] + blocks + changes + 3 * widths[-1]


def discriminator_size(widths, blocks, group, places=16):
    blocks = sum(blocks * block_size(width, group) for width in widths)
    changes = sum(a * b for a, b in itertools.pairwise(widths) if a != b)
    return 3 * widths[-1] + blocks + changes + places * widths[0] + widths[0]


@pytest.mark.parametrize(
    ("shape", "widths", "places"),
    [
        ((32, 32, 3), [32] * 4, 16),
        ((64, 64, 3), [32] * 4 + [16], 16),
        ((256, 256, 3), [32] * 4 + [16, 8, 4], 16),
        ((32, 48, 3), [32] * 4, 24),
        ((28, 28, 3), [32] * 3, 49),
    ],
)
def test_weights_are_those_of_the_papers_layers(shape, widths, places):
    options = {"filters": 32, "blocks": 2, "group_size": 8}
    generator = r3gan_generator(10, shape, **options)
    discriminator = r3gan_discriminator(shape, **options)
    assert generator.count_params() == generator_size(10, widths, 2, 8, places)
    assert discriminator.count_params() == discriminator_size(widths, 2, 8, places)
    assert generator.output_shape == (None, *shape) == discriminator.input_shape
    assert discriminator.output_shape == (None, 1)


def test_the_defaults_are_the_papers_for_cifar_10():
    """20.73 million weights of the generator's, and 20.68 of the discriminator's."""
    assert generator_size(64, [768] * 4, 2, 16) == 20_732_160
    assert discriminator_size([768] * 4, 2, 16) == 20_683_776
    assert r3gan_generator(64, (32, 32, 3)).count_params() == 20_732_160


def test_it_starts_without_its_blocks_and_with_the_papers_deviations():
    keras.utils.set_random_seed(0)
    generator = r3gan_generator(16, (16, 16, 3), filters=64, blocks=2)
    kernels = {
        layer.name: np.asarray(layer.kernel)
        for layer in generator.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    gain = math.sqrt(2 / 1.04) * 6 ** (-1 / 4)  # three stages of two blocks
    assert gain == pytest.approx(0.886, abs=1e-3)
    wide = [kernel for kernel in kernels.values() if kernel.shape == (1, 1, 64, 128)]
    grouped = [kernel for kernel in kernels.values() if kernel.shape == (3, 3, 16, 128)]
    last = [kernel for kernel in kernels.values() if kernel.shape == (1, 1, 128, 64)]
    assert (len(wide), len(grouped), len(last)) == (6, 6, 6)
    assert np.std(wide) == pytest.approx(gain / 8, rel=0.02)
    assert np.std(grouped) == pytest.approx(gain / 12, rel=0.02)
    assert not np.any(last)
    # A sample is then a sum of basis images: the sum of two latent points gives the sum of theirs.
    one, other = (np.random.default_rng(i).normal(size=(1, 16)) for i in range(2))
    together = generator(one) + generator(other)
    np.testing.assert_allclose(generator(one + other), together, atol=1e-4)
    shapes = [np.asarray(layer.kernel) for layer in generator.layers if layer.name == "basis"]
    assert np.std(shapes) == pytest.approx(1.0, rel=0.1)


def test_every_weight_is_learned_in_a_game_with_both_penalties():
    options = {"filters": 8, "blocks": 1, "group_size": 4, "number_of_classes": 3}
    generator = r3gan_generator(4, (8, 12, 3), **options)
    discriminator = r3gan_discriminator((8, 12, 3), **options)
    gan = kerasgan.ConditionalGAN(generator, discriminator)
    optimizers = (keras.optimizers.Adam(0.01, beta_1=0.0) for _ in range(2))
    gan.compile(*optimizers, loss="relativistic", penalties=["r1", "r2"], run_eagerly=True)
    x = np.random.default_rng(0).normal(size=(8, 8, 12, 3)).astype("float32")
    before = [weight.numpy() for weight in gan.trainable_variables]
    for _ in range(2):  # behind the last convolutions of blocks nothing moves at first
        gan.train_on_batch(x, np.arange(8) % 3)
    for weight, old in zip(gan.trainable_variables, before, strict=True):
        assert np.abs(weight.numpy() - old).max() > 0, weight.path


def test_a_label_changes_samples_and_scores():
    options = {"filters": 8, "blocks": 1, "group_size": 4, "number_of_classes": 3}
    generator = r3gan_generator(4, (8, 8, 1), **options)
    discriminator = r3gan_discriminator((8, 8, 1), **options)
    latent = np.tile(np.random.default_rng(0).normal(size=(1, 4)), (3, 1))
    samples = np.asarray(generator([latent, np.arange(3)]))
    assert np.abs(np.diff(samples, axis=0)).reshape(2, -1).max(axis=1).min() > 0.01
    scores = np.asarray(discriminator([samples[:1].repeat(3, 0), np.arange(3)]))
    assert np.abs(np.diff(scores, axis=0)).min() > 1e-5


def test_the_score_is_differentiable_everywhere():
    discriminator = r3gan_discriminator((8, 8, 2), filters=8, blocks=1, group_size=4)
    fill(discriminator)
    x = keras.Variable(np.random.default_rng(0).normal(size=(2, 8, 8, 2)))
    _, _, (gradient,) = value_and_gradients(
        lambda: (keras.ops.sum(discriminator(x.value)), None), [x]
    )
    assert np.abs(np.asarray(gradient)).min() > 0


def test_it_comes_back_from_a_file(tmp_path):
    options = {"filters": 8, "blocks": 1, "group_size": 8, "number_of_classes": 2}
    model = r3gan_generator(4, (8, 8, 3), output_activation="tanh", **options)
    fill(model)
    inputs = [np.ones((2, 4)), np.array([0, 1])]
    model.save(tmp_path / "generator.keras")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    np.testing.assert_allclose(loaded(inputs), model(inputs), atol=1e-6)


def test_outputs_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = r3gan_generator(4, (8, 8, 3), filters=8, blocks=1)
        discriminator = r3gan_discriminator((8, 8, 3), filters=8, blocks=1)
    finally:
        keras.config.set_dtype_policy("float32")
    samples = generator(np.ones((2, 4)))
    assert (samples.dtype, discriminator(samples).dtype) == ("float32", "float32")


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("latent_shape", {"latent_shape": 0}),
        ("sample_shape", {"sample_shape": (32, 32)}),
        ("sample_shape", {"sample_shape": (2, 2, 3)}),
        ("sample_shape", {"sample_shape": (100, 100, 3)}),
        ("sample_shape", {"sample_shape": (32, 44, 3)}),
        ("filters", {"filters": 0}),
        ("filters", {"filters": 12}),
        ("filters", {"filters": 8, "sample_shape": (64, 64, 3), "group_size": 16}),
        ("blocks", {"blocks": 0}),
        ("group_size", {"group_size": 0}),
        ("number_of_classes", {"number_of_classes": 0}),
    ],
)
def test_argument_out_of_range(argument, options):
    options = {"sample_shape": (16, 16, 1), "filters": 16, **options}
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        r3gan_generator(**{"latent_shape": 4, **options})
    if options.pop("latent_shape", None) is None:
        with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`"):
            r3gan_discriminator(**options)


@pytest.mark.parametrize(
    ("size", "offered"),
    [((100, 100), (96, 96)), ((32, 44), (32, 40)), ((30, 70), (28, 68)), ((2, 9), (4, 9))],
)
def test_a_size_that_does_is_offered(size, offered):
    with pytest.raises(ValueError, match=rf"such as \({offered[0]}, {offered[1]}\)"):
        r3gan_discriminator((*size, 3), filters=8)
    r3gan_discriminator((*offered, 3), filters=32, blocks=1)
