import keras
import numpy as np
import pytest

from kerasgan.constraints import WeightClipping
from kerasgan.networks import mlp


@pytest.mark.parametrize("input_shape", [5, (5,), (4, 3), (4, 3, 2), ()])
@pytest.mark.parametrize("output_shape", [1, (6,), (2, 3), (2, 3, 2), ()])
def test_any_shape_to_any_shape(input_shape, output_shape):
    def full(shape):
        return (2, shape) if isinstance(shape, int) else (2, *shape)

    model = mlp(input_shape, [7], output_shape)
    assert tuple(model(np.zeros(full(input_shape), "float32")).shape) == full(output_shape)


def test_parameter_counts_of_the_keras_mlp_gan():
    assert mlp((28, 28), [512, 256], activation="leaky_relu").count_params() == 533_505
    generator = mlp(100, [256, 512, 1024], (28, 28), output_activation="tanh")
    assert generator.count_params() == (101 * 256 + 257 * 512 + 513 * 1024 + 1025 * 784)


def test_closed_form():
    model = mlp(3, [4], 2, activation="leaky_relu", output_activation="sigmoid")
    kernel, bias, output_kernel, output_bias = model.get_weights()
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    hidden = x @ kernel + bias
    logits = np.where(hidden > 0, hidden, 0.2 * hidden) @ output_kernel + output_bias
    np.testing.assert_allclose(model(x), 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_no_hidden_layer_is_linear():
    model = mlp(2, [], 1)
    assert [weight.shape for weight in model.get_weights()] == [(2, 1), (1,)]


def test_options_reach_the_layers():
    model = mlp(
        3,
        [4, 5],
        normalization="batch",
        dropout=0.3,
        kernel_constraint=WeightClipping(0.1),
        kernel_initializer="zeros",
        name="critic",
    )
    kinds = [type(layer).__name__ for layer in model.layers]
    hidden = ["Dense", "BatchNormalization", "Activation", "Dropout"]
    assert kinds == ["InputLayer", *hidden, *hidden, "Dense", "Activation"]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.use_bias for layer in dense] == [False, False, True]
    assert all(layer.kernel_constraint.limit == 0.1 for layer in dense)
    assert not any(np.any(layer.kernel.numpy()) for layer in dense)
    assert model.name == "critic"


def test_one_initializer_object_gives_different_layers():
    initializer = keras.initializers.RandomNormal(stddev=0.01)
    model = mlp(4, [4, 4], 4, kernel_initializer=initializer)
    first, second, third = (v.numpy() for v in model.trainable_variables if "kernel" in v.path)
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)


def test_spectral_normalization_bounds_the_slope():
    model = mlp(4, [16, 16], normalization="spectral", kernel_initializer="he_normal")
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    for _ in range(30):
        model(x, training=True)
    a, b = np.asarray(model(x[:32])), np.asarray(model(x[32:]))
    slopes = np.abs(a - b)[:, 0] / np.linalg.norm(x[:32] - x[32:], axis=1)
    assert 0 < slopes.max() <= 1.001


@pytest.mark.deterministic
@pytest.mark.parametrize("number_of_classes", [None, 3])
@pytest.mark.parametrize("normalization", [None, "batch", "spectral"])
def test_saved_and_loaded(number_of_classes, normalization, tmp_path):
    model = mlp(
        (4, 2), [6], (2, 3), number_of_classes=number_of_classes, normalization=normalization
    )
    inputs = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")
    if number_of_classes:
        inputs = [inputs, np.array([0, 1, 2], "int32")]
    expected = model.predict(inputs, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(inputs, verbose=0), expected)


def test_label_changes_the_output():
    model = mlp((2, 2), [8], number_of_classes=3)
    x = np.ones((3, 2, 2), "float32")
    outputs = model.predict([x, np.array([0, 1, 2], "int32")], verbose=0)
    assert len(np.unique(outputs)) == 3


def test_output_is_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = mlp(3, [4], normalization="batch")
    finally:
        keras.config.set_dtype_policy("float32")
    assert model(np.zeros((2, 3), "float32")).dtype == "float32"
    assert model.layers[1].compute_dtype == "bfloat16"


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("input_shape", {"input_shape": 0}),
        ("input_shape", {"input_shape": (3, None)}),
        ("input_shape", {"input_shape": "abc"}),
        ("output_shape", {"output_shape": -1}),
        ("output_shape", {"output_shape": (2.5,)}),
        ("units", {"units": 10}),
        ("units", {"units": [10, 0]}),
        ("units", {"units": [True]}),
        ("normalization", {"normalization": "layer"}),
        ("dropout", {"dropout": 1.0}),
        ("dropout", {"dropout": -0.1}),
        ("dropout", {"dropout": None}),
        ("number_of_classes", {"number_of_classes": 0}),
        ("number_of_classes", {"number_of_classes": 2.0}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        mlp(**{"input_shape": 3, "units": [4], **options})
