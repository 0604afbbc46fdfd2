"""Batches of arrays: the right rows, in the right types, and no copy of the whole."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from kerasgan.datasets.array_batches import array_batches, array_rounds
from kerasgan.datasets.python_functions import PythonFunctions


@pytest.fixture
def functions():
    with PythonFunctions() as opened:
        yield opened


def order(count, number):
    return np.random.default_rng(number).permutation(count)


@pytest.mark.parametrize("size", [3, 40_000], ids=["many rounds a read", "one round a read"])
@pytest.mark.parametrize("steps", [1, 2])
def test_rounds_hold_the_rows_in_their_order(functions, size, steps):
    x = np.random.default_rng(0).normal(size=(23, size)).astype("float32")
    y = np.arange(23, dtype="int32")
    rounds = list(array_rounds((x, y), 4, steps, order, False, functions))
    used = 23 // (4 * steps) * 4 * steps
    assert len(rounds) == 23 // (4 * steps)
    np.testing.assert_array_equal(np.concatenate([r[0] for r in rounds]), x[order(23, 0)[:used]])
    np.testing.assert_array_equal(np.concatenate([r[1] for r in rounds]), order(23, 0)[:used])


def test_one_pass_follows_another_where_there_is_no_end(functions):
    data = array_rounds(np.arange(10), 3, 1, order, True, functions)
    assert data.cardinality() == tf.data.INFINITE_CARDINALITY
    rows = [element.numpy() for element in data.take(9)]
    expected = [order(10, number)[:9].reshape(3, 3) for number in range(3)]
    np.testing.assert_array_equal(rows, np.concatenate(expected))


@pytest.mark.parametrize("dtype", ["uint8", "bool", "float16", "float64", "int64", ">f4", ">i2"])
def test_types_stay_and_bytes_come_in_the_machines_order(functions, dtype):
    x = np.arange(12).reshape(6, 2).astype(dtype)
    for data in (
        array_rounds(x, 3, 1, lambda count, _: np.arange(count), False, functions),
        array_batches(x, 3, functions),
    ):
        rows = np.concatenate(list(data.as_numpy_iterator()))
        assert rows.dtype == np.dtype(dtype).newbyteorder("=")
        np.testing.assert_array_equal(rows, x)


@pytest.mark.parametrize(("count", "rows"), [(10, [4, 4, 2]), (8, [4, 4]), (3, [3])])
def test_batches_to_evaluate_on_are_in_order_and_the_last_may_be_smaller(functions, count, rows):
    x = np.arange(count)
    data = array_batches((x, -x), 4, functions)
    assert int(data.cardinality()) == len(rows)
    batches = list(data.as_numpy_iterator())
    assert [len(batch[0]) for batch in batches] == rows
    np.testing.assert_array_equal(np.concatenate([batch[0] for batch in batches]), x)
    np.testing.assert_array_equal(np.concatenate([batch[1] for batch in batches]), -x)


def test_shapes_are_known_beforehand(functions):
    x = np.zeros((10, 2, 3), "uint8")
    rounds = array_rounds(x, 2, 2, order, False, functions)
    assert rounds.element_spec == tf.TensorSpec((4, 2, 3), tf.uint8)
    assert array_batches(x, 5, functions).element_spec == tf.TensorSpec((5, 2, 3), tf.uint8)
    assert array_batches(x, 4, functions).element_spec == tf.TensorSpec((None, 2, 3), tf.uint8)


class Watched(np.ndarray):
    """An array that a weak reference can be made to."""


def test_what_was_read_is_forgotten_and_a_pipeline_that_reads_on_says_so():
    x = np.zeros((64, 2)).view(Watched)
    alive = weakref.ref(x)
    with PythonFunctions() as functions:
        data = array_rounds(x, 4, 1, order, True, functions)
        next(iter(data))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="functions of this pipeline are closed"
    ):
        next(iter(data))
    del x, data
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("offset", range(0, 64, 4))
def test_what_tensorflow_gets_is_not_the_users_memory(functions, offset):
    """TensorFlow takes over arrays that begin at a multiple of 64 bytes, and may write to them."""
    memory = np.zeros(4096 + 128, "uint8")
    start = -memory.ctypes.data % 64 + offset
    x = memory[start : start + 4096].view("float32").reshape(-1, 64)
    for data in (array_batches(x, 8, functions), array_rounds(x, 8, 1, order, False, functions)):
        for batch in data:
            assert not np.shares_memory(np.asarray(batch), x)
