import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.backend import value_and_gradients
from kerasgan.networks import unet

SHAPES = [(8, 8, 1), (28, 28, 3), (17, 23, 2), (5, 5, 1), (1, 1, 1), (2, 64, 1)]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("latent_shape", [None, 5, (2, 3)])
def test_images_of_any_size(shape, latent_shape):
    generator = unet(shape, sample_channels=2, latent_shape=latent_shape, filters=2)
    condition = normal(3, *shape)
    latent = (latent_shape,) if isinstance(latent_shape, int) else latent_shape
    inputs = condition if latent is None else [normal(3, *latent), condition]
    samples = generator(inputs, training=True)
    assert tuple(samples.shape) == (3, *shape[:2], 2)
    assert np.abs(samples).max() <= 1


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_every_weight_gets_a_gradient(normalization):
    generator = unet((17, 12, 1), 2, latent_shape=3, filters=4, normalization=normalization)

    def objective():
        samples = generator([normal(4, 3), normal(4, 17, 12, 1)], training=True)
        return keras.ops.mean(keras.ops.square(samples - 1.0)), None

    _, _, gradients = value_and_gradients(objective, generator.trainable_variables)
    for variable, gradient in zip(generator.trainable_variables, gradients, strict=True):
        assert np.abs(np.asarray(gradient)).max() > 0, variable.path


def test_the_latent_point_and_far_and_near_pixels_change_a_pixel():
    generator = unet((16, 16, 1), 1, latent_shape=3, filters=4)
    z, condition = normal(1, 3), normal(1, 16, 16, 1)
    before = np.asarray(generator([z, condition]))
    assert np.all(np.asarray(generator([z + 1, condition])) != before)
    changed = condition.copy()
    changed[0, 0, 0] += 1.0
    difference = np.abs(np.asarray(generator([z, changed])) - before)[0, ..., 0]
    assert difference[0, 0] > 0
    assert difference[8, 8] > 0  # through the bottleneck


def test_without_its_skips_an_edge_would_be_lost():
    # With zeros below full size, the first convolution's features alone reach the last.
    generator = unet((16, 16, 1), 1, filters=4, output_activation=None)
    full = [w for layer in generator.layers for w in layer.weights]
    for variable in full:
        inner = variable.shape[-1] > 4 or (len(variable.shape) == 4 and variable.shape[-2] == 8)
        if inner:
            variable.assign(np.zeros(variable.shape))
    one, other = normal(1, 16, 16, 1), normal(1, 16, 16, 1, seed=1)
    gap = np.asarray(generator(one)) - np.asarray(generator(other))
    assert np.all(np.abs(gap) > 0)


def test_it_learns_a_pointwise_map_in_a_few_steps():
    keras.utils.set_random_seed(0)
    x = normal(64, 8, 8, 1).clip(-1, 1)
    model = unet((8, 8, 1), 1, filters=4)
    model.compile(keras.optimizers.Adam(0.01), "mae")
    model.fit(x, -0.5 * x, batch_size=16, epochs=20, verbose=0)
    # The best constant's error is that of zero.
    assert model.evaluate(x, -0.5 * x, verbose=0) < 0.3 * np.abs(0.5 * x).mean()


def test_dropout_and_normalization_are_asked_for():
    plain = {type(layer).__name__ for layer in unet((8, 8, 1), 1, filters=2).layers}
    assert not {"Dropout", "BatchNormalization"} & plain
    full = unet((8, 8, 1), 1, filters=2, dropout=0.5, normalization="batch").layers
    assert {"Dropout", "BatchNormalization"} <= {type(layer).__name__ for layer in full}


@pytest.mark.deterministic
def test_saved_and_loaded_with_its_game(tmp_path):
    gan = kerasgan.ConditionalGAN(
        unet((8, 8, 2), 1, latent_shape=3, filters=2, normalization="batch"),
        kerasgan.networks.patch_discriminator((8, 8, 1), (8, 8, 2), filters=2),
    )
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    condition = normal(2, 8, 8, 2)
    np.testing.assert_array_equal(
        gan.generate(2, condition=condition, seed=0),
        loaded.generate(2, condition=condition, seed=0),
    )


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("condition_shape", {"condition_shape": (8, 8)}),
        ("sample_channels", {"sample_channels": 0}),
        ("latent_shape", {"latent_shape": -1}),
        ("filters", {"filters": 1.5}),
        ("normalization", {"normalization": "spectral"}),
        ("dropout", {"dropout": 1.0}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        unet(**{"condition_shape": (8, 8, 1), "sample_channels": 1, **options})
