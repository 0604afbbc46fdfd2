import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.layers import MinibatchStandardDeviation


def _array(tensor):
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def _reference(x, group_size):
    """Equation of the paper with plain loops over the groups."""
    count = len(x) if group_size is None else group_size
    groups = max(len(x) // count, 1)
    feature = np.zeros(len(x))
    for group in range(groups):
        members = np.arange(len(x)) % groups == group
        feature[members] = x[members].std(axis=0).mean()
    feature = np.broadcast_to(feature.reshape(-1, *[1] * (x.ndim - 1)), (*x.shape[:-1], 1))
    return np.concatenate([x, feature], axis=-1)


@pytest.mark.parametrize("shape", [(8, 3), (8, 5, 3), (8, 4, 6, 3), (8, 2, 3, 4, 5)])
@pytest.mark.parametrize("group_size", [None, 1, 2, 4, 8, 100])
def test_equals_the_loop_at_any_rank(shape, group_size):
    x = np.random.default_rng(0).normal(3.0, 2.0, shape).astype("float32")
    layer = MinibatchStandardDeviation(group_size, epsilon=1e-12)
    result = layer(x)
    assert tuple(result.shape) == (*shape[:-1], shape[-1] + 1)
    assert layer.compute_output_shape(shape) == (*shape[:-1], shape[-1] + 1)
    np.testing.assert_allclose(result, _reference(x, group_size), rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 7, 10])
def test_batch_that_the_group_size_does_not_divide(batch_size):
    x = np.random.default_rng(1).normal(size=(batch_size, 3, 2)).astype("float32")
    result = MinibatchStandardDeviation(4, epsilon=1e-12)(x)
    np.testing.assert_allclose(result, _reference(x, 4), rtol=1e-5, atol=2e-6)


def test_equals_the_reshape_of_the_paper():
    x = np.random.default_rng(2).normal(size=(8, 5, 5, 3)).astype("float32")
    groups = x.reshape(4, 2, 5, 5, 3)
    statistic = groups.std(axis=0).mean(axis=(1, 2, 3))
    result = _array(MinibatchStandardDeviation(4)(x))
    np.testing.assert_allclose(result[:, 0, 0, -1], np.tile(statistic, 4), rtol=1e-5)


def test_unknown_batch_size_in_a_graph():
    layer = MinibatchStandardDeviation(4)
    function = tf.function(
        lambda x: layer(x), input_signature=[tf.TensorSpec((None, 3), tf.float32)]
    )
    for batch_size in (4, 6):
        x = np.random.default_rng(batch_size).normal(size=(batch_size, 3)).astype("float32")
        np.testing.assert_allclose(function(x), layer(x), rtol=1e-6)


def test_gradient_at_identical_examples_is_finite():
    x = tf.ones((4, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        feature = MinibatchStandardDeviation()(x)[..., -1]
    assert np.isfinite(tape.gradient(feature, x)).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_under_mixed_precision(policy):
    # 300² overflows in float16, and bfloat16 cannot tell 300 from 301.
    x = np.array([[0.0], [600.0]], "float32")
    result = MinibatchStandardDeviation(None, dtype=policy)(x)
    assert result.dtype == policy.removeprefix("mixed_")
    np.testing.assert_array_equal(_array(result)[:, 1], [300.0, 300.0])


@pytest.mark.deterministic
def test_saved_with_a_model(tmp_path):
    inputs = keras.Input((4, 3))
    model = keras.Model(inputs, MinibatchStandardDeviation(3, epsilon=1e-4)(inputs))
    assert model.output_shape == (None, 4, 4)
    x = np.random.default_rng(3).normal(size=(6, 4, 3)).astype("float32")
    expected = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), expected)
    assert (loaded.layers[-1].group_size, loaded.layers[-1].epsilon) == (3, 1e-4)


@pytest.mark.parametrize("group_size", [0, -1, 1.5, True, "a"])
def test_group_size_out_of_range(group_size):
    with pytest.raises(ValueError, match="Invalid value for argument `group_size`"):
        MinibatchStandardDeviation(group_size)


@pytest.mark.parametrize("epsilon", [0, -1.0, float("nan"), None])
def test_epsilon_out_of_range(epsilon):
    with pytest.raises(ValueError, match="Invalid value for argument `epsilon`"):
        MinibatchStandardDeviation(epsilon=epsilon)


def test_rank_one_is_refused():
    with pytest.raises(ValueError, match="Invalid shape for argument `inputs`"):
        MinibatchStandardDeviation().build((None,))
