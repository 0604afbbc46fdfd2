"""The energy game on codes."""

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers


def dense(*sizes):
    layers = [LAYERS.Dense(size, activation="relu") for size in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers, LAYERS.Dense(sizes[-1])])


def parts():
    judge = kerasgan.networks.AutoEncoder(dense(3, 2), dense(2, 3))
    return {"encoder": dense(6, 3), "decoder": dense(3, 6), "discriminator": judge}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(96, 6)).astype("float32")


def test_reconstruction_then_k_discriminator_steps_then_the_generator(x):
    model = kerasgan.EnergyBasedAdversarialAutoEncoder(**parts())
    model.compile(discriminator_steps=3)
    logger = kerasgan.callbacks.ProbabilityLogger()
    history = model.fit(x, batch_size=8, epochs=2, verbose=0, callbacks=[logger])
    assert [len(logs) for logs in logger.extract_logs_tuple()] == [8, 24, 8]
    assert {"real_energy", "fake_energy", "generator_pulling_away"} < set(history.history)
    assert not any("probability" in name for name in history.history)


@pytest.mark.parametrize("mover", ["reconstruction", "discriminator", "generator"])
def test_a_turn_changes_its_own_players_only(x, mover):
    players = parts()
    model = kerasgan.EnergyBasedAdversarialAutoEncoder(**players)
    rates = {
        f"{turn}_optimizer": keras.optimizers.SGD(0.1 if turn == mover else 0.0)
        for turn in ("reconstruction", "discriminator", "generator")
    }
    model.compile(**rates, margin=100.0, run_eagerly=True)
    before = {name: part.get_weights()[0] for name, part in players.items()}
    model.train_on_batch(x[:16])
    changed = {
        name for name, part in players.items() if np.any(part.get_weights()[0] != before[name])
    }
    movers = {"reconstruction": {"encoder", "decoder"}, "discriminator": {"discriminator"}}
    assert changed == movers.get(mover, {"encoder"})


@pytest.mark.parametrize(
    ("energy", "reduce"),
    [
        ("mean_square", lambda r: np.mean(r**2, axis=1)),
        ("sum_square", lambda r: np.sum(r**2, axis=1)),
        ("norm", lambda r: np.linalg.norm(r, axis=1)),
    ],
)
def test_energies_of_codes_and_the_margin(x, energy, reduce):
    model = kerasgan.EnergyBasedAdversarialAutoEncoder(**parts(), energy=energy)
    codes = model.encode(x)
    expected = reduce(model.discriminator.predict(codes, verbose=0) - codes)
    np.testing.assert_allclose(model.energy(x), expected, rtol=1e-4)
    model.compile(margin=50.0, pulling_away=0.0)
    logs = model.test_on_batch(x, return_dict=True)
    assert expected.max() < 50.0
    np.testing.assert_allclose(logs["generator_loss"], expected.mean(), rtol=1e-4)
    np.testing.assert_allclose(logs["fake_energy"], expected.mean(), rtol=1e-4)
    np.testing.assert_allclose(
        logs["discriminator_loss"], logs["real_energy"] + 50.0 - expected.mean(), rtol=1e-4
    )


def test_a_schedule_of_the_margin_comes_back_from_a_file(x, tmp_path):
    model = kerasgan.EnergyBasedAdversarialAutoEncoder(**parts(), energy="norm")
    schedule = keras.optimizers.schedules.PolynomialDecay(10.0, 5, 0.0)
    model.compile(margin=schedule, pulling_away=0.3, penalties="r1")
    model.fit(x, batch_size=32, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.adversary.loss.current_margin()) == pytest.approx(10.0 * (1 - 3 / 5))
    weights = {penalty.name: penalty.weight for penalty in loaded.adversary.penalties}
    assert weights == {"pulling_away": 0.3, "r1": 10.0}


def test_the_discriminator_may_take_labels(x):
    codes, labels = keras.Input((3,)), keras.Input((3,))
    hidden = LAYERS.Dense(2)(LAYERS.Concatenate()([codes, labels]))
    judge = keras.Model([codes, labels], LAYERS.Dense(3)(hidden))
    prior = kerasgan.priors.NormalMixture(np.eye(2, 3), 0.1)
    model = kerasgan.EnergyBasedAdversarialAutoEncoder(dense(6, 3), dense(3, 6), judge, prior)
    model.compile(pulling_away=0.0)
    model.fit(x, np.arange(96) % 3 - 1, verbose=0)
    assert model.energy(x[:4], condition=[0, 1, -1, 0]).shape == (4,)


def test_bad_arguments():
    make = kerasgan.EnergyBasedAdversarialAutoEncoder
    with pytest.raises(ValueError, match="`energy`.*'norm'.*'mean'"):
        make(**parts(), energy="mean")
    with pytest.raises(ValueError, match=r"`discriminator`.*\(3,\).*\(1,\)"):
        make(**{**parts(), "discriminator": dense(3, 1)})
    plain = make(**{**parts(), "discriminator": dense(3, 2, 3)})
    with pytest.raises(ValueError, match="pulling_away.*`encoder`"):
        plain.compile()
    with pytest.raises(ValueError, match="`margin`.*-1"):
        plain.compile(margin=-1.0, pulling_away=0.0)
