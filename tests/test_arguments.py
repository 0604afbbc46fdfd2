"""What each check takes and refuses, and the words it does it in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerasgan import arguments

NEVER_NUMBERS = [True, np.True_, "1", None, [1], math.nan, math.inf, -math.inf, np.float32("nan")]


def assert_refused(check, value, expected):
    with pytest.raises(ValueError, match="^Invalid value for argument `size`") as error:
        check("size", value)
    assert str(error.value) == (
        f"Invalid value for argument `size`. Expected {expected}. Received: size={value!r}"
    )


@pytest.mark.parametrize("value", [*NEVER_NUMBERS, 0, -1, 1.0, np.float64(2.0)], ids=repr)
def test_what_is_no_positive_integer(value):
    assert_refused(arguments.positive_integer, value, "a positive integer")


@pytest.mark.parametrize("value", [*NEVER_NUMBERS, -1, 0.0], ids=repr)
def test_what_is_no_non_negative_integer(value):
    assert_refused(arguments.non_negative_integer, value, "a non-negative integer")


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(255)], ids=repr)
def test_integers(value):
    for check in (arguments.positive_integer, arguments.non_negative_integer):
        assert type(check("size", value)) is int
        assert check("size", value) == value
    assert arguments.non_negative_integer("size", np.int32(0)) == 0


@pytest.mark.parametrize(
    ("check", "expected", "taken", "refused"),
    [
        (arguments.number, "a finite number", [-2, 0.0, 1e300], [1j]),
        (arguments.positive_number, "a positive number", [5e-324, 2], [0, -0.1]),
        (arguments.non_negative_number, "a number that is not negative", [0, 0.5], [-1e-9]),
        (arguments.fraction, "a number in [0, 1)", [0, 0.999], [1, 1.5, -0.1]),
    ],
)
def test_numbers(check, expected, taken, refused):
    for value in (*taken, np.float32(0.5), np.int64(0) if 0 in taken else np.float64(0.25)):
        assert type(check("size", value)) is float
        assert check("size", value) == value
    for value in (*NEVER_NUMBERS, *refused):
        assert_refused(check, value, expected)


@pytest.mark.parametrize(
    ("value", "shape"),
    [(3, (3,)), (np.int64(3), (3,)), ([2, np.int32(3)], (2, 3)), ((1, 2, 3), (1, 2, 3)), ((), ())],
    ids=repr,
)
def test_shapes(value, shape):
    found = arguments.shape("size", value)
    assert found == shape
    assert all(type(size) is int for size in found)
    assert arguments.shape("size", value, rank=len(shape)) == shape


@pytest.mark.parametrize(
    "value",
    [0, -1, (2, 0), (2, None), (2, 1.5), (2, True), "ab", 2.5, True, None, {2, 3}],
    ids=repr,
)
def test_what_is_no_shape(value):
    assert_refused(arguments.shape, value, "positive integers, the shape without the batch axis")


def test_shape_of_another_rank():
    with pytest.raises(ValueError, match=r"Expected 3 positive integers.*size=\(8, 8\)"):
        arguments.shape("size", (8, 8), rank=3)


def test_one_of():
    for value in (None, "batch"):
        arguments.one_of("size", value, [None, "batch"])
    with pytest.raises(ValueError, match=r"Expected one of \[None, 'batch'\]. Received: size='b'"):
        arguments.one_of("size", "b", [None, "batch"])


@pytest.mark.parametrize(
    ("array", "told_apart"),
    [
        (np.arange(1_700_000_000, 1_700_000_100), False),
        (np.arange(1_700_000_000, 1_700_000_100, dtype="int32"), False),
        (1e4 + 0.01 * np.arange(10), False),
        (np.arange(1_700_000_000, 1_700_000_100) * 1000, False),
        (1e4 + np.arange(10.0), True),
        (np.arange(1_600_000_000, 1_700_000_000, 100_000), True),
        (np.full(3, 1.7e9), True),  # nothing to tell apart
        (np.zeros(0), True),
        (np.arange(3, dtype="uint8"), True),
        (np.array([1e8, 1e8 + 8], "float32"), True),  # float32 is what it is
        (np.array(["a"]), True),
    ],
)
def test_numbers_that_float32_cannot_tell_apart(array, told_apart):
    if told_apart:
        arguments.check_resolution("x", array)
    else:
        with pytest.raises(ValueError, match=r"`x`. Expected numbers that float32 can tell apart"):
            arguments.check_resolution("x", array)
