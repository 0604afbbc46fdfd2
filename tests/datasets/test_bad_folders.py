"""Folders that nothing can be learned from: a sentence each, with an option that exists."""

import inspect
import re
import struct
import zlib

import numpy as np
import pytest
from image_files import png, tiff
from PIL import Image

from kerasgan.datasets import image_stream

GRAY = np.arange(16, dtype="uint8").reshape(4, 4)


def bomb():
    """A file of some bytes that declares 20,000 by 20,000 pixels."""
    content = png(np.zeros((1, 1, 3), "uint8"))
    size = struct.pack(">II", 20_000, 20_000) + content[24:29]
    return content[:16] + size + struct.pack(">I", zlib.crc32(b"IHDR" + size)) + content[33:]


def good(count):
    return {f"{index}.png": png(GRAY[..., None] + index) for index in range(count)}


SMALL = png(np.full((1, 1, 3), 7, "uint8"))
DARK = png(np.arange(4096, dtype="uint16").reshape(64, 64, 1))
# The folder, the options, what the sentence says, and the options that help.
FOLDERS = {
    "empty": ({}, {}, r"`path`.*which has none", None),
    "of other files": ({"a.heic": b"", "b.txt": b""}, {}, r"none, but 1 \.heic, 1 \.txt", None),
    "one picture": (good(1), {}, r"at least 2 different.*Received: 1 picture", {"min_count": 1}),
    "all equal": (
        {f"{index}.png": png(GRAY[..., None]) for index in range(5)},
        {},
        r"at least 2 different .*`min_count=1` takes .*5 pictures that are all the same",
        {"min_count": 1},
    ),
    "equal when small": (
        good(3) | {"x.png": png(np.full((40, 40, 1), 9, "uint8"))},
        {"size": 4, "min_count": 9},
        r"at least 9 different .*4 different pictures",
        {"min_count": 4},
    ),
    "mixed sizes": (
        good(2) | {"x.png": png(np.zeros((5, 4, 1), "uint8"))},
        {},
        r"`size`.*0\.png has \(4, 4\).*x\.png has \(5, 4\).*Give `size`",
        {"size": (4, 4)},
    ),
    "mixed depths": (
        good(2) | {"x.tif": tiff(GRAY[..., None].astype("int32"))},
        {},
        r"`value_range`.*x\.tif holds signed integers of 32 bits",
        {"on_error": "skip"},
    ),
    "12 bits in 16": (
        {"0.png": DARK, "1.png": png(np.zeros((64, 64, 1), "uint16"))},
        {},
        r"`value_range`.*\(0, 4095\)",
        {"value_range": (0, 4095)},
    ),
    "broken": (
        good(2) | {"x.png": png(GRAY[..., None])[:50], "y.jpg": b"no picture"},
        {},
        r'(?s)`on_error="skip"` .*2 of 4 files.*x\.png, which cannot.*y\.jpg, which cannot',
        {"on_error": "skip"},
    ),
    "a broken file alone": ({"x.png": b""}, {}, r"x\.png, which cannot", None),
    "one pixel": (
        good(2) | {"x.png": SMALL},
        {"size": 4},
        r"x\.png, .*1×1 pixels.*`min_size`=2; give a smaller `min_size`",
        {"min_size": 1},
    ),
    "one pixel, left out": (
        good(2) | {"x.png": SMALL},
        {"size": 4},
        r'`on_error="skip"`',
        {"on_error": "skip"},
    ),
    "a bomb": (
        good(2) | {"x.png": bomb()},
        {"size": 4},
        r"x\.png, .*more than `max_pixels`=178956970: give a larger `max_pixels`",
        {"on_error": "skip"},
    ),
    "a large picture": (
        good(2) | {"x.png": png(np.zeros((10, 10, 1), "uint8"))},
        {"size": 4, "max_pixels": 99},
        r"x\.png, .*10×10 pixels.*more than `max_pixels`=99: give a larger",
        {"max_pixels": 100},
    ),
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_bad_folder_is_told_with_what_helps(tmp_path, kind):
    files, options, message, remedy = FOLDERS[kind]
    folder = tmp_path / "in"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    options = {"channels": 1, "cache": tmp_path / "cache", **options}
    for _ in range(2):  # with nothing in the cache, and with what the first time has left
        with pytest.raises(ValueError, match=message) as caught:
            image_stream(folder, **options)
    named = set(re.findall(r"`(\w+)[=`]", str(caught.value)))
    assert named <= set(inspect.signature(image_stream).parameters)
    if remedy is not None:
        assert named & set(remedy)
        pictures = image_stream(folder, **(options | remedy))
        assert len(next(iter(pictures.batches(1)))) == 1


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(png(GRAY[..., None]))
    locked = tmp_path / "b.png"
    locked.write_bytes(png(GRAY[..., None] + 1))
    opening = type(locked).open

    def refuse(path, *arguments, **options):
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return opening(path, *arguments, **options)

    monkeypatch.setattr(type(locked), "open", refuse)
    with pytest.raises(ValueError, match=r"b\.png, which cannot .*Permission denied"):
        image_stream(tmp_path, cache=tmp_path / "cache")
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        image_stream(tmp_path / "nothing")
    with pytest.raises(NotADirectoryError, match="which is a file"):
        image_stream(tmp_path / "a.png")


def test_a_picture_that_breaks_while_it_is_decoded_is_named_with_all_others(tmp_path):
    """Its head is sound, so that a look at the files does not tell."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        Image.fromarray(noise).save(tmp_path / name)
    for name in ("a.jpg", "c.jpg"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(ValueError, match=r"(?s)2 of 3 files.*a\.jpg, which.*c\.jpg, which"):
        image_stream(tmp_path, cache=tmp_path / "cache")
    pictures = image_stream(tmp_path, cache=tmp_path / "cache", on_error="skip", min_count=1)
    assert [file.name for file in pictures.files] == ["b.jpg"]
    assert [fault.path.name for fault in pictures.skipped] == ["a.jpg", "c.jpg"]
    assert not list((tmp_path / "cache").glob(".*"))
