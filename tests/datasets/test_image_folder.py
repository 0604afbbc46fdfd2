import struct
import zlib

import numpy as np
import pytest
from image_files import png
from PIL import Image

from kerasgan.datasets import image_folder, load


def _save(path, color, size=(6, 4), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path, **options)


def test_sorted_color_images(tmp_path):
    for name, value in [("b.png", 20), ("a.bmp", 10), ("c.PNG", 30), ("10.gif", 5)]:
        _save(tmp_path / name, (value, 2 * value, 3 * value))
    (tmp_path / "notes.txt").write_text("no image")
    _save(tmp_path / ".hidden.png", (0, 0, 0))
    dataset = image_folder(tmp_path)
    assert dataset.x.shape == (4, 4, 6, 3)
    assert (dataset.name, dataset.y, dataset.class_names) == (tmp_path.name, None, None)
    pixels = dataset.invert(dataset.x)[:, 0, 0]
    assert pixels.tolist() == [[5, 10, 15], [10, 20, 30], [20, 40, 60], [30, 60, 90]]


def test_any_kind_of_path(tmp_path):
    _save(tmp_path / "a.png", (1, 2, 3))
    _save(tmp_path / "b.png", (4, 5, 6))
    for path in (tmp_path, str(tmp_path), f"{tmp_path}/"):
        assert len(image_folder(path)) == 2
        assert len(load(path)) == 2


def test_gray(tmp_path):
    _save(tmp_path / "a.png", (255, 255, 255))
    _save(tmp_path / "b.png", 100, mode="L")
    dataset = image_folder(tmp_path, channels=1)
    assert dataset.x.shape == (2, 4, 6, 1)
    assert dataset.invert(dataset.x)[:, 0, 0, 0].tolist() == [255, 100]


def test_subfolders_are_classes(tmp_path):
    for name in ("dogs/1.png", "cats/2.png", "cats/deep/1.png"):
        _save(tmp_path / name, (1, 2, 3))
    dataset = image_folder(tmp_path)
    assert dataset.class_names == ("cats", "dogs")
    assert dataset.y.tolist() == [0, 0, 1]
    assert dataset.number_of_classes == 2
    _save(tmp_path / "stray.png", (1, 2, 3))
    assert image_folder(tmp_path).y is None


@pytest.mark.parametrize(("size", "expected"), [((3, 5), (3, 5)), (7, (7, 7)), ([2, 9], (2, 9))])
def test_resized(tmp_path, size, expected):
    _save(tmp_path / "a.png", (9, 9, 9))
    _save(tmp_path / "b.png", (9, 9, 9), size=(20, 11))
    dataset = image_folder(tmp_path, size=size)
    assert dataset.sample_shape == (*expected, 3)
    assert np.unique(dataset.invert(dataset.x)).tolist() == [9]


def test_transparency_becomes_white(tmp_path):
    _save(tmp_path / "a.png", (10, 20, 30, 0), mode="RGBA")
    _save(tmp_path / "b.png", (10, 20, 30, 255), mode="RGBA")
    _save(tmp_path / "c.png", (0, 0), mode="LA")
    palette = Image.new("P", (6, 4), 0)
    palette.putpalette([7, 8, 9])
    palette.save(tmp_path / "d.png", transparency=b"\x00")
    pixels = image_folder(tmp_path)
    pixels = pixels.invert(pixels.x)[:, 0, 0].tolist()
    assert pixels == [[255, 255, 255], [10, 20, 30], [255, 255, 255], [255, 255, 255]]


def test_sixteen_bits_are_scaled(tmp_path):
    Image.fromarray(np.array([[0, 257, 65535]], "uint16")).save(tmp_path / "a.png")
    dataset = image_folder(tmp_path, channels=1)
    assert dataset.invert(dataset.x).ravel().tolist() == [0, 1, 255]


def test_depths_may_be_mixed(tmp_path):
    Image.fromarray(np.array([[0, 1000, 65535]], "uint16")).save(tmp_path / "a.png")
    Image.fromarray(np.array([[0, 7, 255]], "uint8")).save(tmp_path / "b.png")
    dataset = image_folder(tmp_path, channels=1)
    expected = np.array([[0, 1000 / 257, 255], [0, 7, 255]]) / 127.5 - 1
    np.testing.assert_allclose(dataset.x[:, 0, :, 0], expected, atol=1e-6)
    resized = image_folder(tmp_path, size=(1, 3), channels=1)
    np.testing.assert_array_equal(resized.x, dataset.x)


def test_twelve_bits_in_files_of_sixteen_are_asked_for(tmp_path):
    for name, most in (("a", 100), ("b", 4095)):
        Image.fromarray(np.array([[0, most]], "uint16")).save(tmp_path / f"{name}.png")
    _save(tmp_path / "c.png", 255, (2, 1), "L")
    message = r"`value_range`.*brightest pixel of the 2 images.*6\.25%.*\(0, 4095\).*\(0, 65535\)"
    with pytest.raises(ValueError, match=message):
        image_folder(tmp_path, channels=1)
    (tmp_path / "c.png").unlink()
    dark = image_folder(tmp_path, channels=1, value_range=(0, 65535))
    np.testing.assert_allclose(dark.x[1].ravel(), [-1, 2 * 4095 / 65535 - 1], atol=1e-6)
    bright = image_folder(tmp_path, channels=1, value_range=(0, 4095))
    np.testing.assert_allclose(bright.x[1].ravel(), [-1, 1], atol=1e-6)
    np.testing.assert_allclose(bright.x[0].ravel(), [-1, 200 / 4095 - 1], atol=1e-6)
    assert load(tmp_path, channels=1, value_range=(0, 4095)).x.max() == 1
    Image.fromarray(np.array([[0, 4096]], "uint16")).save(tmp_path / "d.png")
    assert image_folder(tmp_path, channels=1).x.max() < 0


def test_floating_point_and_32_bit_files(tmp_path):
    """Where they hold 0 to 255, they became 0 to 1, or black and white."""
    values = np.array([[0, 51, 255]])
    for name, dtype in (("a.tif", "int32"), ("b.tif", "float32")):
        Image.fromarray(values.astype(dtype)).save(tmp_path / name)
    with pytest.raises(ValueError, match=r"`value_range`.*a\.tif holds signed integers of 32 bits"):
        image_folder(tmp_path, channels=1)
    dataset = image_folder(tmp_path, channels=1, value_range=(0, 255))
    assert dataset.invert(dataset.x)[:, 0, :, 0].tolist() == [[0, 51, 255]] * 2


def test_links_are_followed(tmp_path):
    _save(tmp_path / "elsewhere" / "1.png", (1, 2, 3))
    _save(tmp_path / "data" / "dogs" / "1.png", (4, 5, 6))
    _save(tmp_path / "other.png", (7, 8, 9))
    (tmp_path / "data" / "cats").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "data" / "dogs" / "2.png").symlink_to(tmp_path / "other.png")
    dataset = image_folder(tmp_path / "data")
    assert dataset.class_names == ("cats", "dogs")
    assert dataset.y.tolist() == [0, 1, 1]
    assert dataset.invert(dataset.x)[:, 0, 0, 0].tolist() == [1, 4, 7]


def test_a_link_to_nothing_is_no_silent_loss(tmp_path):
    _save(tmp_path / "a.png", (1, 2, 3))
    (tmp_path / "b.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(ValueError, match=r"argument `path`.*b\.png, which cannot"):
        image_folder(tmp_path)


def test_a_link_that_leads_back(tmp_path):
    _save(tmp_path / "a" / "1.png", (1, 2, 3))
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(ValueError, match="without a link to a folder that it lies in.*again"):
        image_folder(tmp_path)


def test_all_files_that_cannot_be_read_are_named(tmp_path):
    _save(tmp_path / "a.png", (1, 2, 3))
    for name in ("b.png", "c.jpg"):
        (tmp_path / name).write_bytes(b"no image at all")
    with pytest.raises(ValueError, match=r"(?s)2 of 3 files.*b\.png, which.*c\.jpg, which"):
        image_folder(tmp_path)


def test_turned_as_the_camera_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    _save(tmp_path / "a.jpg", (50, 50, 50), exif=exif)
    assert image_folder(tmp_path).sample_shape == (6, 4, 3)


def test_normalization(tmp_path):
    _save(tmp_path / "a.png", (51, 51, 51))
    np.testing.assert_allclose(image_folder(tmp_path, normalization="min_max").x, 0.2, atol=1e-6)


def test_empty_folder(tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=r"argument `path`.*which has none"):
        image_folder(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no image at all"])
def test_unreadable_image(tmp_path, content):
    _save(tmp_path / "a.png", (1, 2, 3))
    (tmp_path / "broken.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"argument `path`.*broken\.png, which cannot"):
        image_folder(tmp_path)


def test_truncated_image(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype("uint8")
    for name in ("cut.png", "cut.jpg"):
        path = tmp_path / name
        Image.fromarray(noise).save(path)
        path.write_bytes(path.read_bytes()[:-600])
        with pytest.raises(ValueError, match=rf"argument `path`.*{name}, which cannot"):
            image_folder(tmp_path)
        path.unlink()


def test_sizes_differ(tmp_path):
    _save(tmp_path / "a.png", (1, 2, 3))
    _save(tmp_path / "b.png", (1, 2, 3), size=(7, 7))
    with pytest.raises(
        ValueError, match=r"`size`.*a\.png has \(4, 6\).*b\.png has \(7, 7\).*`size` to"
    ):
        image_folder(tmp_path)


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        image_folder(tmp_path / "nothing")
    _save(tmp_path / "a.png", (1, 2, 3))
    with pytest.raises(NotADirectoryError, match="which is a file"):
        image_folder(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("channels", {"channels": 2}),
        ("channels", {"channels": True}),
        ("size", {"size": 0}),
        ("size", {"size": (4, 0)}),
        ("size", {"size": (4, 4, 3)}),
        ("size", {"size": "8"}),
        ("value_range", {"value_range": (255, 0)}),
    ],
)
def test_argument_out_of_range(tmp_path, argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`"):
        image_folder(tmp_path, **options)


def test_another_shape_is_cropped_unless_asked_otherwise(tmp_path):
    stripe = np.zeros((4, 12), "uint8")
    stripe[:, 4:8] = 90
    Image.fromarray(stripe).save(tmp_path / "a.png")
    pixels = {}
    for resize in (None, "crop", "pad", "stretch"):
        options = {} if resize is None else {"resize": resize}
        data = image_folder(tmp_path, size=4, channels=1, background="#0000ff", **options)
        pixels[resize] = data.invert(data.x)[0, ..., 0]
    np.testing.assert_array_equal(pixels[None], np.full((4, 4), 90))
    np.testing.assert_array_equal(pixels["crop"], pixels[None])
    assert pixels["pad"][0].tolist() == [29] * 4  # the brightness of blue
    assert pixels["stretch"][:, 0].max() < 20
    assert pixels["stretch"][:, 1:3].min() > 45


def test_opacity_is_kept_in_4_channels(tmp_path):
    _save(tmp_path / "a.png", (10, 20, 30, 40), mode="RGBA")
    _save(tmp_path / "b.png", (10, 20, 30))
    data = image_folder(tmp_path, channels=4)
    assert data.invert(data.x)[:, 0, 0].tolist() == [[10, 20, 30, 40], [10, 20, 30, 255]]


@pytest.mark.parametrize("background", ["teal", "#008080", (0, 128, 128)])
def test_what_is_transparent_shows_the_background(tmp_path, background):
    _save(tmp_path / "a.png", (10, 20, 30, 0), mode="RGBA")
    data = image_folder(tmp_path, background=background)
    assert data.invert(data.x)[0, 0, 0].tolist() == [0, 128, 128]


def test_files_that_cannot_be_read_are_left_out_if_asked(tmp_path):
    _save(tmp_path / "cats" / "a.png", (1, 2, 3))
    _save(tmp_path / "dogs" / "c.png", (4, 5, 6))
    for name in ("cats/b.png", "fish/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"no image at all")
    with pytest.raises(ValueError, match='`on_error="skip"` to leave out'):
        image_folder(tmp_path)
    data = image_folder(tmp_path, on_error="skip")
    assert data.invert(data.x)[:, 0, 0, 0].tolist() == [1, 4]
    assert (data.class_names, data.y.tolist()) == (("cats", "dogs"), [0, 1])


def test_a_folder_of_broken_files_alone(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image at all")
    with pytest.raises(ValueError, match=r"a\.png, which cannot") as caught:
        image_folder(tmp_path, on_error="skip")
    assert "on_error" not in str(caught.value)


def test_a_message_has_an_end(tmp_path):
    for index in range(30):
        (tmp_path / f"{index:02}.png").write_bytes(b"")
    _save(tmp_path / "a.png", (1, 2, 3))
    with pytest.raises(ValueError, match="30 of 31 files") as caught:
        image_folder(tmp_path)
    assert len(str(caught.value).splitlines()) == 22
    assert "and 10 more, which `inspect_image_folder` lists" in str(caught.value)
    assert len(caught.value.faults) == 30


def test_a_decompression_bomb_is_not_decoded(tmp_path):
    """20,000 by 20,000 pixels, in a file of some bytes."""
    head = png(np.zeros((1, 1, 3), "uint8"))
    size = struct.pack(">II", 20_000, 20_000) + head[24:29]
    bomb = head[:16] + size + struct.pack(">I", zlib.crc32(b"IHDR" + size)) + head[33:]
    (tmp_path / "bomb.png").write_bytes(bomb)
    _save(tmp_path / "a.png", (1, 2, 3))
    message = r"bomb\.png, .*400000000 pixels.*more than `max_pixels`=178956970: give a larger `max"
    with pytest.raises(ValueError, match=message):
        image_folder(tmp_path)
    assert len(image_folder(tmp_path, on_error="skip")) == 1
    with pytest.raises(ValueError, match="more than `max_pixels`=23"):
        image_folder(tmp_path, max_pixels=23)


def test_only_other_files(tmp_path):
    (tmp_path / "a.heic").write_bytes(b"")
    with pytest.raises(
        ValueError, match=r"has none, but 1 \.heic: save them as one of these types"
    ):
        image_folder(tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        {"resize": "random_crop"},
        {"resize": "squash"},
        {"background": "no color"},
        {"background": (0, 0, 256)},
        {"background": (0, 0)},
        {"on_error": "ignore"},
        {"max_pixels": 0},
        {"channels": 2},
        {"size": (1, 2, 3)},
    ],
)
def test_arguments_out_of_range(tmp_path, options):
    _save(tmp_path / "a.png", (1, 2, 3))
    with pytest.raises(ValueError, match=f"Invalid value for argument `{next(iter(options))}`"):
        image_folder(tmp_path, **options)
