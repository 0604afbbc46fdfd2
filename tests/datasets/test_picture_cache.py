"""The file of decoded pictures: when it is used again, and when it is written anew."""

import os
import tempfile

import numpy as np
import pytest
from PIL import Image

from kerasgan.datasets import image_stream, picture_cache


def write(path, value, size=(4, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path)


@pytest.fixture
def folder(tmp_path):
    for index in range(6):
        write(tmp_path / "in" / f"{index}.png", 10 * index)
    return tmp_path / "in"


@pytest.fixture
def stream(folder, tmp_path):
    """Makes streams, and says how many pictures were decoded for it."""

    def make(**options):
        done = []
        pictures = image_stream(
            folder,
            **{"channels": 1, "cache": tmp_path / "cache", **options},
            progress=lambda *counts: done.append(counts),
        )
        return pictures, done

    return make


def first_values(pictures):
    return pictures.images()[:, 0, 0, 0].tolist()


def files(tmp_path):
    return sorted(path.suffix for path in (tmp_path / "cache").iterdir())


def test_pictures_are_decoded_once(stream, tmp_path):
    pictures, done = stream()
    assert done == [(number, 6) for number in range(1, 7)]
    before = first_values(pictures)
    again, done = stream()
    assert done == []
    assert first_values(again) == before == [0, 10, 20, 30, 40, 50]
    assert files(tmp_path) == [".npz", ".pixels"]


CHANGES = {
    "written": lambda folder: write(folder / "2.png", 200),
    "new": lambda folder: write(folder / "9.png", 200),
    "gone": lambda folder: (folder / "2.png").unlink(),
    "renamed": lambda folder: (folder / "2.png").rename(folder / "9.png"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_that_has_changed_is_decoded_anew(stream, folder, tmp_path, change):
    old, _ = stream()
    values = first_values(old)
    (batch,) = old.batches(6, shuffle=False, normalize=False).cache()
    CHANGES[change](folder)
    os.utime(folder / "0.png")
    pictures, done = stream()
    assert len(done) == len(pictures) == len(list(folder.iterdir()))
    assert first_values(pictures) != values
    # What was decoded before is gone, but for who still reads it.
    assert files(tmp_path) == [".npz", ".pixels"]
    assert batch[:, 0, 0, 0].numpy().tolist() == values


def test_who_reads_the_last_file_goes_on(stream, folder):
    old, _ = stream()
    batches = old.batches(6, shuffle=False, normalize=False)
    write(folder / "2.png", 200)
    new, _ = stream()
    assert next(iter(batches))[:, 0, 0, 0].numpy().tolist() == [0, 10, 20, 30, 40, 50]
    assert first_values(new) == [0, 10, 200, 30, 40, 50]


@pytest.mark.parametrize(
    "options",
    [
        {"channels": 3},
        {"size": 2},
        {"resize": "random_crop", "size": 3},
        {"background": "black"},
        {"value_range": (0, 255)},
        {"min_size": 3},
    ],
)
def test_other_pictures_have_a_file_of_their_own(stream, tmp_path, options):
    stream()
    _, done = stream(**options)
    assert len(done) == 6
    assert files(tmp_path) == [".npz", ".npz", ".pixels", ".pixels"]
    for again in ({}, options):
        _, done = stream(**again)
        assert done == []


def test_what_does_not_change_the_pictures_needs_no_other_file(stream, tmp_path):
    stream()
    for options in ({"flip": "vertical"}, {"normalization": "min_max"}, {"on_error": "skip"}):
        _, done = stream(**options)
        assert done == []
    assert len(files(tmp_path)) == 2


def test_broken_files_are_remembered(stream, folder):
    (folder / "3.png").write_bytes(b"no picture")
    pictures, done = stream(on_error="skip")
    again, _ = stream(on_error="skip")
    assert len(done) == 5  # what a look at the file tells is not decoded
    for each in (pictures, again):
        assert first_values(each) == [0, 10, 20, 40, 50]
        (fault,) = each.skipped
        assert fault.path == folder / "3.png"
        assert "no type of picture" in fault.why
    with pytest.raises(ValueError, match=r"3\.png, which cannot"):
        stream()
    write(folder / "3.png", 99)
    mended, _ = stream()
    assert (len(mended), mended.skipped) == (6, ())


def test_one_folder_by_two_paths(stream, folder, tmp_path, monkeypatch):
    (folder / "3.png").write_bytes(b"no picture")
    stream(on_error="skip")
    monkeypatch.chdir(tmp_path)
    pictures = image_stream("in", None, 1, cache="cache", on_error="skip", progress=pytest.fail)
    assert len(files(tmp_path)) == 2
    assert [str(file) for file in pictures.files[:2]] == ["in/0.png", "in/1.png"]
    assert [str(fault.path) for fault in pictures.skipped] == ["in/3.png"]
    with pytest.raises(ValueError, match="Received: in/3"):
        image_stream("in", None, 1, cache="cache")


def test_a_cache_without_its_second_file_is_written_anew(stream, tmp_path):
    for suffix in (".npz", ".pixels"):
        stream()
        for path in (tmp_path / "cache").glob(f"*{suffix}"):
            path.unlink()
        pictures, done = stream()
        assert len(done) == 6
        assert first_values(pictures) == [0, 10, 20, 30, 40, 50]


def test_an_interruption_leaves_nothing(folder, tmp_path):
    def stop(done, _):
        if done == 3:
            raise KeyboardInterrupt

    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(KeyboardInterrupt) as caught:
        image_stream(folder, cache=tmp_path / "cache", progress=stop)
    assert files(tmp_path) == []
    assert (before, caught.type) == (Image.MAX_IMAGE_PIXELS, KeyboardInterrupt)


def test_without_a_folder_of_its_own_the_cache_is_temporary(stream, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "machine"))
    (tmp_path / "machine").mkdir()
    stream(cache=None)
    _, done = stream(cache=None)
    assert done == []
    (own,) = (tmp_path / "machine").iterdir()
    assert own.name.startswith("kerasgan-")
    assert own.stat().st_mode & 0o077 == 0  # nobody else's pictures, and nobody else's eyes


def test_a_temporary_folder_of_another_user(stream, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"kerasgan-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"`cache`.*another user"):
        stream(cache=None)


def test_a_full_disk_is_told_beforehand(stream, monkeypatch):
    usage = picture_cache.shutil.disk_usage("/")
    monkeypatch.setattr(picture_cache.shutil, "disk_usage", lambda path: usage._replace(free=10**6))
    with pytest.raises(ValueError, match=r"`cache`.*6 MB of room.*has 1 MB"):
        stream(size=1000)
    with pytest.raises(ValueError, match=r"`cache`.*6 MB of room"):
        stream(size=1000, resize="random_crop")
    pictures, _ = stream(size=100)
    assert len(pictures) == 6


def test_a_cache_that_cannot_be_made(stream, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        stream(cache=tmp_path / "file" / "cache")


def test_the_order_of_the_files_is_kept_by_many_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    for index in range(60):
        # The first ones take longest.
        write(tmp_path / "in" / f"{index:02}.png", index, (4 * (60 - index),) * 2)
    pictures = image_stream(tmp_path / "in", 4, 1, cache=tmp_path / "cache")
    assert first_values(pictures) == list(range(60))
    assert np.array_equal(pictures.images()[:, 3, 3, 0], np.arange(60))
