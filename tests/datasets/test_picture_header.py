"""What a file declares of its picture, without decoding it."""

import numpy as np
import pytest
from image_files import png, tiff
from PIL import Image

from kerasgan.datasets.picture_header import UnreadablePictureError, pixels_allowed, read_header

VALUES = np.arange(6).reshape(2, 3, 1)

FILES = {
    "gray": (lambda: png(VALUES.astype("uint8")), ("L", "PNG", 8, "unsigned", True)),
    "16 bits": (lambda: png(VALUES.astype("uint16")), ("I;16", "PNG", 16, "unsigned", True)),
    "12 bits": (
        lambda: tiff(VALUES.astype("uint16"), bits=12),
        (None, "TIFF", 12, "unsigned", True),
    ),
    "int16": (lambda: tiff(VALUES.astype("int16")), (None, "TIFF", 16, "signed", False)),
    "int32": (lambda: tiff(VALUES.astype("int32")), ("I", "TIFF", 32, "signed", False)),
    "uint32": (lambda: tiff(VALUES.astype("uint32")), ("I", "TIFF", 32, "unsigned", False)),
    "float32": (lambda: tiff(VALUES.astype("float32")), ("F", "TIFF", 32, "float", True)),
}


@pytest.mark.parametrize("kind", FILES)
def test_depths(tmp_path, kind):
    content, (mode, file_format, bits, numbers, declares) = FILES[kind]
    path = tmp_path / "a.png"
    path.write_bytes(content())
    header = read_header(path)
    assert mode in (None, header.mode)
    assert (header.height, header.width) == (2, 3)
    assert (header.file_format, header.bits, header.numbers) == (file_format, bits, numbers)
    assert header.declares_range == declares
    assert not header.is_transparent


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_pictures_on_their_side(tmp_path, ending, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{ending}"
    Image.new("RGB", (6, 4)).save(path, exif=exif)
    header = read_header(path)
    assert (header.height, header.width) == ((4, 6) if orientation < 5 else (6, 4))


def test_transparency(tmp_path):
    Image.new("RGBA", (1, 1)).save(tmp_path / "a.png")
    Image.new("P", (1, 1)).save(tmp_path / "b.png", transparency=0)
    assert read_header(tmp_path / "a.png").is_transparent
    assert read_header(tmp_path / "b.png").is_transparent


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_files_that_are_no_pictures(tmp_path, content):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(UnreadablePictureError, match=r"a\.png, which cannot \("):
        read_header(path)


def test_pillow_keeps_its_own_limit(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    with pixels_allowed(2 * before):
        during = Image.MAX_IMAGE_PIXELS
    with pytest.raises(UnreadablePictureError), pixels_allowed(2 * before):
        read_header(tmp_path / "none.png")
    after = Image.MAX_IMAGE_PIXELS
    assert (during, after) == (2 * before, before)
