"""Moving pixels, beside SciPy's affine transformations."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy import ndimage

from kerasgan.augmentation._pixels import cut_out, from_unit, moved, resample, to_unit


def transformations(rows, seed=0):
    random = np.random.default_rng(seed)
    linear = np.eye(2) + random.normal(0.0, 0.5, (rows, 2, 2))
    return linear.astype("float32"), random.normal(0.0, 3.0, (rows, 2)).astype("float32")


@pytest.mark.parametrize("shape", [(6, 6, 3), (5, 8, 1), (1, 7, 2), (4, 1, 1), (1, 1, 1)])
@pytest.mark.parametrize("reflect", [True, False])
def test_resampling_is_scipys(shape, reflect):
    rows = 8
    images = np.random.default_rng(1).normal(size=(rows, *shape)).astype("float32")
    linear, shift = transformations(rows)
    found = np.asarray(resample(ops.convert_to_tensor(images), linear, shift, reflect))
    middle = (np.array(shape[:2]) - 1) / 2
    for image, matrix, offset, result in zip(images, linear, shift, found, strict=True):
        for channel in range(shape[2]):
            expected = ndimage.affine_transform(
                image[..., channel].astype("float64"),
                matrix,
                offset=middle + offset - matrix @ middle,
                order=1,
                mode="mirror" if reflect else "grid-constant",
            )
            np.testing.assert_allclose(result[..., channel], expected, atol=2e-5)


@pytest.mark.parametrize("reflect", [True, False])
def test_nothing_to_move_keeps_the_bits(reflect):
    images = np.random.default_rng(2).normal(size=(3, 7, 10, 3)).astype("float32")
    linear = np.tile(np.eye(2, dtype="float32"), (3, 1, 1))
    found = resample(ops.convert_to_tensor(images), linear, np.zeros((3, 2), "float32"), reflect)
    np.testing.assert_array_equal(found, images)


def test_right_angles_and_flips_keep_the_bits():
    images = np.random.default_rng(3).normal(size=(1, 6, 6, 3)).astype("float32")
    for matrix, expected in (
        ([[1, 0], [0, -1]], images[:, :, ::-1]),
        ([[-1, 0], [0, 1]], images[:, ::-1]),
        ([[0, 1], [-1, 0]], np.rot90(images, 1, axes=(1, 2))),
        ([[0, -1], [1, 0]], np.rot90(images, -1, axes=(1, 2))),
    ):
        linear = np.array([matrix], "float32")
        found = resample(ops.convert_to_tensor(images), linear, np.zeros((1, 2), "float32"), True)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("reflect", [True, False])
def test_the_gradient_is_the_transpose_and_has_one_itself(reflect):
    """`<y, A x> = <A' y, x>` of random x and y, and the same of the gradient's gradient."""
    random = np.random.default_rng(4)
    x, y = (tf.constant(random.normal(size=(4, 5, 6, 2))) for _ in range(2))
    linear, shift = transformations(4)
    with tf.GradientTape() as outer:
        outer.watch(y)
        with tf.GradientTape() as inner:
            inner.watch(x)
            product = tf.reduce_sum(y * resample(x, linear, shift, reflect))
        transposed = inner.gradient(product, x)
        norm = tf.reduce_sum(transposed**2)
    assert float(tf.reduce_sum(transposed * x)) == pytest.approx(float(product), rel=1e-9)
    # The gradient of |A' y|² for y is 2 A A' y.
    again = 2 * resample(transposed, linear, shift, reflect)
    np.testing.assert_allclose(outer.gradient(norm, y), again, rtol=1e-9)


def test_places_far_away_are_no_fault():
    images = ops.convert_to_tensor(np.arange(12, dtype="float32").reshape(1, 3, 4, 1))
    linear = np.eye(2, dtype="float32")[None]
    for shift in (1e12, -1e12):
        far = np.full((1, 2), shift, "float32")
        np.testing.assert_array_equal(resample(images, linear, far, False), np.zeros((1, 3, 4, 1)))
        mirrored = np.asarray(resample(images, linear, far, True))
        assert mirrored.min() >= 0
        assert mirrored.max() <= 11


def test_moving_by_whole_pixels():
    images = np.random.default_rng(5).normal(size=(4, 4, 6, 2)).astype("float32")
    shift = np.array([[0, 0], [1, -2], [-3, 5], [4, 0]], "int32")
    found = np.asarray(moved(ops.convert_to_tensor(images), ops.convert_to_tensor(shift)))
    for image, (down, right), result in zip(images, shift, found, strict=True):
        for y in range(4):
            for x in range(6):
                inside = 0 <= y - down < 4 and 0 <= x - right < 6
                expected = image[y - down, x - right] if inside else 0.0
                np.testing.assert_array_equal(result[y, x], expected)


def test_cutting_out():
    images = ops.ones((2, 4, 6, 1))
    first = np.array([[0.25, -0.5], [0.5, 0.5]], "float32")
    found = np.asarray(cut_out(images, first, np.array([[0.5, 1.0]], "float32")))[..., 0]
    expected = np.ones((2, 4, 6))
    expected[0, 1:3, :3] = 0
    expected[1, 2:, 3:] = 0
    np.testing.assert_array_equal(found, expected)


def test_stacked_shifts_in_a_graph():
    """TensorFlow's optimizer of graphs takes a slice of a stack for the tensor that was stacked."""
    images = tf.constant(np.random.default_rng(6).normal(size=(2, 8, 8, 1)).astype("float32"))

    @tf.function
    def inside(down, right):
        shift = ops.stack([down, right], axis=1)
        size = ops.stack([down / 8, right / 8], axis=1)
        return moved(images, shift), cut_out(
            images, ops.cast(size, "float32"), ops.ones((1, 2)) / 2
        )

    down, right = tf.constant([1, 2]), tf.constant([3, -1])
    shift = ops.stack([down, right], axis=1)
    first, second = inside(down, right)
    np.testing.assert_array_equal(first, moved(images, shift))
    expected = cut_out(images, ops.cast(shift, "float32") / 8, ops.ones((1, 2)) / 2)
    np.testing.assert_array_equal(second, expected)


@pytest.mark.parametrize("value_range", [(-1.0, 1.0), (0.0, 1.0), (0.0, 255.0)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_ranges_and_types_come_back(value_range, dtype):
    ends = ops.cast(ops.convert_to_tensor(value_range), dtype)
    unit = to_unit(ends, value_range)
    assert unit.dtype == ("float64" if dtype == "float64" else "float32")
    np.testing.assert_allclose(unit, [-1.0, 1.0])
    again = from_unit(unit, value_range, ends.dtype)
    assert again.dtype == dtype
    np.testing.assert_array_equal(np.asarray(again, "float32"), value_range)
