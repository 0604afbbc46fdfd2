"""One picture of a file: its range, its depth, its colors and what is transparent in it."""

import numpy as np
import pytest
from image_files import png, tiff
from PIL import Image

from kerasgan.datasets.picture import read_picture
from kerasgan.datasets.picture_header import UnreadablePictureError

# Every fifth of the way from black to white.
FIFTHS = np.arange(6).reshape(2, 3, 1) / 5
EXPECTED = 255 * FIFTHS


def saved(tmp_path, content, name="a.png"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def fifths(dtype, most):
    return (FIFTHS * most).astype(dtype)


SIXTEEN = fifths("uint16", 65535)
DEPTHS = {
    "PNG of 16 bits": lambda: png(SIXTEEN),
    "TIFF of 16 bits": lambda: tiff(SIXTEEN),
    "TIFF of 16 bits, white is 0": lambda: tiff(65535 - SIXTEEN, photometric=0),
    "TIFF of 12 bits": lambda: tiff(fifths("uint16", 4095), bits=12),
    "TIFF of float32": lambda: tiff(FIFTHS.astype("float32")),
    "TIFF of float32, white is 0": lambda: tiff((1 - FIFTHS).astype("float32"), photometric=0),
    "PGM of 16 bits": lambda: b"P5 3 2 65535\n" + SIXTEEN.astype(">u2").tobytes(),
    "PGM of 12 bits": lambda: b"P5 # 12\n3 2\n4095\n" + fifths(">u2", 4095).tobytes(),
}


@pytest.mark.parametrize("kind", DEPTHS)
def test_more_than_8_bits_go_from_black_to_white_without_steps(tmp_path, kind):
    picture = read_picture(saved(tmp_path, DEPTHS[kind]()), channels=1)
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture, EXPECTED, rtol=1e-6)


@pytest.mark.parametrize("step", [1, 2, 255])
def test_a_step_of_16_bits_is_one(tmp_path, step):
    values = np.array([30000, 30000 + step], "uint16").reshape(1, 2, 1)
    picture = read_picture(saved(tmp_path, png(values)), channels=1)
    assert float(np.diff(picture.ravel())[0]) == pytest.approx(step / 257, rel=1e-3)


def test_8_bits_stay_integers(tmp_path):
    values = np.arange(6, dtype="uint8").reshape(2, 3, 1)
    for content in (png(values), tiff(values), b"P5 3 2 255\n" + values.tobytes()):
        picture = read_picture(saved(tmp_path, content), channels=1)
        assert picture.dtype == np.uint8
        np.testing.assert_array_equal(picture, values)
    np.testing.assert_array_equal(
        read_picture(saved(tmp_path, tiff(values, photometric=0)), channels=1), 255 - values
    )


def test_fewer_than_8_bits_go_from_black_to_white(tmp_path):
    Image.fromarray(np.array([[False, True]])).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", channels=1).ravel().tolist() == [0, 255]
    path = saved(tmp_path, b"P5 2 1 100\n" + bytes([50, 100]))
    assert read_picture(path, channels=1).ravel().tolist() == [128, 255]


UNDECLARED = {
    "int32": ("signed integers of 32 bits from 0 to 255", lambda: tiff(fifths("int32", 255))),
    "uint32": ("unsigned integers of 32 bits", lambda: tiff(fifths("uint32", 255))),
    "int16": ("signed integers of 16 bits", lambda: tiff(fifths("int16", 255))),
    "int8": ("signed integers of 8 bits from -100 to 0", lambda: tiff(fifths("int8", -100))),
    "float32": ("floating-point numbers from 0 to 255", lambda: tiff(fifths("float32", 255))),
    "below 0": ("floating-point numbers from -1 to 0", lambda: tiff(-fifths("float32", 1))),
}


@pytest.mark.parametrize("kind", UNDECLARED)
def test_what_declares_no_black_and_white_is_asked_for(tmp_path, kind):
    holds, content = UNDECLARED[kind]
    message = rf"`value_range`. Expected a range \(low, high\).*a.png holds {holds}.*range=None"
    with pytest.raises(ValueError, match=message):
        read_picture(saved(tmp_path, content()))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint32", "int16", "float32"])
def test_a_range_that_is_given_holds_for_every_type(tmp_path, dtype):
    path = saved(tmp_path, tiff(fifths(dtype, 200)))
    picture = read_picture(path, channels=1, value_range=(0, 200))
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture, EXPECTED, rtol=1e-6)
    np.testing.assert_allclose(
        read_picture(path, channels=1, value_range=(-200, 200)), (255 + EXPECTED) / 2, rtol=1e-6
    )
    for low, high in ((0, 199), (1, 200)):
        message = r"`value_range`. Expected a range \(low, high\) that holds all.* from 0 to 200"
        with pytest.raises(ValueError, match=message):
            read_picture(path, value_range=(low, high))


def test_values_below_0_and_large_ones(tmp_path):
    values = np.array([-32768, 0, 32767], "int16").reshape(1, 3, 1)
    path = saved(tmp_path, tiff(values))
    picture = read_picture(path, channels=1, value_range=(-32768, 32767))
    np.testing.assert_allclose(picture.ravel(), [0, 255 * 32768 / 65535, 255], rtol=1e-6)
    values = np.array([0, 2**31, 2**32 - 1], "uint32").reshape(1, 3, 1)
    picture = read_picture(saved(tmp_path, tiff(values)), channels=1, value_range=(0, 2**32 - 1))
    np.testing.assert_allclose(picture.ravel(), [0, 127.5, 255], rtol=1e-6)


def test_numbers_that_are_not_finite(tmp_path):
    values = np.array([0, np.nan, 1], "float32").reshape(1, 3, 1)
    for value_range in (None, (0, 1)):
        with pytest.raises(UnreadablePictureError, match="NaN or infinite"):
            read_picture(saved(tmp_path, tiff(values)), value_range=value_range)


COLORS = np.array(
    [[[0, 1, 65535], [300, 40000, 5], [9, 8, 7]], [[1, 2, 3], [65535, 0, 0], [60000, 1, 2]]],
    "uint16",
)
LUMA = [0.299, 0.587, 0.114]  # ITU-R BT.601


def test_colors_of_16_bits(tmp_path):
    path = saved(tmp_path, png(COLORS))
    np.testing.assert_allclose(read_picture(path), COLORS / 257, rtol=1e-6)
    gray = read_picture(path, channels=1)
    np.testing.assert_allclose(gray[..., 0], COLORS @ LUMA / 257, rtol=1e-6)
    opaque = read_picture(path, channels=4)
    np.testing.assert_allclose(opaque[..., :3], COLORS / 257, rtol=1e-6)
    assert set(opaque[..., 3].ravel()) == {255.0}


def test_grays_become_colors(tmp_path):
    picture = read_picture(saved(tmp_path, png(SIXTEEN)))
    np.testing.assert_allclose(picture, np.repeat(EXPECTED, 3, axis=-1), rtol=1e-6)


@pytest.mark.parametrize("channels", [2, 4])
def test_opacity_of_16_bits(tmp_path, channels):
    color = COLORS[..., : channels - 1]
    opacity = np.linspace(0, 65535, 6).reshape(2, 3, 1).astype("uint16")
    path = saved(tmp_path, png(np.concatenate([color, opacity], axis=-1)))
    share, three = opacity / 65535, np.broadcast_to(color / 257, (2, 3, 3))
    np.testing.assert_allclose(read_picture(path), three * share + 255 * (1 - share), rtol=1e-6)
    over = read_picture(path, background=(0, 100, 0))
    np.testing.assert_allclose(
        over, three * share + [0, 100, 0] * (1 - share), rtol=1e-5, atol=1e-5
    )
    kept = read_picture(path, channels=4)
    np.testing.assert_allclose(kept, np.concatenate([three, 255 * share], axis=-1), rtol=1e-6)


@pytest.mark.parametrize("values", [SIXTEEN, COLORS], ids=["gray", "color"])
def test_one_color_of_16_bits_is_transparent(tmp_path, values):
    path = saved(tmp_path, png(values, transparent=values[1, 1].tolist()))
    expected = np.broadcast_to(values / 257, (2, 3, 3)).copy()
    expected[1, 1] = 255
    np.testing.assert_allclose(read_picture(path), expected, rtol=1e-6)
    opacity = read_picture(path, channels=4)[..., 3]
    assert opacity[1, 1] == 0
    assert np.sum(opacity == 255) == 5


def test_transparency_of_8_bits_over_a_color(tmp_path):
    Image.new("RGBA", (1, 1), (10, 20, 30, 0)).save(tmp_path / "a.png")
    path = tmp_path / "a.png"
    assert read_picture(path).ravel().tolist() == [255, 255, 255]
    assert read_picture(path, background=(1, 2, 3)).ravel().tolist() == [1, 2, 3]
    assert read_picture(path, channels=4).ravel().tolist() == [10, 20, 30, 0]
    ranged = read_picture(path, channels=4, value_range=(0, 30))
    np.testing.assert_allclose(ranged.ravel(), [85, 170, 255, 0], rtol=1e-6)


@pytest.mark.parametrize(
    "content",
    [
        lambda: tiff(COLORS, photometric=2),
        lambda: b"P6 3 2 65535\n" + COLORS.astype(">u2").tobytes(),
        lambda: b"P6\n# 12 bits\n3 2\n4095\n" + (COLORS % 4096).astype(">u2").tobytes(),
    ],
    ids=["TIFF", "PPM", "PPM of 12 bits"],
)
def test_depth_that_would_be_lost_is_refused(tmp_path, content):
    with pytest.raises(UnreadablePictureError, match="16 bits, .*save it as a PNG file of 16 bits"):
        read_picture(saved(tmp_path, content()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_their_camera_says_at_any_depth(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    values = np.arange(6, dtype="uint8").reshape(2, 3)
    turned = []
    for dtype, scale in (("uint8", 1), ("uint16", 257)):
        for ending in ("png", "tif"):
            path = tmp_path / f"{dtype}.{ending}"
            Image.fromarray(values.astype(dtype) * np.array(scale, dtype)).save(path, exif=exif)
            turned.append(read_picture(path, channels=1))
    assert turned[0].dtype != turned[2].dtype
    for other in turned[1:]:
        np.testing.assert_allclose(other, turned[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("channels", {"channels": 2}),
        ("channels", {"channels": True}),
        ("value_range", {"value_range": (1, 0)}),
        ("value_range", {"value_range": (0, 1, 2)}),
        ("value_range", {"value_range": 255}),
        ("value_range", {"value_range": (0, "a")}),
    ],
)
def test_argument_out_of_range(tmp_path, argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`"):
        read_picture(tmp_path / "none.png", **options)


@pytest.mark.parametrize("content", [b"", b"no picture", png(SIXTEEN)[:50], tiff(SIXTEEN)[:150]])
def test_files_that_are_no_pictures(tmp_path, content):
    with pytest.raises(UnreadablePictureError, match=r"a\.png, which cannot \("):
        read_picture(saved(tmp_path, content))
    with pytest.raises(UnreadablePictureError, match=r"none\.png, which cannot \("):
        read_picture(tmp_path / "none.png")


def test_palettes_and_cmyk(tmp_path):
    palette = Image.new("P", (2, 1))
    palette.putpalette([7, 8, 9, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").tolist() == [[[7, 8, 9], [200, 100, 50]]]
    # Ink of 0 is paper; of ink and black, what is left of the light is multiplied.
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 128, 0, 0]]], "uint8")
    for name in ("a.tif", "a.jpg"):
        Image.fromarray(inks.repeat(8, 0).repeat(8, 1), "CMYK").save(tmp_path / name)
        picture = read_picture(tmp_path / name)
        assert picture.dtype == np.uint8
        expected = [[255, 255, 255], [0, 255, 255], [0, 0, 0], [255, 127, 255]]
        np.testing.assert_allclose(picture[4, 4::8], expected, atol=12)


def test_a_large_photograph_is_decoded_smaller_where_that_is_enough(tmp_path):
    y, x = np.mgrid[:640, :960]
    waves = 127 + 60 * np.sin(x / 90) + 60 * np.cos(y / 70)
    Image.fromarray(waves.astype("uint8")).save(tmp_path / "a.jpg", quality=95)
    whole = read_picture(tmp_path / "a.jpg", channels=1)
    small = read_picture(tmp_path / "a.jpg", channels=1, enough=150)
    assert whole.shape == (640, 960, 1)
    assert small.shape == (160, 240, 1)
    means = whole.reshape(160, 4, 240, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(small[..., 0], means, atol=2.0)
    # At no size below that which is enough, and no other type of file at all.
    assert read_picture(tmp_path / "a.jpg", enough=600).shape == (640, 960, 3)
    Image.fromarray(waves.astype("uint8")).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png", enough=10).shape == (640, 960, 3)


def test_limits_of_a_pictures_size(tmp_path):
    Image.new("L", (5, 3)).save(tmp_path / "a.png")
    path = tmp_path / "a.png"
    assert read_picture(path, min_size=3, max_pixels=15).shape == (3, 5, 3)
    with pytest.raises(
        UnreadablePictureError, match="3×5 pixels. That is more than `max_pixels`=14"
    ):
        read_picture(path, max_pixels=14)
    with pytest.raises(UnreadablePictureError, match="3×5 pixels, a side .* `min_size`=4"):
        read_picture(path, min_size=4)
