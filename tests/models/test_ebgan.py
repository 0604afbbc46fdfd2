"""An EBGAN: energies, the margin, and the pulling-away term."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.backend import input_gradient
from kerasgan.penalties.pulling_away import mean_squared_cosine

LAYERS = keras.layers


def dense(*sizes):
    layers = [LAYERS.Dense(size, activation="relu") for size in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers, LAYERS.Dense(sizes[-1])])


def auto_encoder():
    return kerasgan.networks.AutoEncoder(dense(6, 3), dense(3, 6))


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(96, 6)).astype("float32")


@pytest.mark.parametrize(
    ("energy", "reduce"),
    [
        ("mean_square", lambda r: np.mean(r**2, axis=1)),
        ("sum_square", lambda r: np.sum(r**2, axis=1)),
        ("norm", lambda r: np.linalg.norm(r, axis=1)),
    ],
)
def test_the_energy_is_the_reduced_residual(x, energy, reduce):
    gan = kerasgan.EBGAN(dense(4, 6), auto_encoder(), energy=energy)
    residual = gan.discriminator.predict(x, verbose=0) - x
    np.testing.assert_allclose(gan.energy(x), reduce(residual), rtol=1e-5)
    assert (gan.energy(x) >= 0).all()


def test_the_margin_follows_its_schedule_with_the_discriminators_updates(x):
    schedule = keras.optimizers.schedules.PolynomialDecay(20.0, 10, 0.0)
    gan = kerasgan.EBGAN(dense(4, 6), auto_encoder())
    still = keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0)
    gan.compile(*still, margin=schedule, pulling_away=0.0)
    logger = kerasgan.callbacks.ProbabilityLogger()
    gan.fit(x, batch_size=8, verbose=0, callbacks=[logger])
    logs = {name: np.array(values) for name, values in logger.updates["discriminator"].items()}
    pushed = logs["discriminator_loss"] - logs["real_energy"]
    margins = np.maximum(20.0 - 2.0 * np.arange(12), 0.0)
    # Nothing moves, and no generated sample has an energy near the first margins.
    assert gan.energy(gan.generate(1000)).max() < margins[4]
    np.testing.assert_allclose(pushed[:5], margins[:5] - logs["fake_energy"][:5], rtol=1e-3)
    np.testing.assert_allclose(pushed[10:], 0.0, atol=1e-6)


def test_pulling_away_is_the_papers_formula_and_sees_pairs():
    codes = np.random.default_rng(0).normal(size=(5, 3))
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    expected = sum((unit[i] @ unit[j]) ** 2 for i in range(5) for j in range(5) if i != j) / (5 * 4)
    np.testing.assert_allclose(
        mean_squared_cosine(keras.ops.convert_to_tensor(codes.astype("float32"))),
        expected,
        rtol=1e-5,
    )
    np.testing.assert_allclose(mean_squared_cosine(keras.ops.ones((4, 3))), 1.0, rtol=1e-5)
    np.testing.assert_allclose(mean_squared_cosine(keras.ops.eye(3)), 0.0, atol=1e-6)


@pytest.mark.parametrize("rows", [0, 1])
def test_without_a_pair_nothing_is_pulled_away(rows):
    codes = keras.ops.ones((rows, 3))
    assert float(mean_squared_cosine(codes)) == 0.0
    gradient = input_gradient(lambda codes: mean_squared_cosine(codes), codes)
    np.testing.assert_array_equal(gradient, np.zeros((rows, 3)))


def test_a_last_batch_of_one_is_evaluated(x):
    gan = kerasgan.EBGAN(dense(4, 6), auto_encoder(), seed=0)
    gan.compile(pulling_away=1.0)
    with_one, without = (
        gan.evaluate(x[:rows], batch_size=32, verbose=0, return_dict=True) for rows in (65, 64)
    )
    assert all(np.isfinite(value) for value in with_one.values())
    # One of 65 rows counts as 0.
    pulled = 64 / 65 * without["generator_pulling_away"]
    assert with_one["generator_pulling_away"] == pytest.approx(pulled, rel=1e-4)


def test_pulling_away_lowers_the_cosine_of_generated_codes():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1024, 6)).astype("float32")
    cosines = []
    for weight in (0.0, 5.0):
        keras.utils.set_random_seed(1)
        gan = kerasgan.EBGAN(dense(4, 32, 6), auto_encoder(), seed=0)
        gan.compile("adam", "adam", margin=1.0, pulling_away=weight, steps_per_execution=16)
        gan.fit(x, batch_size=64, epochs=20, verbose=0)
        codes = gan.discriminator.encoder.predict(gan.generate(256, seed=0), verbose=0)
        cosines.append(float(mean_squared_cosine(keras.ops.convert_to_tensor(codes))))
    assert cosines[1] < 0.9 * cosines[0]


def test_real_samples_get_less_energy_than_noise():
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(2, 6)).astype("float32")
    x = rng.normal(size=(2048, 2)).astype("float32") @ plane
    gan = kerasgan.EBGAN(dense(4, 32, 6), auto_encoder(), seed=0)

    def adam():
        return keras.optimizers.Adam(1e-3, beta_1=0.5)

    gan.compile(adam(), adam(), margin=1.0, steps_per_execution=32)
    history = gan.fit(x, batch_size=64, epochs=30, verbose=0)
    noise = rng.normal(size=x.shape) * x.std(axis=0)
    assert gan.energy(x).mean() < 0.3 * gan.energy(noise).mean()
    assert all(value >= 0 for value in history.history["fake_energy"])
    assert not {"real_probability", "fake_probability"} & set(history.history)


def test_bad_arguments(x):
    with pytest.raises(ValueError, match="`energy`. Expected one of .*'norm'.*'mean'"):
        kerasgan.EBGAN(dense(4, 6), auto_encoder(), energy="mean")
    with pytest.raises(ValueError, match=r"`discriminator`.*\(6,\).*\(1,\)"):
        kerasgan.EBGAN(dense(4, 6), dense(6, 1))
    plain = kerasgan.EBGAN(dense(4, 6), dense(6, 3, 6))
    with pytest.raises(ValueError, match="pulling_away.*`encoder`"):
        plain.compile()
    plain.compile(pulling_away=0.0)
    with pytest.raises(ValueError, match="`margin`.*-1"):
        plain.compile(margin=-1.0, pulling_away=0.0)
    with pytest.raises(ValueError, match="`pulling_away`"):
        plain.compile(pulling_away=-0.1)
