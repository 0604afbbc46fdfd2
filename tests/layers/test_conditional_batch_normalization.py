import keras
import numpy as np
import pytest

from kerasgan.layers import ConditionalBatchNormalization


def _layer(channels, number_of_classes=3, **options):
    layer = ConditionalBatchNormalization(number_of_classes, **options)
    layer.build([(None, 4, 5, channels), (None,)])
    generator = np.random.default_rng(0)
    layer.scale.assign(generator.normal(size=(number_of_classes, channels)))
    layer.offset.assign(generator.normal(size=(number_of_classes, channels)))
    return layer


@pytest.fixture
def data():
    x = np.random.default_rng(1).normal(5.0, 3.0, (6, 4, 5, 2)).astype("float32")
    return x, np.array([0, 2, 1, 2, 2, 0], "int32")


def test_training_equals_the_closed_form(data):
    x, labels = data
    layer = _layer(2, epsilon=1e-3)
    result = layer([keras.ops.array(x), keras.ops.array(labels)], training=True)
    normalized = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-3)
    scale = layer.scale.numpy()[labels][:, None, None, :]
    offset = layer.offset.numpy()[labels][:, None, None, :]
    np.testing.assert_allclose(result, normalized * scale + offset, rtol=1e-4, atol=1e-5)


def test_moving_statistics_are_used_in_inference(data):
    x, labels = data
    layer = _layer(2, momentum=0.0, epsilon=1e-3)
    inputs = [keras.ops.array(x), keras.ops.array(labels)]
    before = layer(inputs, training=False)
    np.testing.assert_allclose(
        before,
        x / np.sqrt(1 + 1e-3) * layer.scale.numpy()[labels][:, None, None]
        + layer.offset.numpy()[labels][:, None, None],
        rtol=1e-4,
        atol=1e-5,
    )
    trained = layer(inputs, training=True)
    np.testing.assert_allclose(layer(inputs, training=False), trained, rtol=1e-4, atol=1e-5)


def test_new_layer_equals_batch_normalization(data):
    x, labels = data
    result = ConditionalBatchNormalization(3)(
        [keras.ops.array(x), keras.ops.array(labels)], training=True
    )
    np.testing.assert_allclose(
        result, keras.layers.BatchNormalization()(x, training=True), rtol=1e-5, atol=1e-5
    )


def test_class_changes_the_output_and_column_labels_are_the_same(data):
    x, labels = data
    layer = _layer(2)
    first = layer([keras.ops.array(x), keras.ops.array(labels)])
    column = layer([keras.ops.array(x), keras.ops.array(labels[:, None])])
    other = layer([keras.ops.array(x), keras.ops.array((labels + 1) % 3)])
    np.testing.assert_array_equal(first, column)
    assert np.abs(np.asarray(first) - np.asarray(other)).min(axis=(1, 2, 3)).max() > 0


@pytest.mark.parametrize("shape", [(2,), (7, 2), (3, 4, 5, 2)])
def test_any_rank(shape):
    x = keras.random.normal((6, *shape))
    layer = ConditionalBatchNormalization(2)
    assert tuple(layer([x, keras.ops.array([0, 1, 0, 1, 1, 1])]).shape) == (6, *shape)
    assert layer.compute_output_shape([(None, *shape), (None,)]) == (None, *shape)


def test_weights():
    layer = _layer(2, number_of_classes=7)
    assert [tuple(weight.shape) for weight in layer.trainable_weights] == [(7, 2), (7, 2)]
    assert [tuple(weight.shape) for weight in layer.non_trainable_weights] == [(2,), (2,)]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_computes_in_float32(data, policy):
    x, labels = data
    layer = ConditionalBatchNormalization(3, dtype=policy)
    result = layer([keras.ops.array(x), keras.ops.array(labels)], training=True)
    assert result.dtype == policy.removeprefix("mixed_")
    assert {variable.dtype for variable in layer.variables} == {"float32"}
    expected = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-3)
    np.testing.assert_allclose(keras.ops.cast(result, "float32"), expected, atol=0.05)


@pytest.mark.deterministic
def test_saved_with_a_model(data, tmp_path):
    x, labels = data
    inputs = [keras.Input((4, 5, 2)), keras.Input((), dtype="int32")]
    layer = ConditionalBatchNormalization(3, momentum=0.5, epsilon=1e-4)
    model = keras.Model(inputs, layer(inputs))
    layer.scale.assign(np.arange(6.0).reshape(3, 2))
    model([keras.ops.array(x), keras.ops.array(labels)], training=True)
    expected = model.predict([x, labels], verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict([x, labels], verbose=0), expected)
    config = loaded.layers[-1].get_config()
    assert (config["number_of_classes"], config["momentum"], config["epsilon"]) == (3, 0.5, 1e-4)


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("number_of_classes", {"number_of_classes": 0}),
        ("number_of_classes", {"number_of_classes": 2.0}),
        ("number_of_classes", {"number_of_classes": True}),
        ("momentum", {"number_of_classes": 2, "momentum": 1.0}),
        ("momentum", {"number_of_classes": 2, "momentum": -0.1}),
        ("epsilon", {"number_of_classes": 2, "epsilon": 0.0}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`"):
        ConditionalBatchNormalization(**options)


@pytest.mark.parametrize(
    "shapes",
    [
        (None, 4),
        [(None, 4)],
        [(None, 4), (None, 3)],
        [(None,), (None,)],
        [(None, None), (None,)],
        [(None, 4), (None,), (None,)],
    ],
)
def test_shapes_that_are_no_pair(shapes):
    with pytest.raises(ValueError, match="Invalid shape for argument `inputs`"):
        ConditionalBatchNormalization(2).build(shapes)
