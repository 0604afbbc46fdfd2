import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.layers import RandomWindow

SEQUENCES = np.arange(4 * 6 * 2, dtype="float32").reshape(4, 6, 2)


def starts(windows):
    """Where in its sequence each window begins; every window must be one of its own sequence's."""
    found = []
    for sequence, window in zip(SEQUENCES, np.array(windows), strict=True):
        places = [s for s in range(6) if np.array_equal(sequence[s : s + len(window)], window)]
        assert len(places) == 1
        found += places
    return found


def test_inference_takes_the_middle():
    assert starts(RandomWindow(3)(SEQUENCES)) == [1] * 4
    assert starts(RandomWindow(2)(SEQUENCES)) == [2] * 4
    np.testing.assert_array_equal(RandomWindow(6)(SEQUENCES, training=True), SEQUENCES)


def test_every_place_is_as_likely_in_training():
    layer = RandomWindow(4, seed=0)
    draws = np.array([starts(layer(SEQUENCES, training=True)) for _ in range(150)])
    counts = np.bincount(draws.ravel(), minlength=3)
    # 600 draws of 3 places; five standard deviations of a count are 5 * sqrt(600 * 1/3 * 2/3) = 58.
    assert counts.sum() == 600
    assert np.abs(counts - 200).max() < 58
    # Each example is cut at a place of its own: all four agree by chance in 1 of 27 batches.
    assert np.mean(draws.min(axis=1) == draws.max(axis=1)) < 0.2


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 2), (4, 6, 3, 2)])
def test_any_rank_and_unknown_sizes(shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    layer = RandomWindow(3, seed=0)
    free = tf.TensorSpec((None, None, *shape[2:]), tf.float32)
    function = tf.function(lambda x: layer(x, training=True), input_signature=[free])
    windows = np.array(function(x))
    assert windows.shape == layer.compute_output_shape(shape) == (4, 3, *shape[2:])
    for sequence, window in zip(x, windows, strict=True):
        assert any(np.array_equal(sequence[start : start + 3], window) for start in range(4))


def test_the_gradient_goes_to_the_window_alone():
    x = tf.constant(SEQUENCES)
    layer = RandomWindow(3, seed=1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        windows = layer(x, training=True)
        total = tf.reduce_sum(windows)
    gradient = np.array(tape.gradient(total, x))
    expected = np.zeros_like(SEQUENCES)
    for row, start in enumerate(starts(windows)):
        expected[row, start : start + 3] = 1
    np.testing.assert_array_equal(gradient, expected)


def test_a_seed_gives_the_same_windows():
    one, other = (RandomWindow(2, seed=7) for _ in range(2))
    for _ in range(3):
        np.testing.assert_array_equal(
            one(SEQUENCES, training=True), other(SEQUENCES, training=True)
        )


def test_bad_arguments():
    with pytest.raises(ValueError, match="`length`.*length=0"):
        RandomWindow(0)
    with pytest.raises(ValueError, match=r"7 steps.*\(4, 6, 2\)"):
        RandomWindow(7)(SEQUENCES)
    with pytest.raises(ValueError, match="`inputs`"):
        RandomWindow(1)(keras.ops.ones((3,)))
