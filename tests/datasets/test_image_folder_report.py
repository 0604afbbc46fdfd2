"""What is said of a folder of pictures before it is trained on."""

import inspect
import re

import numpy as np
import pytest
from image_files import png, tiff
from PIL import Image

from kerasgan.datasets import ImageFolderReport, image_stream, inspect_image_folder
from kerasgan.datasets.image_stream import ImageStream

GRAY = np.arange(16, dtype="uint8").reshape(4, 4, 1)


def save(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content.save(path)


def test_what_a_folder_holds(tmp_path):
    for index in range(11):
        save(tmp_path / "cats" / f"{index}.jpg", Image.new("RGB", (64, 48)))
    save(tmp_path / "dogs" / "a.png", Image.new("RGBA", (32, 32)))
    save(tmp_path / "dogs" / "b.png", png(np.zeros((5, 4, 1), "uint16")))
    save(tmp_path / "dogs" / "c.tif", tiff(GRAY.astype("float32")))
    save(tmp_path / "dogs" / "d.tif", tiff(GRAY.astype("int32")))
    save(tmp_path / "dogs" / "e.gif", b"no picture")
    save(tmp_path / "about.txt", b"")
    report = inspect_image_folder(tmp_path)
    assert isinstance(report, ImageFolderReport)
    assert report.count == 15
    assert report.sizes == {(48, 64): 11, (32, 32): 1, (5, 4): 1, (4, 4): 2}
    assert report.modes == {"RGB": 11, "RGBA": 1, "I;16": 1, "F": 1, "I": 1}
    assert report.depths == {"8 bits": 12, "16 bits": 1, "float, 32 bits": 1, "signed, 32 bits": 1}
    assert report.formats == {"JPEG": 11, "PNG": 2, "TIFF": 2}
    assert (report.transparent, report.undeclared, report.stray) == (1, 1, 0)
    assert report.classes == {"cats": 11, "dogs": 4}
    assert [error.path.name for error in report.broken] == ["e.gif"]
    assert report.others == {".txt": 1}
    assert (report.channels, report.has_color, report.shortest_side) == (3, True, 4)
    assert str(report) == "\n".join(
        [
            f"{tmp_path}: 15 pictures",
            "  height×width  48×64 (11), 4×4 (2), 32×32 (1), 5×4 (1)",
            "  modes         RGB (11), RGBA (1), I;16 (1), F (1), I (1)",
            "  depths        8 bits (12), 16 bits (1), float, 32 bits (1), signed, 32 bits (1)",
            "  formats       JPEG (11), PNG (2), TIFF (2)",
            "  transparent   1",
            "  classes       cats (11), dogs (4)",
            "  other files   1 .txt",
            f"  broken        {tmp_path}/dogs/e.gif: it is of no type of picture that can be read",
            '- 1 file cannot be read: mend or delete it, or leave it out with `on_error="skip"`.',
            "- 4 different sizes: bring them to one with `size=(height, width)`.",
            "- 1 file with numbers that declare no black and white: give them with "
            "`value_range=(low, high)`.",
        ]
    )


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("LA", 1), ("P", 3), ("CMYK", 3), ("RGB", 3)]
)
def test_channels_that_suit(tmp_path, mode, channels):
    Image.new(mode, (4, 4)).save(tmp_path / ("a.tif" if mode == "CMYK" else "a.png"))
    save(tmp_path / "b.png", png(np.zeros((4, 4, 1), "uint16")))
    assert inspect_image_folder(tmp_path).channels == channels


def test_what_only_decoding_finds(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    save(tmp_path / "a.jpg", content[:-600])
    save(tmp_path / "b.tif", tiff(GRAY.astype("float32")))  # from 0 to 15
    save(tmp_path / "c.tif", tiff(GRAY.astype("float32") / 15))
    report = inspect_image_folder(tmp_path)
    assert (report.count, len(report.broken), report.undeclared) == (3, 0, 0)
    report = inspect_image_folder(tmp_path, decode=True)
    assert (report.count, report.undeclared) == (2, 1)
    assert [error.path.name for error in report.broken] == ["a.jpg"]


FOLDERS = {
    "nothing": ({"a.png": png(GRAY), "b.png": png(GRAY)}, []),
    "one picture": ({"a.png": png(GRAY)}, ["1 picture can be read"]),
    "none but broken ones": ({"a.png": b"", "b.png": b""}, ["2 files cannot", "0 pictures can be"]),
    "a side of one pixel": (
        {"a.png": png(GRAY[:1]), "b.png": png(GRAY[:1])},
        ["2 pictures with a side of 1 pixel"],
    ),
    "a stray picture": (
        {"a.png": png(GRAY), "x/b.png": png(GRAY), "y/c.png": png(GRAY)},
        ["1 picture beside the sub-folders"],
    ),
    "uneven classes": (
        {f"a/{index}.png": png(GRAY) for index in range(12)}
        | {f"b/{i}.png": png(GRAY) for i in (1, 2)},
        ["The largest class has 6 times"],
    ),
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_problems_name_options_that_exist(tmp_path, kind):
    files, expected = FOLDERS[kind]
    for name, content in files.items():
        save(tmp_path / name, content)
    report = inspect_image_folder(tmp_path)
    assert len(report.problems) == len(expected)
    for problem, beginning in zip(report.problems, expected, strict=True):
        assert problem.startswith(beginning)
        options = set(re.findall(r"[`(](\w+)=", problem))
        known = {*inspect.signature(image_stream).parameters}
        known |= {*inspect.signature(ImageStream.batches).parameters}
        assert options <= known
    assert str(report).count("\n- ") == len(expected)


def test_a_long_report_has_an_end(tmp_path):
    for index in range(1100):
        save(tmp_path / f"{index}.png", b"" if index < 40 else png(GRAY[:, : 1 + index % 2]))
    for index in range(20):
        save(tmp_path / f"size{index}.png", Image.new("L", (20 + index, 7)))
    report = inspect_image_folder(tmp_path)
    text = str(report)
    assert len(text.splitlines()) < 20
    assert "1,080 pictures" in text
    assert "and 16 more" in text
    assert "and 30 more" in text
    assert max(map(len, text.splitlines())) < 200


def test_bad_arguments(tmp_path):
    with pytest.raises(ValueError, match="which has none"):
        inspect_image_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        inspect_image_folder(tmp_path / "none")
    save(tmp_path / "a.png", png(GRAY))
    with pytest.raises(ValueError, match="`max_pixels`"):
        inspect_image_folder(tmp_path, max_pixels=0)
    assert len(inspect_image_folder(tmp_path, max_pixels=15).broken) == 1
