"""Back from samples to latent points, where the answer is known."""

import keras
import numpy as np
import pytest
from latent_games import GAMES, auto_encoder, conditional_gan, dense, gan
from PIL import Image

import kerasgan
from kerasgan.latent import invert

SGD = keras.optimizers.SGD


def linear_gan(weights, prior=None):
    """G(z) = z W."""
    size, units = weights.shape
    model = kerasgan.GAN(dense(size, units), dense(units, 1), prior=prior)
    model.generator.set_weights([weights.astype("float32"), np.zeros(units, "float32")])
    return model


def random_weights(seed=0):
    return np.random.default_rng(seed).normal(size=(3, 5))


def test_one_step_of_a_linear_generator_by_hand():
    rows, _ = np.linalg.qr(random_weights().T)
    model = linear_gan(rows.T)
    # The error of z is |z - z*|^2 / 5 with orthonormal rows, so a step of 5/2 gradients ends at z*.
    z = np.random.default_rng(1).normal(size=(40, 3)).astype("float32")
    found = invert(model, z @ rows.T, restarts=1, steps=1, optimizer=SGD(2.5), batch_size=16)
    np.testing.assert_allclose(found.latent, z, atol=1e-5)
    np.testing.assert_allclose(found.reconstruction, z @ rows.T, atol=1e-5)
    assert found.error.max() < 1e-10


def test_what_a_linear_generator_cannot_make():
    weights = random_weights()
    x = np.random.default_rng(1).normal(size=(6, 5)).astype("float32")
    found = invert(linear_gan(weights), x, restarts=2, steps=300)
    z, residual, _, _ = np.linalg.lstsq(weights.T, x.T, rcond=None)
    # Four digits of the minimum, where the error is flat, are two of the point.
    np.testing.assert_allclose(found.error, residual / 5, rtol=1e-4)
    np.testing.assert_allclose(found.latent, z.T, atol=1e-2)


def test_own_samples_are_found(game):
    model, condition = game
    arguments = {} if condition is None else {"condition": condition}
    x = model.generate(2, seed=1, **arguments)
    before = [weight.copy() for weight in model.get_weights()]
    found = invert(model, x, restarts=2, steps=60, **arguments)
    start = invert(model, x, restarts=2, steps=0, **arguments)
    assert (found.error < 0.01 * start.error.mean()).all()
    np.testing.assert_allclose(
        found.error, np.square(found.reconstruction - x).mean(axis=tuple(range(1, x.ndim))),
        rtol=1e-4, atol=1e-10,
    )  # fmt: skip
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_each_sample_under_its_own_condition():
    model = conditional_gan()
    conditions = np.eye(2, dtype="float32")[[0, 1, 1]]
    x = model.generate(3, condition=conditions, seed=1)
    right = invert(model, x, conditions, restarts=1, steps=60, batch_size=2)
    wrong = invert(model, x, conditions[:, ::-1], restarts=1, steps=60, batch_size=2)
    assert right.error.max() < 0.1 * wrong.error.min()


def test_the_best_of_all_starts_is_taken():
    model = gan()
    x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    found = invert(model, x, restarts=20, steps=0, seed=4)
    starts = np.asarray(model.prior.sample(60, seed=4)).reshape(3, 20, 3)
    kernel, bias = model.generator.get_weights()
    errors = np.square(starts @ kernel + bias - x[:, None]).mean(axis=-1)
    np.testing.assert_allclose(found.error, errors.min(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(found.latent, starts[np.arange(3), errors.argmin(axis=1)])


@pytest.mark.deterministic
def test_the_best_of_all_points_on_the_way_is_kept():
    model, x = linear_gan(random_weights()), np.ones((2, 5), "float32")
    start = invert(model, x, restarts=1, steps=0)
    thrown_out = invert(model, x, restarts=1, steps=6, optimizer=SGD(1e6))
    np.testing.assert_array_equal(thrown_out.latent, start.latent)


@pytest.mark.deterministic
def test_an_auto_encoder_starts_from_the_code():
    model = auto_encoder()
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    start = invert(model, x, restarts=1, steps=0)
    np.testing.assert_array_equal(start.latent, model.encode(x))
    np.testing.assert_array_equal(start.reconstruction, model.reconstruct(x))
    several = invert(model, x, restarts=3, steps=5)
    assert (several.error <= start.error).all()


def test_the_limits_of_a_uniform_prior_are_kept():
    model = linear_gan(np.eye(2), prior=kerasgan.priors.Uniform(low=-0.5, high=1.0))
    found = invert(model, [[3.0, -3.0], [0.2, 3.0]], restarts=1, steps=1, optimizer=SGD(1.0))
    np.testing.assert_allclose(found.latent, [[1.0, -0.5], [0.2, 1.0]], atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 6])
def test_batches_do_not_know_of_each_other(batch_size):
    model, x = gan(), np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5))
    whole = invert(model, x, restarts=3, steps=10, optimizer=optimizer)
    parts = invert(model, x, restarts=3, steps=10, optimizer=optimizer, batch_size=batch_size)
    np.testing.assert_allclose(parts.latent, whole.latent, rtol=1e-4, atol=1e-5)
    assert int(optimizer.iterations) == 0


def test_another_loss():
    model, x = linear_gan(np.eye(2)), np.ones((1, 2), "float32")
    found = invert(model, x, restarts=1, steps=0, reconstruction_loss="mae")
    np.testing.assert_allclose(found.error, np.abs(found.latent - x).mean(axis=1), rtol=1e-6)


@pytest.mark.deterministic
def test_noise_of_the_network_itself_is_the_same_each_time():
    network = keras.Sequential(
        [keras.Input((4,)), kerasgan.layers.GaussianSampling(sample_in_inference=True, seed=1)]
    )
    model = kerasgan.GAN(network, dense(2, 1))
    x = np.zeros((2, 2), "float32")
    one, other = (invert(model, x, restarts=2, steps=3, seed=5) for _ in range(2))
    for first, second in zip(one, other, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_picture_shows_samples_above_their_reconstructions(tmp_path):
    model, _ = GAMES["image_gan"][0](), None
    x = model.generate(3, seed=1)
    path = tmp_path / "inverted.png"
    found = invert(model, x, restarts=1, steps=2, path=path, scale=1, padding=0)
    with Image.open(path) as picture:
        pixels = np.asarray(picture) / 127.5 - 1
    shown = pixels.reshape(2, 4, 3, 6).transpose(0, 2, 1, 3)[..., None]
    np.testing.assert_allclose(shown, [x, found.reconstruction], atol=1 / 127)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": np.zeros((2, 4))}, "`x`"),
        ({"x": np.zeros((0, 5))}, "`x`"),
        ({"x": np.full((2, 5), np.nan)}, "`x`"),
        ({"condition": 1}, "`condition`"),
        ({"restarts": 0}, "`restarts`"),
        ({"steps": -1}, "`steps`"),
        ({"optimizer": "downhill"}, "`optimizer`"),
        ({"reconstruction_loss": "mess"}, "`reconstruction_loss`"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"path": "a.doc"}, "suffix"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        invert(gan(), **{"x": np.zeros((2, 5)), **arguments})


def test_a_generator_that_is_not_finite():
    model = linear_gan(np.full((3, 5), np.nan))
    with pytest.raises(FloatingPointError, match="not finite"):
        invert(model, np.zeros((1, 5)), restarts=1, steps=1)
