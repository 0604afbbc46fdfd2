"""An AdversarialAutoEncoder: the order of its turns, its variants, and codes that match their prior."""

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers


def dense(*sizes):
    layers = [LAYERS.Dense(size, activation="relu") for size in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers, LAYERS.Dense(sizes[-1])])


def joint(first, second, *sizes):
    inputs = [keras.Input((first,)), keras.Input((second,))]
    hidden = LAYERS.Concatenate()(inputs)
    for size in sizes[:-1]:
        hidden = LAYERS.Dense(size, activation="relu")(hidden)
    return keras.Model(inputs, LAYERS.Dense(sizes[-1])(hidden))


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(96, 6)).astype("float32")


def test_reconstruction_then_k_discriminator_steps_then_the_generator(x):
    model = kerasgan.AdversarialAutoEncoder(dense(6, 2), dense(2, 6), dense(2, 1))
    model.compile(discriminator_steps=3)
    assert [turn.name for turn in model.turns()] == ["reconstruction", "discriminator", "generator"]
    logger = kerasgan.callbacks.ProbabilityLogger()
    history = model.fit(x, batch_size=8, epochs=2, verbose=0, callbacks=[logger])
    counts = {turn.name: int(model.optimizer[turn.name].iterations) for turn in model.turns()}
    assert counts == {"reconstruction": 8, "discriminator": 24, "generator": 8}
    assert [len(logs) for logs in logger.extract_logs_tuple()] == [8, 24, 8]
    assert {"reconstruction_loss", "discriminator_loss", "generator_loss"} < set(history.history)


@pytest.mark.parametrize("mover", ["reconstruction", "discriminator", "generator"])
def test_a_turn_changes_its_own_players_only(x, mover):
    parts = {"encoder": dense(6, 2), "decoder": dense(2, 6), "discriminator": dense(2, 1)}
    movers = {
        "reconstruction": {"encoder", "decoder"},
        "discriminator": {"discriminator"},
        "generator": {"encoder"},
    }[mover]
    model = kerasgan.AdversarialAutoEncoder(**parts)
    rates = {
        f"{turn}_optimizer": keras.optimizers.SGD(0.1 if turn == mover else 0.0)
        for turn in ("reconstruction", "discriminator", "generator")
    }
    model.compile(**rates, run_eagerly=True)
    before = {name: part.get_weights()[0] for name, part in parts.items()}
    model.train_on_batch(x[:16])
    changed = {
        name for name, part in parts.items() if np.any(part.get_weights()[0] != before[name])
    }
    assert changed == movers


@pytest.mark.slow
def test_codes_match_a_mixture_and_the_reconstruction_falls():
    """Four clusters in 6-D; the codes are to follow four Gaussians on a circle."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(4, 6))
    x = (centers[np.arange(4096) % 4] + 0.2 * rng.normal(size=(4096, 6))).astype("float32")
    model = kerasgan.AdversarialAutoEncoder(
        dense(6, 64, 64, 2),
        dense(2, 64, 64, 6),
        dense(2, 64, 64, 1),
        prior=kerasgan.priors.NormalMixture.ring(4, radius=2.0, stddev=0.4),
        seed=0,
    )

    def adam(rate):
        return keras.optimizers.Adam(rate, beta_1=0.5)

    model.compile(adam(1e-3), adam(1e-3), adam(5e-4), penalties=["r1"], steps_per_execution=32)
    history = model.fit(x, batch_size=128, epochs=40, verbose=0)
    reconstruction = history.history["reconstruction_loss"]
    assert reconstruction[-1] < 0.2 * reconstruction[0]
    codes = model.encode(x)
    distances = np.linalg.norm(codes[:, None] - model.prior.means, axis=2)
    # Of the prior's own draws 99 % lie within three deviations of a center, a quarter near each.
    assert np.mean(distances.min(axis=1) < 3 * 0.4) > 0.9
    share = np.bincount(distances.argmin(axis=1), minlength=4) / len(codes)
    assert share.min() > 0.15


def test_labels_inform_the_prior_and_the_decoder(x):
    labels = np.arange(96) % 4 - 1
    prior = kerasgan.priors.NormalMixture.ring(3, stddev=0.1)
    model = kerasgan.AdversarialAutoEncoder(
        dense(6, 2), joint(2, 3, 6), joint(2, 4, 8, 1), prior=prior
    )
    model.compile(discriminator_steps=2)
    model.fit(x, labels, batch_size=8, verbose=0, validation_data=(x, labels))
    # Unlabeled and labeled examples decode, and a label makes a difference to the decoder.
    codes = np.zeros((3, 2))
    decoded = model.decode(codes, condition=[0, 1, -1])
    assert not np.allclose(decoded[0], decoded[1])
    assert model.reconstruct(x[:3], condition=[0, 1, 2]).shape == (3, 6)
    assert model.generate(4, condition=1, seed=0).shape == (4, 6)
    assert model.discriminate(x[:3], condition=[0, 1, -1]).shape == (3,)
    # A draw for label c is a draw of component c; unlabeled ones come from everywhere.
    drawn = np.asarray(prior.sample_labeled(np.repeat([0, 1, 2], 50), 3, seed=0))
    np.testing.assert_allclose(drawn.reshape(3, 50, 2).mean(axis=1), prior.means, atol=0.1)
    anywhere = np.asarray(prior.sample_labeled(np.full(300, -1), 3, seed=0))
    nearest = np.linalg.norm(anywhere[:, None] - prior.means, axis=2).argmin(axis=1)
    assert (np.bincount(nearest, minlength=3) > 60).all()


def test_a_swiss_roll_is_cut_along_its_length_by_labels():
    prior = kerasgan.priors.SwissRoll(radius=4.0, stddev=0.0)
    drawn = np.asarray(prior.sample_labeled(np.repeat([0, 1], 200), 2, seed=0))
    radius = np.linalg.norm(drawn, axis=1).reshape(2, 200)
    assert radius[0].max() <= 4.0 * np.sqrt(0.5) + 1e-5 <= radius[1].min() + 1e-4


def test_pretraining_moves_the_same_weights(x):
    model = kerasgan.AdversarialAutoEncoder(dense(6, 2), dense(2, 6), dense(2, 1))
    model.autoencoder.compile("adam", "mse")
    before = model.reconstruct(x)
    model.autoencoder.fit(x, x, epochs=3, verbose=0)
    after = model.reconstruct(x)
    assert np.square(after - x).mean() < np.square(before - x).mean()
    np.testing.assert_allclose(model.autoencoder.predict(x, verbose=0), after, rtol=1e-5)
    assert len(model.trainable_variables) == 6


def test_posteriors_of_every_kind_take_their_draws(x):
    gaussian = keras.Sequential(
        [keras.Input((6,)), LAYERS.Dense(4), kerasgan.layers.GaussianSampling()]
    )
    universal = keras.Sequential(
        [keras.Input((6,)), kerasgan.layers.ConcatenateNoise(3), LAYERS.Dense(2)]
    )
    for encoder, repeats in ((gaussian, True), (universal, False)):
        model = kerasgan.AdversarialAutoEncoder(encoder, dense(2, 6), dense(2, 1))
        model.compile()
        model.fit(x, verbose=0)
        assert np.array_equal(model.encode(x), model.encode(x)) == repeats
        drawn = [np.asarray(encoder(x, training=True)) for _ in range(2)]
        assert not np.array_equal(*drawn)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((dense(6, 2), dense(3, 6), dense(2, 1)), r"`decoder`.*\(None, 2\)"),
        ((dense(6, 2), dense(2, 5), dense(2, 1)), r"`decoder`.*\(6,\).*\(5,\)"),
        ((dense(6, 2), dense(2, 6), dense(3, 1)), r"`discriminator`.*\(None, 2\)"),
        ((dense(6, 2), joint(2, 3, 6), joint(2, 3, 1)), "`discriminator`.*2 and 3 classes"),
    ],
)
def test_sub_models_that_do_not_fit(parts, message):
    with pytest.raises(ValueError, match=message):
        kerasgan.AdversarialAutoEncoder(*parts)


def test_bad_priors_losses_and_labels(x):
    parts = (dense(6, 2), dense(2, 6), dense(2, 1))
    with pytest.raises(ValueError, match=r"`prior`.*\(2,\).*\(5,\)"):
        kerasgan.AdversarialAutoEncoder(*parts, prior=kerasgan.priors.Normal(5))
    model = kerasgan.AdversarialAutoEncoder(*parts)
    with pytest.raises(ValueError, match="`reconstruction_loss`.*'mes'"):
        model.compile(reconstruction_loss="mes")
    informed = kerasgan.AdversarialAutoEncoder(dense(6, 2), dense(2, 6), joint(2, 4, 1))
    with pytest.raises(ValueError, match="`prior`. Expected one with a part for each class"):
        informed.compile()
    model.compile()
    with pytest.raises(ValueError, match="`y`. Expected none"):
        model.fit(x, np.zeros(96, int))
