"""Category and style: the four turns' closed forms, who moves, and what labels and clusters come to."""

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers
TURNS = {
    "reconstruction": {"encoder", "decoder"},
    "discriminator": {"category_discriminator", "style_discriminator"},
    "generator": {"encoder"},
    "classification": {"encoder"},
}
PARTS = ("encoder", "decoder", "category_discriminator", "style_discriminator")


def dense(inputs, units):
    return keras.Sequential([keras.Input((inputs,)), LAYERS.Dense(units)])


def encoder(inputs=5, classes=3, style=2):
    x = keras.Input((inputs,))
    return keras.Model(x, [LAYERS.Dense(classes)(x), LAYERS.Dense(style)(x)])


def decoder(classes=3, style=2, outputs=5):
    inputs = [keras.Input((classes,)), keras.Input((style,))]
    return keras.Model(inputs, LAYERS.Dense(outputs)(LAYERS.Concatenate()(inputs)))


def make(*parts, **arguments):
    parts = parts or (encoder(), decoder(), dense(3, 1), dense(2, 1))
    return kerasgan.SemiSupervisedAdversarialAutoEncoder(*parts, seed=0, **arguments)


def still():
    return {f"{turn}_optimizer": keras.optimizers.SGD(0.0) for turn in TURNS}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(48, 5)).astype("float32")


@pytest.fixture
def y():
    return np.where(np.arange(48) % 4, -1, np.arange(48) % 3)


def softplus(values):
    return np.logaddexp(values, 0)


@pytest.mark.parametrize("labeled", [True, False])
def test_the_losses_are_the_papers(x, y, labeled):
    y = y if labeled else np.full(48, -1)
    model = make(category_prior=kerasgan.priors.Categorical([1.0, 1e-9, 1e-9]))
    model.compile()
    logs = model.test_on_batch(x, y, return_dict=True)
    logits, style = (np.asarray(part) for part in model.encoder(x))
    category = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    decoded = np.asarray(model.decoder([category, style]))
    expected = {
        "reconstruction_loss": np.square(x - decoded).mean(),
        "generator_loss": softplus(-np.asarray(model.style_discriminator(style))).mean()
        + softplus(-np.asarray(model.category_discriminator(category))).mean(),
        "classification_loss": 0.0,
        "accuracy": 0.0,
    }
    fake = softplus(np.asarray(model.category_discriminator(category))).mean()
    real = softplus(-np.asarray(model.category_discriminator(np.eye(3)[:1]))).mean()
    expected["discriminator_category"] = real + fake
    if labeled:
        rows = np.flatnonzero(y >= 0)
        expected["classification_loss"] = -np.log(category[rows, y[rows]]).mean()
        expected["accuracy"] = (category[rows].argmax(axis=1) == y[rows]).mean()
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5, atol=1e-7, err_msg=name)
    assert {"category_real_probability", "real_probability", "generator_probability"} < set(logs)


@pytest.mark.parametrize("turn", TURNS)
def test_a_turn_changes_its_own_players_only(x, y, turn):
    model = make()
    model.compile(**{**still(), f"{turn}_optimizer": keras.optimizers.SGD(0.1)}, run_eagerly=True)
    before = {part: getattr(model, part).get_weights()[0] for part in PARTS}
    model.train_on_batch(x, y)
    moved = {
        part for part in PARTS if np.any(getattr(model, part).get_weights()[0] != before[part])
    }
    assert moved == TURNS[turn]


def test_k_discriminator_steps(x, y):
    model = make()
    model.compile(discriminator_steps=3)
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    steps = {turn: int(model.optimizer[turn].iterations) for turn in TURNS}
    assert steps == {"reconstruction": 4, "discriminator": 12, "generator": 4, "classification": 4}


@pytest.mark.deterministic
def test_unlabeled_rows_have_no_effect_on_the_classification(x, y):
    weights = []
    for scale in (1.0, 100.0):
        keras.utils.set_random_seed(0)
        model = make()
        model.compile(**{**still(), "classification_optimizer": keras.optimizers.SGD(0.1)})
        model.train_on_batch(np.where(y[:, None] < 0, scale * x, x), y)
        weights.append(model.encoder.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_generates_what_is_asked_for(x):
    """A decoder that shows the category tells which one it was given."""
    shown = decoder(outputs=3)
    shown.set_weights([np.eye(5, 3), np.zeros(3)])
    parts = encoder(3), shown, dense(3, 1), dense(2, 1)
    model = make(*parts, category_prior=kerasgan.priors.Categorical([1e-9, 1.0, 1e-9]))
    np.testing.assert_array_equal(model.generate(4, condition=2, seed=0), [[0, 0, 1]] * 4)
    mixed = model.generate(3, condition=[0, -1, 2], seed=0)
    np.testing.assert_array_equal(mixed, np.eye(3))  # the second by the prior
    np.testing.assert_array_equal(model.generate(2, seed=0), [[0, 1, 0]] * 2)


def test_a_cluster_takes_the_label_of_its_surest_sample(x):
    model = make()
    probabilities = model.classify(x)
    labels = np.arange(48) + 100
    expected = [labels[np.argmax(probabilities[:, cluster])] for cluster in range(3)]
    assert model.cluster_labels(x, labels).tolist() == expected


def test_each_discriminator_judges_its_code(x):
    model = make()
    model.compile()
    for code, judged, network in zip(
        ("category", "style"),
        model.encode(x),
        (model.category_discriminator, model.style_discriminator),
        strict=True,
    ):
        expected = 1 / (1 + np.exp(-network.predict(judged, verbose=0)[:, 0]))
        np.testing.assert_allclose(model.discriminate(x, code=code), expected, rtol=1e-5)
    with pytest.raises(ValueError, match="`code`.*'category'.*'logits'"):
        model.discriminate(x, code="logits")


def test_its_export_answers_as_its_methods_do(x, tmp_path):
    import tensorflow as tf

    model = make()
    model.compile()
    model.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported")).signatures
    samples = tf.constant(x[:4])
    category, style = model.encode(x[:4])
    for name, expected in (
        ("serving_default", {"probabilities": category}),
        ("classify", {"probabilities": category}),
        ("encode", {"category": category, "style": style}),
        ("reconstruct", {"samples": model.reconstruct(x[:4])}),
        ("discriminate_category", {"probability": model.discriminate(x[:4], code="category")}),
        ("discriminate_style", {"probability": model.discriminate(x[:4])}),
    ):
        outputs = served[name](samples=samples)
        for key, value in expected.items():
            np.testing.assert_allclose(outputs[key], value, rtol=1e-5, atol=1e-6)
    count, seed = tf.constant(6), tf.constant(3, "int64")
    one, again = (
        served["generate"](count=count, seed=seed, condition=tf.constant([1]))["samples"]
        for _ in range(2)
    )
    assert one.shape == (6, 5)
    np.testing.assert_array_equal(one, again)
    for condition in (tf.constant([1]), tf.fill([6], -1)):
        asked = {"count": count, "seed": seed, "condition": condition}
        codes = served["sample_latent"](**asked)
        np.testing.assert_allclose(
            served["generate_from"](**codes)["samples"],
            served["generate"](**asked)["samples"],
            rtol=1e-5,
            atol=1e-6,
        )


def test_bad_arguments(x, y):
    good = [encoder(), decoder(), dense(3, 1), dense(2, 1)]
    for position, part, message in (
        (0, dense(5, 3), "`encoder`.*two vectors"),
        (1, decoder(outputs=4), "`decoder`.*5.*4"),
        (1, decoder(classes=4), "`decoder`"),
        (2, dense(4, 1), "`category_discriminator`.*categories"),
        (3, dense(3, 1), "`style_discriminator`.*styles"),
    ):
        parts = list(good)
        parts[position] = part
        with pytest.raises(ValueError, match=message):
            make(*parts)
    with pytest.raises(ValueError, match="`prior`"):
        make(*good, category_prior=kerasgan.priors.Categorical([0.5, 0.5]))
    model = make()
    model.compile()
    with pytest.raises(ValueError, match="`y`.*-1 .* to 2.*to 3"):
        model.fit(x, np.arange(48) % 4)
    with pytest.raises(ValueError, match="`condition`.*to 2"):
        model.generate(2, condition=3)


def test_it_finds_clusters_and_a_label_names_each():
    """Three blobs on a line that a style of one dimension cannot tell: one cluster each, without labels."""
    keras.utils.set_random_seed(0)
    blobs = np.arange(600) % 3
    noise = np.random.default_rng(0).normal(0, 0.1, (600, 2)).astype("float32")
    x = np.eye(3, 2, dtype="float32")[blobs] * 2 + noise
    hidden = kerasgan.networks.mlp

    def network():
        inputs = keras.Input((2,))
        body = LAYERS.Dense(32, "relu")(inputs)
        return keras.Model(inputs, [LAYERS.Dense(3)(body), LAYERS.Dense(1)(body)])

    model = make(network(), decoder(3, 1, 2), hidden(3, [32]), hidden(1, [32]))
    rates = {f"{turn}_optimizer": keras.optimizers.Adam(3e-3, beta_1=0.5) for turn in TURNS}
    model.compile(**rates, steps_per_execution=20)
    model.fit(x, np.full(600, -1), batch_size=60, epochs=60, verbose=0)
    names = model.cluster_labels(x[:300], blobs[:300])
    predicted = names[model.classify(x[300:]).argmax(axis=1)]
    assert (predicted == blobs[300:]).mean() > 0.95
