import collections
import enum
import json
import operator
import random
import re
import subprocess
from pathlib import Path

import keras
import ml_dtypes
import numpy as np
import pytest

from kerasgan.training.state_values import (
    Array,
    decode,
    encode,
    forget_large,
    global_random_state,
    pack,
    set_global_random_state,
    unpack,
)

PACKAGE = __name__.split(".")[0]


def _name(value):
    """Without addresses, which differ between the processes that test."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


class Color(enum.Enum):
    RED = 1
    BLUE = 2


def function_of_the_module(x):
    return x


def through_a_file(value, current=None):
    """Returns a value as another process reads it."""
    arrays = {}
    text = json.dumps(pack(encode(value, PACKAGE), arrays))
    return decode(unpack(json.loads(text), arrays), current, PACKAGE)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2**80,
        0.1,
        float("inf"),
        "text",
        [1, [2.5, None]],
        [0.5, 0.25],
        (1, ("a", [True])),
        {1, 2},
        frozenset({"a"}),
        {"a": 1, 2: {"b": (None,)}, (1, 2): []},
        collections.deque([1, 2], maxlen=3),
        Path("a") / "b",
        keras.ops.less,
        np.less,
        operator.gt,
        max,
        function_of_the_module,
    ],
    ids=_name,
)
def test_values_come_back(value):
    again = through_a_file(value)
    assert again == value
    assert type(again) is type(value)


def test_numbers_keep_their_type():
    again = through_a_file({"a": np.float32(0.1), "b": np.int64(3), "c": np.bool_(True)})
    assert [type(each) for each in again.values()] == [np.float32, np.int64, np.bool_]
    assert again["a"] == np.float32(0.1)


@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", ml_dtypes.bfloat16])
def test_arrays_come_back(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    again = through_a_file([array, keras.ops.convert_to_tensor(array)])
    assert again[0].dtype == array.dtype
    np.testing.assert_array_equal(again[0], array)
    assert keras.ops.is_tensor(again[1])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again[1]), array)


@pytest.mark.parametrize(
    "make",
    [lambda: np.random.default_rng(0), lambda: np.random.RandomState(0), lambda: random.Random(0)],
)
def test_random_numbers_go_on(make):
    draws, others = make(), make()
    draws.random()
    saved = draws
    again = through_a_file(saved, others)
    assert again is others
    assert again.random() == draws.random()


def test_the_random_numbers_of_all_go_on():
    state = global_random_state()
    first = np.random.normal(), random.random()
    arrays = {}
    text = json.dumps(pack(state, arrays))
    set_global_random_state(unpack(json.loads(text), arrays))
    assert (np.random.normal(), random.random()) == first


def test_what_others_refer_to_is_changed_in_place():
    metric, seed = keras.metrics.Mean(), keras.random.SeedGenerator(0)
    metric.update_state(3.0)
    seed.next()
    current = {
        "list": [],
        "metric": keras.metrics.Mean(),
        "seed": keras.random.SeedGenerator(5),
        "color": Color.RED,
    }
    kept, names = current["list"], dict(current)
    value = {"list": [1], "metric": metric, "seed": seed, "color": Color.BLUE}
    again = through_a_file(value, current)
    assert again is current
    assert again["list"] is kept
    assert kept == [1]
    assert again["metric"] is names["metric"]
    assert float(again["metric"].result()) == 3.0
    np.testing.assert_array_equal(again["seed"].next(), seed.next())
    assert again["color"] is Color.BLUE


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda x: x,
        keras.layers.Dense(1),
        subprocess.run,
        [object()],
        np.array([{}]),
        np.load,
    ],
    ids=_name,
)
def test_what_has_no_state(value):
    with pytest.raises(TypeError):
        encode(value, PACKAGE)


@pytest.mark.parametrize(
    "name", ["os:system", "builtins:eval", "numpy:load", "shutil:rmtree", "keras.ops:nothing"]
)
def test_a_file_names_no_function_that_acts(name):
    with pytest.raises(TypeError, match="may be named"):
        decode({"function": name}, None, PACKAGE)


def test_large_arrays_are_compared_and_not_kept():
    zeros = np.zeros(2**18)
    encoded, same, other = (encode([each], PACKAGE) for each in (zeros, zeros.copy(), zeros + 1))
    forget_large(encoded)
    assert encoded[0].value is None
    assert encoded == same
    assert encoded != other
    with pytest.raises(TypeError, match="let go"):
        decode(encoded, None, PACKAGE)
    assert Array("array", zeros) != Array("tensor", zeros)
