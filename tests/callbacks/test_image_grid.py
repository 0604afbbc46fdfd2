"""Pixels of grids at known places, files that are whole, and what cannot be drawn."""

import numpy as np
import pytest
from PIL import Image

from kerasgan.callbacks import image_grid, save_image


def pixels(*arguments, **options):
    return np.asarray(image_grid(*arguments, **options))


def ramp(count, *shape):
    return np.arange(count * np.prod(shape), dtype="float32").reshape(count, *shape)


@pytest.mark.parametrize("channels", [(), (1,), (3,), (4,)], ids=str)
def test_every_pixel_is_where_it_belongs(channels):
    samples = ramp(6, 2, 3, *channels)
    grid = pixels(samples, rows=2, columns=3, value_range=(0, 255), scale=4, padding=5)
    drawn = channels if channels != (1,) else ()
    assert grid.shape == (2 * (8 + 5) + 5, 3 * (12 + 5) + 5, *drawn)
    expected = np.full(grid.shape, 255, "uint8")
    for index, sample in enumerate(samples.reshape(6, 2, 3, *drawn)):
        top, left = 5 + index // 3 * 13, 5 + index % 3 * 17
        for y in range(8):
            for x in range(12):
                expected[top + y, left + x] = sample[y // 4, x // 4]
    np.testing.assert_array_equal(grid, expected)


def test_modes():
    shapes = {(2, 2): "L", (2, 2, 1): "L", (2, 2, 3): "RGB", (2, 2, 4): "RGBA"}
    assert {shape: image_grid(np.zeros((1, *shape))).mode for shape in shapes} == shapes


def test_value_range_is_mapped_rounded_and_clipped():
    samples = np.array([-9, -1, 0, 0.5, 1, 9]).reshape(1, 1, 6)
    assert pixels(samples, scale=1, padding=0).tolist() == [[0, 0, 128, 191, 255, 255]]


def test_unsigned_bytes_keep_their_values():
    samples = np.arange(256, dtype="uint8").reshape(1, 16, 16)
    drawn = pixels(samples, value_range=(0, 255), scale=1, padding=0)
    np.testing.assert_array_equal(drawn, samples[0])


def test_a_normalization_is_inverted():
    class Halves:
        def invert(self, samples):
            return samples * 100 + 100

    samples = np.array([[[-1.0, 0.0, 1.0]]])
    assert pixels(samples, value_range=Halves(), scale=1, padding=0).tolist() == [[0, 100, 200]]
    named = Halves()
    named.value_range = (0, 200)
    assert pixels(samples, value_range=named, scale=1, padding=0).tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    ("count", "rows", "columns", "cells"),
    [
        (9, None, None, (3, 3)),
        (10, None, None, (3, 4)),
        (2, None, None, (1, 2)),
        (10, 2, None, (2, 5)),
        (10, None, 3, (4, 3)),
        (3, 2, 5, (2, 5)),
    ],
)
def test_shape_of_the_grid(count, rows, columns, cells):
    samples = np.zeros((count, 1, 1, 1))
    grid = pixels(samples, rows, columns, value_range=(0, 1), scale=1, padding=0)
    assert grid.shape == cells
    # Cells without a sample are white.
    np.testing.assert_array_equal(grid.ravel() == 0, np.arange(grid.size) < count)


@pytest.mark.parametrize("size", [1, 8, 28, 64, 99, 100, 101, 399])
def test_chosen_scale_makes_400_to_800_pixels(size):
    assert 400 < max(image_grid(np.zeros((1, size, 3)), padding=0).size) <= 800


def test_large_images_are_not_enlarged():
    assert image_grid(np.zeros((2, 10, 500)), padding=0).size == (1000, 10)


def colored(picture):
    """Marks the pixels of a curve: the frame and the zero line are gray."""
    return np.ptp(np.asarray(picture).astype(int), axis=-1) > 40


def test_curves_are_drawn_from_low_to_high():
    rising = np.linspace(-1, 1, 20)
    picture = image_grid(np.stack([rising, -rising]), rows=1, scale=3, padding=2)
    assert picture.size == (2 * (96 + 2) + 2, 72 + 4)
    assert picture.mode == "RGB"
    marked = colored(picture)
    # The first starts at the bottom left, the second at the top left.
    rows = [np.flatnonzero(marked[:, left + 6]).mean() for left in (2, 100)]
    assert rows[0] > 60
    assert rows[1] < 15
    np.testing.assert_array_equal(colored(picture)[2:74, 2:98], marked[73:1:-1, 100:196])


def test_sequences_are_curves_where_they_cannot_be_images_or_are_named_so():
    sequence = np.sin(np.arange(24.0)).reshape(2, 12)
    vectors = pixels(sequence, scale=2)
    np.testing.assert_array_equal(pixels(sequence[..., None], scale=2), vectors)
    assert pixels(sequence.reshape(2, 6, 2), scale=2).ndim == 2
    assert pixels(sequence.reshape(2, 6, 2), scale=2, kind="curves").shape == vectors.shape


def test_dimensions_have_colors_of_their_own():
    curves = np.stack([np.full(10, -0.5), np.full(10, 0.5)], axis=-1)[None]
    marked = pixels(curves, scale=4, padding=0, kind="curves")
    column = marked[:, 64][colored(marked)[:, 64]]
    assert len(np.unique(column[[0, -1]], axis=0)) == 2


def test_axis_of_curves_grows_and_flat_curves_stay_inside():
    inside = colored(image_grid(np.array([[0.0, 50.0, 100.0]]), scale=4, padding=0))
    assert inside[3:-3].any()
    assert not inside[0].any()
    assert not inside[-1].any()

    class Same:
        def invert(self, samples):
            return samples

    flat = colored(image_grid(np.full((1, 9), 7.0), value_range=Same(), scale=4, padding=0))
    assert abs(np.flatnonzero(flat.any(axis=1)).mean() - 47.5) < 2


def test_a_single_value_is_a_dot():
    picture = image_grid(np.array([[0.5]]), scale=4, padding=0)
    rows, columns = np.nonzero(colored(picture))
    assert abs(columns.mean() - 63.5) < 1.5
    assert rows.mean() < 40


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (np.zeros((2, 4, 4, 2)), {}, r"1, 3 or 4 channels.*\(2, 4, 4, 2\)"),
        (np.zeros((2, 4, 4, 3, 3)), {}, "for images"),
        (np.zeros(4), {}, "for images"),
        (np.zeros((0, 4, 4)), {}, "non-empty"),
        (np.zeros((2, 4, 4, 3)), {"kind": "curves"}, "for curves"),
        (np.zeros((2, 4, 4)), {"kind": "curve"}, "`kind`"),
        (np.full((2, 4, 4), np.nan), {}, "32 of 32 values are NaN"),
        (np.zeros((5, 4, 4)), {"rows": 2, "columns": 2}, "5 samples. Received: rows=2, columns=2"),
        (np.zeros((5, 4, 4)), {"rows": 0}, "`rows`. Expected a positive integer. Received: rows=0"),
        (np.zeros((5, 4, 4)), {"columns": 1.5}, "`columns`"),
        (np.zeros((5, 4, 4)), {"scale": 0}, "`scale`"),
        (np.zeros((5, 4, 4)), {"padding": -1}, "`padding`. Expected a non-negative integer"),
        (np.zeros((5, 4, 4)), {"value_range": (1, 1)}, "`value_range`"),
        (np.zeros((5, 4, 4)), {"value_range": "tanh"}, "`value_range`"),
    ],
)
def test_what_cannot_be_drawn(samples, options, message):
    with pytest.raises(ValueError, match=message):
        image_grid(samples, **options)


def test_saved_image_is_the_image(tmp_path):
    picture = image_grid(ramp(4, 3, 3), value_range=(0, 36))
    path = save_image(picture, tmp_path / "made" / "here" / "grid.png")
    with Image.open(path) as saved:
        np.testing.assert_array_equal(np.asarray(saved), np.asarray(picture))
    assert [file.name for file in path.parent.iterdir()] == ["grid.png"]


def test_failed_save_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "grid.jpg"
    save_image(Image.new("RGB", (4, 4)), path)
    before = path.read_bytes()
    with pytest.raises(OSError, match="RGBA"):
        save_image(Image.new("RGBA", (4, 4)), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["grid", "grid.txt"])
def test_unknown_format(tmp_path, name):
    with pytest.raises(ValueError, match="suffix of an image format"):
        save_image(Image.new("L", (1, 1)), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
