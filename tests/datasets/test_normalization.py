import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.datasets import MinMax, Normalization, Tanh, ZScore
from kerasgan.datasets.normalization import get

CLASSES = [ZScore, MinMax, Tanh]


def test_closed_forms():
    x = np.array([[2.0, 4.0], [6.0, 12.0]], "float32")
    np.testing.assert_allclose(ZScore().fit(x)(x), (x - 6) / np.sqrt(14), rtol=1e-6)
    np.testing.assert_allclose(MinMax().fit(x)(x), (x - 2) / 10, rtol=1e-6)
    np.testing.assert_allclose(Tanh().fit(x)(x), (x - 7) / 5, rtol=1e-6)


def test_explicit_parameters():
    x = np.array([0, 255], "uint8")
    assert Tanh(low=0, high=255)(x).tolist() == [-1, 1]
    assert MinMax(low=0, high=255)(x).tolist() == [0, 1]
    assert ZScore(mean=5, stddev=2)(np.array([5, 9])).tolist() == [0, 2]


@pytest.mark.parametrize(
    ("normalization", "images", "value_range"),
    [
        (Tanh(0, 255), True, (0, 255)),
        (MinMax(0, 255, images=False), False, (0, 255)),
        (Tanh(0, 1), False, (0, 1)),
        (Tanh(2, 2), False, None),
        (MinMax(), False, None),
        (ZScore(100, 50), False, None),
        (ZScore(100, 50, images=True), True, (0, 255)),
        (ZScore(images=True).fit([90, 110]), True, (0, 255)),
    ],
    ids=repr,
)
def test_images_and_what_is_black_and_white(normalization, images, value_range):
    again = type(normalization).from_config(normalization.get_config())
    for each in (normalization, again):
        assert (each.images, each.value_range) == (images, value_range)
    assert repr(again) == repr(normalization)


def test_images_is_yes_or_no():
    with pytest.raises(ValueError, match="`images`. Expected True, False or None"):
        Tanh(0, 255, images=1)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_round_trip(kind, dtype):
    x = np.random.default_rng(0).integers(0, 256, (5, 4, 3)).astype(dtype)
    normalization = kind().fit(x)
    y = normalization(x)
    assert y.dtype == np.float32
    np.testing.assert_allclose(normalization.invert(y), x, atol=1e-4)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("value", [0.0, 0.1, -7.0])
def test_constant_data_is_finite_and_inverts(kind, value):
    x = np.full((1000, 3), value)
    normalization = kind().fit(x)
    y = normalization(x)
    np.testing.assert_allclose(y, 0.0, atol=1e-6)
    np.testing.assert_allclose(normalization.invert(y), x, rtol=1e-6)


@pytest.mark.parametrize("kind", CLASSES)
def test_tensors_and_tf_data(kind):
    x = np.arange(12, dtype="uint8").reshape(3, 4)
    normalization = kind().fit(x)
    tensor = normalization(tf.constant(x))
    assert tf.is_tensor(tensor)
    np.testing.assert_array_equal(tensor, normalization(x))
    data = tf.data.Dataset.from_tensor_slices(x).map(normalization)
    back = data.map(normalization.invert)
    np.testing.assert_allclose(np.stack(list(data.as_numpy_iterator())), normalization(x))
    np.testing.assert_allclose(np.stack(list(back.as_numpy_iterator())), x, atol=1e-5)


# Hundred seconds of 2023: float32 has steps of 128 there.
TIMES = np.arange(1_700_000_000, 1_700_000_100)
EXACT = {
    ZScore: lambda t: (t - t.mean()) / t.std(),
    MinMax: lambda t: (t - t[0]) / 99,
    Tanh: lambda t: (t - t[0]) / 49.5 - 1,
}


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("dtype", ["int64", "int32", "float64"])
def test_data_far_from_0_keep_their_digits(kind, dtype):
    t = TIMES.astype(dtype)
    normalization = kind().fit(t)
    # Small numbers, which float64 holds as it holds large ones.
    expected = EXACT[kind](TIMES - TIMES[0]).astype("float32")
    tensor = tf.function(normalization)(tf.constant(t))
    data = np.array(list(tf.data.Dataset.from_tensor_slices(t).map(normalization)))
    for y in (normalization(t), tensor.numpy(), data):
        assert y.dtype == np.float32
        np.testing.assert_allclose(y, expected, rtol=0, atol=2e-7)
        for back in (normalization.invert(y), tf.function(normalization.invert)(y).numpy()):
            assert back.dtype == np.float64
            np.testing.assert_allclose(back, TIMES, rtol=0, atol=2e-5)


@pytest.mark.parametrize("kind", CLASSES)
def test_xla_computes_the_same(kind):
    normalization = kind().fit(TIMES)
    y = tf.function(normalization, jit_compile=True)(tf.constant(TIMES))
    np.testing.assert_allclose(y, normalization(TIMES), rtol=0, atol=2e-7)
    back = tf.function(normalization.invert, jit_compile=True)(y)
    np.testing.assert_allclose(back, TIMES, rtol=0, atol=2e-5)


def test_large_arrays_are_normalized_as_small_ones():
    x = np.random.default_rng(0).normal(1e6, 1.0, (300, 5000))
    normalization = ZScore(1e6, 1.0)
    parts = [normalization(row) for row in x]
    np.testing.assert_array_equal(normalization(x), parts)
    np.testing.assert_array_equal(normalization(x.T), np.transpose(parts))
    y = normalization(x)
    np.testing.assert_array_equal(
        normalization.invert(y), [normalization.invert(part) for part in parts]
    )


@pytest.mark.parametrize(
    ("normalization", "dtype"),
    [
        (Tanh(0, 255), "float32"),
        (MinMax(-1, 1), "float32"),
        (ZScore(640, 10), "float32"),
        (ZScore(650, 10), "float64"),
        (MinMax(1e4, 1e4 + 1), "float64"),
        (MinMax(1e4, 1e4), "float64"),
        (MinMax(0.1, 0.1), "float32"),
    ],
)
def test_float64_is_for_data_far_from_0(normalization, dtype):
    assert normalization.dtype == dtype
    assert normalization.invert([0.0]).dtype == dtype
    assert normalization.invert(tf.constant([0.0])).dtype == dtype
    assert normalization([0.0]).dtype == "float32"


@pytest.mark.parametrize("kind", CLASSES)
def test_config_and_serialization(kind):
    normalization = kind().fit([1.0, 2.0, 5.0])
    again = kind.from_config(normalization.get_config())
    assert again.get_config() == normalization.get_config()
    loaded = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(normalization)
    )
    assert type(loaded) is kind
    assert loaded([3.0]) == normalization([3.0])
    assert not kind.from_config(kind().get_config()).is_fitted


def test_mean_of_many_numbers_is_exact():
    # A float32 running sum of these is off in the fourth digit.
    x = np.full(2_000_000, 100.1, "float32")
    x[::2] += 1
    normalization = ZScore().fit(x)
    assert normalization.get_config()["mean"] == pytest.approx(100.6, abs=1e-4)
    assert normalization.get_config()["stddev"] == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("method", ["__call__", "invert"])
def test_use_before_fit(kind, method):
    with pytest.raises(ValueError, match=f"{kind.__name__} has not been fitted"):
        getattr(kind(), method)([1.0])


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("array", [[], [1.0, np.nan], [np.inf], ["a"], [1j]])
def test_fit_of_what_are_no_numbers(kind, array):
    with pytest.raises(ValueError, match=r"Invalid value for argument `array`.*Received: "):
        kind().fit(array)


@pytest.mark.parametrize(
    ("kind", "options", "argument"),
    [
        (ZScore, {"mean": 0.0}, "stddev"),
        (ZScore, {"mean": 0.0, "stddev": -1.0}, "stddev"),
        (ZScore, {"mean": "a", "stddev": 1.0}, "mean"),
        (Tanh, {"low": 0.0}, "high"),
        (Tanh, {"low": 2.0, "high": 1.0}, "high"),
        (MinMax, {"low": float("nan"), "high": 1.0}, "low"),
        (MinMax, {"low": 0.0, "high": True}, "high"),
    ],
)
def test_argument_out_of_range(kind, options, argument):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received: "):
        kind(**options)


def test_get():
    assert [type(get(name)) for name in ("z_score", "min_max", "tanh")] == CLASSES
    normalization = Tanh(0, 1)
    assert get(normalization) is normalization
    for identifier, error in (("sigmoid", ValueError), (None, TypeError), (3, TypeError)):
        with pytest.raises(error, match=r"argument `normalization`.*min_max.*tanh.*z_score"):
            get(identifier)


def test_own_subclass_needs_two_methods():
    class Halve(Normalization):
        def _measure(self, array):
            return {}

        def _offset_and_scale(self):
            return 0.0, 2.0

    assert Halve()([4.0]).tolist() == [2.0]
    assert Halve().invert([2.0]).tolist() == [4.0]
