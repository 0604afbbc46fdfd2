"""Features: InceptionV3 without its weights, a classifier, and models that keep theirs."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import metrics
from kerasgan.metrics import extractors, inception


@pytest.fixture
def labeled(generator):
    y = np.arange(200) % 3
    x = np.eye(3)[y].repeat(2, axis=1) + 0.1 * generator.normal(size=(200, 6))
    return x.astype("float32"), y


@pytest.mark.deterministic
def test_a_classifier_learns_and_says_how(labeled):
    x, y = labeled
    state = np.random.get_state()[1].copy()
    features = metrics.classifier_features(x, y, size=5, epochs=8, seed=3)
    # The user's own random numbers go on as if nothing had been trained.
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    assert features(x[:7]).shape == (7, 5)
    described = features.description()
    assert described["held_out_accuracy"] > 0.9
    assert (described["seed"], described["epochs"], described["samples"]) == (3, 8, 200)
    metric = metrics.FrechetDistance(features)
    assert metric.provenance()["extractor"] == described

    # The same seed makes the same classifier, whose probabilities have a score.
    options = {"size": 5, "epochs": 8, "output": "probabilities"}
    probabilities = metrics.classifier_features(x, y, seed=3, **options)
    weights = probabilities.model.get_weights()
    for one, other in zip(features.model.get_weights(), weights, strict=False):
        np.testing.assert_array_equal(one, other)
    score = metrics.InceptionScore(probabilities)
    score.update_state(None, x)
    assert 1.0 < float(score.result()) <= 3.0


def test_images_are_convolved(generator):
    x = generator.normal(size=(20, 8, 8, 1))
    features = metrics.classifier_features(x, np.arange(20) % 2, size=4, epochs=1)
    assert any(isinstance(layer, keras.layers.Conv2D) for layer in features.model.layers)
    assert features(x[:3].astype("float32")).shape == (3, 4)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(5, int), "`y`. Expected an integer"),
        (np.zeros(20), "`y`. Expected an integer"),
        (np.full(20, -1), "`y`. Expected an integer"),
    ],
)
def test_classes_that_do_not_fit(y, message):
    with pytest.raises(ValueError, match=message):
        metrics.classifier_features(np.zeros((20, 2)), y)


@pytest.mark.deterministic
def test_a_models_weights_are_in_its_configuration(generator):
    layers = keras.layers
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.BatchNormalization()])
    model.layers[1].moving_mean.assign([1.0, 2.0, 3.0, 4.0])
    extractor = extractors.get(model)
    config = keras.saving.serialize_keras_object(extractor)
    restored = keras.saving.deserialize_keras_object(config)
    x = generator.normal(size=(5, 3)).astype("float32")
    np.testing.assert_array_equal(extractor(x), restored(x))
    assert restored.description() == extractor.description()


def test_a_model_that_has_no_weights_yet():
    with pytest.raises(ValueError, match="Expected a model that is built"):
        metrics.FrechetDistance(keras.Sequential([keras.layers.Dense(2)]))


def test_inception_without_a_network(monkeypatch):
    def offline(**arguments):
        raise Exception("URL fetch failure")  # as Keras does

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(ConnectionError, match="could not be had.*classifier_features.*URL fetch"):
        metrics.inception_v3()


def test_images_reach_inception_in_its_range_and_size(monkeypatch, generator):
    mean = keras.Sequential([keras.Input((299, 299, 3)), keras.layers.GlobalAveragePooling2D()])
    monkeypatch.setattr(inception, "_inception", lambda: mean)
    features = metrics.inception_v3(value_range=(0, 255))
    white = features(np.full((2, 8, 8, 1), 255.0))
    np.testing.assert_allclose(white, np.ones((2, 3)), rtol=1e-5)
    np.testing.assert_allclose(features(np.zeros((1, 8, 8, 3))), -np.ones((1, 3)), rtol=1e-5)
    config = keras.saving.serialize_keras_object(features)
    assert keras.saving.deserialize_keras_object(config).value_range == (0.0, 255.0)
    assert "weights" not in config["config"]
    with pytest.raises(ValueError, match="Expected images of 1 or 3 channels"):
        features(np.zeros((1, 8)))
    for wrong in [(1, 0), 3, (0, 1, 2)]:
        with pytest.raises(ValueError, match="`value_range`"):
            metrics.inception_v3(value_range=wrong)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 20), (13, 13), (40, 13), (50, 29)])
def test_images_are_resized_as_keras_does(height, width, generator):
    images = generator.normal(size=(2, height, width, 3)).astype("float32")
    expected = keras.ops.image.resize(images, (13, 13), antialias=True)
    np.testing.assert_allclose(inception.resized(images, 13), expected, rtol=1e-4, atol=1e-5)


def test_xla_compiles_an_evaluation_with_inception(monkeypatch, generator):
    """As it does on a GPU if nobody says otherwise."""
    mean = keras.Sequential([keras.Input((299, 299, 3)), keras.layers.GlobalAveragePooling2D()])
    monkeypatch.setattr(inception, "_inception", lambda: mean)
    mlp = kerasgan.networks.mlp
    gan = kerasgan.GAN(mlp(3, [], (4, 4, 3)), mlp((4, 4, 3), []))
    gan.compile(metrics=[metrics.FrechetDistance(metrics.inception_v3())], jit_compile=True)
    found = gan.evaluate(generator.normal(size=(8, 4, 4, 3)), verbose=0, return_dict=True)
    assert np.isfinite(found["frechet_distance"])
