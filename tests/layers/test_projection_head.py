import keras
import numpy as np
import pytest

from kerasgan.layers import ProjectionHead
from kerasgan.networks import dcgan_discriminator


def features(rows, *shape):
    return np.random.default_rng(0).normal(size=(rows, *shape)).astype("float32")


@pytest.mark.parametrize("shape", [(6,), (3, 2, 6)])
@pytest.mark.parametrize("label_shape", [(5,), (5, 1)])
def test_it_is_equation_4(shape, label_shape):
    head = ProjectionHead(3)
    x, labels = features(5, *shape), np.array([0, 2, 1, 2, 0])
    found = head([x, labels.reshape(label_shape)])
    phi = x.reshape(5, -1, 6).sum(axis=1)
    unit, bias, vectors = (np.asarray(weight) for weight in head.weights)
    expected = phi @ unit + bias + (phi * vectors[labels]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert tuple(found.shape) == (5, 1) == head.compute_output_shape([x.shape, label_shape])


def test_it_is_what_dcgans_discriminator_ends_with():
    discriminator = dcgan_discriminator((8, 8, 1), filters=2, number_of_classes=4)
    flat = next(layer for layer in discriminator.layers if isinstance(layer, keras.layers.Flatten))
    hidden = keras.Model(discriminator.inputs[0], flat.output)
    x, labels = features(6, 8, 8, 1), np.arange(6) % 4
    unit = next(layer for layer in discriminator.layers if isinstance(layer, keras.layers.Dense))
    (vectors,) = (
        layer for layer in discriminator.layers if isinstance(layer, keras.layers.Embedding)
    )
    head = ProjectionHead(4)
    head.build([hidden.output_shape, (None,)])
    head.set_weights([*unit.get_weights(), *vectors.get_weights()])
    np.testing.assert_allclose(head([hidden(x), labels]), discriminator([x, labels]), atol=1e-5)


@pytest.mark.parametrize("normalization", [None, "spectral"])
def test_it_comes_back_from_a_file(normalization, tmp_path):
    inputs = [keras.Input((2, 2, 6)), keras.Input((), dtype="int32")]
    model = keras.Model(inputs, ProjectionHead(3, normalization, "he_normal")(inputs))
    x = [features(4, 2, 2, 6), np.array([0, 1, 2, 0])]
    model(x, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


def test_it_tells_classes_apart():
    random = np.random.default_rng(0)
    labels = random.integers(3, size=300)
    x = random.normal(size=(300, 2)) * 0.2 + np.array([[1, 0], [0, 1], [-1, -1]])[labels]
    shown = np.where(np.arange(300) % 2, labels, (labels + 1) % 3)
    inputs = [keras.Input((2,)), keras.Input((), dtype="int32")]
    model = keras.Model(inputs, ProjectionHead(3)(inputs))
    model.compile(keras.optimizers.Adam(0.1), keras.losses.BinaryCrossentropy(from_logits=True))
    model.fit([x, shown], (shown == labels).astype("float32"), epochs=20, verbose=0)
    scores = model.predict([x, shown], verbose=0)[:, 0]
    assert np.mean((scores > 0) == (shown == labels)) > 0.95


def test_scores_are_float32_under_mixed_precision():
    inputs = [keras.Input((6,)), keras.Input((), dtype="int32")]
    head = ProjectionHead(3, dtype="mixed_bfloat16")
    assert head(inputs).dtype == "float32"
    assert head([features(2, 6), np.array([0, 1])]).dtype == "float32"


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("number_of_classes", {"number_of_classes": 0}),
        ("normalization", {"number_of_classes": 2, "normalization": "batch"}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        ProjectionHead(**options)


@pytest.mark.parametrize(
    "shape", [(None, 4), [(None, 4)], [(None, 4), (None, 2)], [(None, None), (None,)]], ids=repr
)
def test_inputs_that_are_no_pair(shape):
    with pytest.raises(ValueError, match="Invalid shape for argument `inputs`.*Received: "):
        ProjectionHead(2).build(shape)
