"""GANomaly: three networks reproduce samples, features and codes; the codes' gap is the score."""

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers


def dense(*sizes):
    layers = [LAYERS.Dense(size, activation="relu") for size in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers, LAYERS.Dense(sizes[-1])])


def judge(size=6):
    hidden = LAYERS.Dense(8, activation="leaky_relu", name="hidden")
    return keras.Sequential([keras.Input((size,)), hidden, LAYERS.Dense(1)])


def make(features="hidden"):
    return kerasgan.GANomaly(dense(6, 2), dense(2, 6), dense(6, 2), judge(), features, seed=0)


@keras.saving.register_keras_serializable(package="test_ganomaly")
def hidden_features(discriminator):
    return keras.Model(discriminator.inputs[0], discriminator.get_layer("hidden").output)


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(96, 6)).astype("float32")


def test_k_discriminator_steps_then_the_generator(x):
    model = make()
    model.compile(discriminator_steps=3)
    assert [turn.name for turn in model.turns()] == ["discriminator", "generator"]
    history = model.fit(x, batch_size=8, epochs=2, verbose=0)
    counts = {turn.name: int(model.optimizer[turn.name].iterations) for turn in model.turns()}
    assert counts == {"discriminator": 24, "generator": 8}
    assert {"generator_contextual", "generator_encoder", "real_probability"} < set(history.history)


@pytest.mark.parametrize("mover", ["discriminator", "generator"])
def test_a_turn_changes_its_own_players_only(x, mover):
    model = make()
    rates = {
        f"{turn}_optimizer": keras.optimizers.SGD(0.1 if turn == mover else 0.0)
        for turn in ("discriminator", "generator")
    }
    model.compile(**rates, run_eagerly=True)
    parts = ("encoder", "decoder", "second_encoder", "discriminator")
    before = {part: getattr(model, part).get_weights()[0] for part in parts}
    model.train_on_batch(x[:16])
    changed = {
        part for part in parts if np.any(getattr(model, part).get_weights()[0] != before[part])
    }
    assert changed == ({"discriminator"} if mover == "discriminator" else set(parts[:3]))


@pytest.mark.parametrize("features", ["hidden", hidden_features])
def test_the_generator_minimizes_the_papers_three_terms(x, features):
    model = make(features)
    weights = {"adversarial_weight": 2.0, "contextual_weight": 30.0, "encoder_weight": 5.0}
    model.compile(**weights)
    logs = model.test_on_batch(x, return_dict=True)
    code = model.encoder.predict(x, verbose=0)
    again = model.decoder.predict(code, verbose=0)
    code_again = model.second_encoder.predict(again, verbose=0)
    kernel, bias = model.discriminator.get_layer("hidden").get_weights()
    real, fake = (samples @ kernel + bias for samples in (x, again))
    real, fake = (np.maximum(value, 0.2 * value) for value in (real, fake))
    contextual = 30.0 * np.abs(x - again).mean()
    encoder = 5.0 * np.square(code - code_again).mean()
    np.testing.assert_allclose(logs["generator_contextual"], contextual, rtol=1e-4)
    np.testing.assert_allclose(logs["generator_encoder"], encoder, rtol=1e-4)
    total = 2.0 * np.square(real - fake).mean() + contextual + encoder
    np.testing.assert_allclose(logs["generator_loss"], total, rtol=1e-4)


def test_the_score_is_the_1_norm_of_the_codes_gap_sample_by_sample(x):
    model = make()
    again = model.reconstruct(x)
    gap = model.encoder.predict(x, verbose=0) - model.second_encoder.predict(again, verbose=0)
    np.testing.assert_allclose(model.anomaly_score(x), np.abs(gap).sum(axis=1), rtol=1e-5)
    # It depends on its argument, and on nothing else.
    assert len(np.unique(model.anomaly_score(x))) == len(x)
    np.testing.assert_allclose(model.anomaly_score(x[5:6]), model.anomaly_score(x)[5:6], rtol=1e-5)


def test_what_lies_off_the_normal_plane_scores_higher():
    rng = np.random.default_rng(0)
    plane = np.linalg.qr(rng.normal(size=(6, 2)))[0].T
    normal = (rng.normal(size=(1024, 2)) @ plane).astype("float32")
    abnormal = rng.normal(size=(256, 6)).astype("float32")
    abnormal -= abnormal @ plane.T @ plane
    keras.utils.set_random_seed(0)
    model = kerasgan.GANomaly(
        dense(6, 32, 3), dense(3, 32, 6), dense(6, 32, 3), judge(), features="hidden", seed=0
    )
    model.compile(
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        steps_per_execution=8,
    )
    model.fit(normal, batch_size=64, epochs=60, verbose=0)
    scores = model.anomaly_score(abnormal)[:, None] > model.anomaly_score(normal)[None]
    assert scores.mean() > 0.9  # the area under the ROC curve


def test_a_features_function_is_saved_too(x, tmp_path):
    model = make(hidden_features)
    model.compile()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.features is hidden_features
    np.testing.assert_array_equal(loaded.anomaly_score(x), model.anomaly_score(x))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((dense(6, 2), dense(2, 5), dense(6, 2), judge(), "hidden"), r"`decoder`.*6.*5"),
        ((dense(6, 2), dense(2, 6), dense(6, 3), judge(), "hidden"), r"`second_encoder`.*2.*3"),
        ((dense(6, 2), dense(2, 6), dense(6, 2), judge(5), "hidden"), r"`discriminator`.*6"),
        ((dense(6, 2), dense(2, 6), dense(6, 2), judge(), "hiden"), "`features`.*'hidden'.*hiden"),
    ],
)
def test_sub_models_that_do_not_fit(parts, message):
    with pytest.raises(ValueError, match=message):
        kerasgan.GANomaly(*parts)


def test_bad_arguments(x):
    model = make()
    with pytest.raises(ValueError, match="`contextual_weight`.*-1"):
        model.compile(contextual_weight=-1.0)
    with pytest.raises(TypeError, match="`encoder`"):
        kerasgan.GANomaly(1, dense(2, 6), dense(6, 2), judge(), "hidden")
    with pytest.raises(ValueError, match="`samples`"):
        model.anomaly_score(x[:, :3])
