import keras
import numpy as np
import pytest

from kerasgan.backend import value_and_gradients
from kerasgan.networks import super_resolution_generator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("latent_channels", [None, 2])
def test_untrained_it_is_the_bilinear_enlargement(factor, latent_channels):
    generator = super_resolution_generator((3, 5, 2), factor, latent_channels, filters=4, blocks=1)
    condition = normal(2, 3, 5, 2)
    inputs = condition if latent_channels is None else [normal(2, 3, 5, 2, seed=1), condition]
    bilinear = keras.layers.UpSampling2D(factor, interpolation="bilinear")(condition)
    np.testing.assert_allclose(generator(inputs), bilinear, atol=1e-6)
    assert generator.output_shape == (None, 3 * factor, 5 * factor, 2)


def test_every_weight_gets_a_gradient_once_the_last_one_has_moved():
    generator = super_resolution_generator((4, 4, 1), 4, latent_channels=1, filters=4, blocks=2)
    (last,) = [v for v in generator.trainable_variables if v.path.endswith("kernel")][-1:]
    last.assign(normal(*last.shape))

    def objective():
        samples = generator([normal(3, 4, 4, 1), normal(3, 4, 4, 1, seed=1)])
        return keras.ops.mean(keras.ops.square(samples - 1.0)), None

    _, _, gradients = value_and_gradients(objective, generator.trainable_variables)
    for variable, gradient in zip(generator.trainable_variables, gradients, strict=True):
        assert np.abs(np.asarray(gradient)).max() > 0, variable.path


def test_it_learns_what_a_bilinear_enlargement_cannot():
    keras.utils.set_random_seed(0)
    small = np.random.default_rng(0).integers(2, size=(64, 4, 4, 1)).astype("float32")
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    model = super_resolution_generator((4, 4, 1), factor=2, filters=8, blocks=1)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    before = model.evaluate(small, large, verbose=0)
    model.fit(small, large, batch_size=16, epochs=15, verbose=0)
    assert model.evaluate(small, large, verbose=0) < 0.3 * before


def test_samples_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = super_resolution_generator((4, 4, 1), filters=2, blocks=1)
    finally:
        keras.config.set_dtype_policy("float32")
    assert generator(normal(2, 4, 4, 1)).dtype == "float32"


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("condition_shape", {"condition_shape": (8, 8)}),
        ("factor", {"factor": 1}),
        ("factor", {"factor": 6}),
        ("latent_channels", {"latent_channels": 0}),
        ("filters", {"filters": 0}),
        ("blocks", {"blocks": 0}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        super_resolution_generator(**{"condition_shape": (8, 8, 1), **options})
