"""Pictures of any shape at one size: what is cropped, padded and stretched."""

import numpy as np
import pytest

from kerasgan.datasets.picture_size import fit_picture, resize_picture

DTYPES = pytest.mark.parametrize("dtype", ["uint8", "float32"])


def columns(height, width, dtype="float32", channels=1):
    """A picture whose pixels are the number of their column."""
    row = np.arange(width, dtype=dtype)[None, :, None]
    return np.broadcast_to(row, (height, width, channels)).copy()


@DTYPES
@pytest.mark.parametrize(
    ("shape", "size", "first", "last"),
    [
        ((4, 8), (4, 4), 2, 5),  # the middle square
        ((4, 9), (4, 4), 2, 5),
        ((8, 4), (4, 4), 0, 3),  # as broad as the picture: rows are left out
        ((6, 12), (6, 3), 4, 6),  # an upright part
        ((12, 12), (3, 6), 0, 11),  # a lying part, at half its size
    ],
)
def test_a_crop_is_the_largest_middle_part_of_the_shape(dtype, shape, size, first, last):
    cropped = fit_picture(columns(*shape, dtype), size, "crop")
    assert (cropped.shape, cropped.dtype) == ((*size, 1), np.dtype(dtype))
    np.testing.assert_allclose(cropped.mean(), (first + last) / 2, atol=0.5)
    assert cropped.min() >= first
    assert cropped.max() <= last


def test_a_crop_has_no_distortion():
    """A disc stays one, as broad as it is high."""
    y, x = np.mgrid[:90, :160]
    disc = (255 * ((y - 44.5) ** 2 + (x - 79.5) ** 2 < 40**2)).astype("uint8")[..., None]
    for how, distorted in (("crop", False), ("pad", False), ("stretch", True)):
        small = fit_picture(disc, (30, 30), how, background=(0, 0, 0)) > 127
        broad, high = small.sum(axis=1).max(), small.sum(axis=0).max()
        assert (abs(int(broad) - int(high)) > 1) == distorted


@DTYPES
def test_padding(dtype):
    padded = fit_picture(np.full((2, 8, 3), 200, dtype), (8, 8), "pad", (10, 20, 30))
    assert padded.dtype == np.dtype(dtype)
    assert padded[3:5].min() == padded[3:5].max() == 200
    assert np.unique(padded[[0, 1, 2, 5, 6, 7]].reshape(-1, 3), axis=0).tolist() == [[10, 20, 30]]
    upright = fit_picture(np.full((8, 2, 3), 200, dtype), (8, 8), "pad", (10, 20, 30))
    np.testing.assert_array_equal(upright, padded.swapaxes(0, 1))


def test_padding_of_grays_and_of_opacity():
    gray = fit_picture(np.zeros((2, 4, 1), "float32"), (4, 4), "pad", (255, 0, 100))
    assert gray[0, 0, 0] == pytest.approx(0.299 * 255 + 0.114 * 100)
    clear = fit_picture(np.full((2, 4, 4), 255, "uint8"), (4, 4), "pad", (1, 2, 3))
    assert clear[0, 0].tolist() == [1, 2, 3, 0]
    assert clear[1, 0].tolist() == [255] * 4


@pytest.mark.parametrize("size", [(4, 4), (4, 6), (6, 4)])
@pytest.mark.parametrize("shape", [(40, 60), (60, 40), (50, 50), (1, 5), (3, 3)])
def test_room_for_random_crops(shape, size):
    picture = fit_picture(columns(*shape), size, "random_crop")
    height, width = picture.shape[:2]
    # One side fits, and the shape stays within the rounding of a pixel.
    assert height == size[0] or width == size[1]
    assert height >= size[0]
    assert width >= size[1]
    assert abs(height * shape[1] / shape[0] - width) <= shape[1] / shape[0]


def test_room_for_random_crops_has_an_end():
    picture = fit_picture(columns(2, 200), (4, 4), "random_crop")
    assert picture.shape == (4, 32, 1)
    # The middle: 16 of the 200 columns, at twice their size.
    np.testing.assert_allclose([picture.min(), picture.max()], [92, 107], atol=0.3)
    np.testing.assert_allclose(picture.mean(), 99.5, atol=0.1)


@DTYPES
def test_fine_stripes_become_even_and_not_coarse_stripes(dtype):
    """Without antialiasing, each ninth column would be taken: black or white, never gray."""
    stripes = (columns(90, 90) % 2 * 255).astype(dtype)
    small = fit_picture(stripes, (10, 10)).astype("float32")
    assert np.abs(small[:, 2:-2] - 127.5).max() < 15


@pytest.mark.parametrize("how", ["crop", "random_crop", "pad", "stretch"])
def test_the_right_size_is_left_alone(how):
    picture = np.random.default_rng(0).uniform(0, 255, (5, 7, 3)).astype("float32")
    np.testing.assert_array_equal(fit_picture(picture, (5, 7), how), picture)


@pytest.mark.parametrize("how", ["crop", "random_crop", "pad", "stretch"])
def test_one_pixel_is_enlarged(how):
    picture = np.array([[[7, 8, 9]]], "uint8")
    large = fit_picture(picture, (3, 3), how)
    assert np.unique(large.reshape(-1, 3), axis=0).tolist() == [[7, 8, 9]]
    assert resize_picture(picture, (1, 1)) is picture


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_resized_in_its_own_type(dtype, channels):
    picture = np.random.default_rng(0).uniform(0, 255, (6, 9, channels)).astype(dtype)
    resized = resize_picture(picture, (12, 5))
    assert (resized.shape, resized.dtype) == ((12, 5, channels), np.dtype(dtype))
    assert 0 <= resized.min() <= resized.max() <= 255
    np.testing.assert_array_equal(resize_picture(picture, (6, 9)), picture)
    # What is equal stays so; what lies between two steps is not rounded.
    even = np.full((6, 9, channels), 100.25).astype(dtype)
    np.testing.assert_allclose(resize_picture(even, (12, 5)), even[0, 0, 0], rtol=1e-6)


def test_what_cannot_be_seen_lends_no_color():
    picture = np.zeros((4, 4, 4), "uint8")
    picture[:, :2] = [200, 100, 50, 255]
    picture[:, 2:] = [0, 255, 0, 0]
    for dtype in ("uint8", "float32"):
        resized = resize_picture(picture.astype(dtype), (2, 2))
        np.testing.assert_allclose(resized[:, 0, :3], [[200, 100, 50]] * 2, atol=1)


def test_integers_and_floats_are_resized_alike():
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype="uint8")
    wide = resize_picture(picture.astype("float32"), (7, 9))
    np.testing.assert_allclose(resize_picture(picture, (7, 9)), wide, atol=1.01)
