"""Pairs of pictures, from two folders or from halves, and two folders without pairs."""

import numpy as np
import pytest
import tensorflow as tf
from image_files import png
from PIL import Image

from kerasgan.datasets import image_stream, paired_image_stream, unpaired

RNG = np.random.default_rng(0)


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(array)).save(path)


@pytest.fixture
def pairs(tmp_path):
    """Makes streams of pairs from the folders `a` and `b`, or from `a` alone."""

    def make(b=True, **options):
        folders = (tmp_path / "a", tmp_path / "b" if b else None)
        return paired_image_stream(*folders, cache=tmp_path / "cache", **options)

    return make


@pytest.fixture
def ramps(tmp_path):
    """Five pairs of pictures that lie; `b` is `a` in negative, both with a number in every column."""
    for index in range(5):
        ramp = np.tile(15 * np.arange(12, dtype="uint8") + index, (4, 1))
        save(tmp_path / "a" / f"{index}.png", ramp)
        save(tmp_path / "b" / f"{index}.tif", 255 - ramp)


@pytest.mark.usefixtures("ramps")
@pytest.mark.parametrize("flip", [None, "horizontal", "horizontal_and_vertical"])
@pytest.mark.parametrize("normalize", [False, True])
def test_both_are_cropped_and_flipped_alike(pairs, flip, normalize):
    stream = pairs(size=4, channels=1, resize="random_crop", flip=flip)
    assert stream.sample_shapes == ((4, 4, 1), (4, 4, 1))
    batches = stream.batches(5, seed=0, passes=20, normalize=normalize)
    assert batches.element_spec[0].shape.as_list() == [5, 4, 4, 1]
    a, b = (np.concatenate(part) for part in zip(*batches, strict=True))
    assert a.shape == b.shape == (100, 4, 4, 1)
    np.testing.assert_allclose(a, -b if normalize else 255 - b, atol=1e-6)
    # Crops come from many places.
    assert len(np.unique(a[:, 0, 0, 0])) > 25
    assert {tuple(np.sign(np.diff(row.astype(int)))) for row in stream.images()[0][:, 0, :, 0]} == {
        (1, 1, 1)
    }


@pytest.mark.usefixtures("ramps")
def test_pictures_of_one_name_belong_together(pairs, tmp_path):
    stream = pairs()
    a, b = stream.images([3, 1])
    assert a.shape == b.shape == (2, 4, 12, 3)
    assert a[:, 0, 0, 0].tolist() == [3, 1]
    np.testing.assert_array_equal(a, 255 - b)
    assert stream.files[2] == (tmp_path / "a" / "2.png", tmp_path / "b" / "2.tif")
    assert repr(stream) == (
        "PairedImageStream(name='a and b', pictures=5, sample_shapes=((4, 12, 3), (4, 12, 3)), "
        "normalization=Tanh(low=0.0, high=255.0))"
    )
    for x, y in stream.batches(2, shuffle=False):
        np.testing.assert_allclose(x, -y, atol=1e-6)
    assert [len(x) for x, _ in stream.batches(2, shuffle=False)] == [2, 2, 1]


@pytest.mark.usefixtures("ramps")
def test_an_epoch_follows_from_the_seed(pairs):
    epochs = [
        [np.asarray(a).tolist() for _ in range(2) for a, _ in data]
        for data in (pairs(channels=1).batches(2, seed=seed) for seed in (1, 1, 2))
    ]
    assert epochs[0] == epochs[1] != epochs[2]
    assert epochs[0][:2] != epochs[0][2:]


@pytest.mark.parametrize(("halves", "axis"), [("left_right", 1), ("top_bottom", 0)])
@pytest.mark.parametrize("odd", [0, 1])
def test_halves(pairs, tmp_path, halves, axis, odd):
    parts = []
    for index in range(3):
        one, other = RNG.integers(0, 256, (2, 6, 6, 3), "uint8")
        middle = np.zeros((6, odd, 3) if axis else (odd, 6, 3), "uint8")
        save(tmp_path / "a" / f"{index}.png", np.concatenate([one, middle, other], axis=axis))
        parts.append((one, other))
    stream = pairs(b=False, halves=halves)
    a, b = stream.images()
    np.testing.assert_array_equal(a, [one for one, _ in parts])
    np.testing.assert_array_equal(b, [other for _, other in parts])
    assert stream.files[0] == (tmp_path / "a" / "0.png",)
    small = pairs(b=False, halves=halves, size=3, channels=(1, 3))
    assert small.sample_shapes == ((3, 3, 1), (3, 3, 3))
    x, y = next(iter(small.batches(3, shuffle=False)))
    assert (x.shape, y.shape) == ((3, 3, 3, 1), (3, 3, 3, 3))


def test_sizes_of_a_pair_may_differ_but_not_its_shape(pairs, tmp_path):
    large = np.tile(np.arange(0, 240, 4, dtype="uint8"), (40, 1))
    for index in range(3):
        save(tmp_path / "a" / f"{index}.png", large)
        save(tmp_path / "b" / f"{index}.png", large[::2, ::2])
    for resize in ("crop", "pad", "stretch", "random_crop"):
        a, b = pairs(size=16, channels=1, resize=resize, min_count=1).images()
        np.testing.assert_allclose(a.astype(int), b, atol=4)
    with pytest.raises(ValueError, match=r"`size`.*differ in size"):
        pairs()
    save(tmp_path / "b" / "1.png", large[:, ::2])
    with pytest.raises(
        ValueError, match=r"b.1\.png, which .*\(40, 30\) pixels, another shape than"
    ):
        pairs(size=16)
    stream = pairs(size=16, on_error="skip", min_count=1)
    assert len(stream) == 2
    assert [fault.path.name for fault in stream.skipped] == ["1.png"]


def test_channels_and_depths_of_the_domains(pairs, tmp_path):
    for index in range(2):
        save(tmp_path / "a" / f"{index}.png", RNG.integers(0, 256, (4, 4, 4), "uint8"))
        deep = np.full((4, 4, 1), 40000 + index, "uint16")
        (tmp_path / "b").mkdir(exist_ok=True)
        (tmp_path / "b" / f"{index}.png").write_bytes(png(deep))
    stream = pairs(channels=(4, 1))
    a, b = stream.images()
    assert a.shape == (2, 4, 4, 4)
    np.testing.assert_allclose(b[:, 0, 0, 0], [40000 / 257, 40001 / 257], rtol=1e-6)
    a, b = next(iter(stream.batches(2, normalize=False)))
    assert a.dtype == b.dtype == tf.float32


@pytest.mark.usefixtures("ramps")
def test_pictures_without_a_partner(pairs, tmp_path):
    (tmp_path / "b" / "1.tif").unlink()
    save(tmp_path / "b" / "new.png", np.zeros((4, 12), "uint8"))
    message = r"(?s)`b`.*same names as in .*`on_error=\"skip\"`.*2 without a.*a.1\.png.*b.new\.png"
    with pytest.raises(ValueError, match=message):
        pairs()
    stream = pairs(on_error="skip")
    assert [a.name for a, _ in stream.files] == ["0.png", "2.png", "3.png", "4.png"]
    assert [fault.path.name for fault in stream.skipped] == ["1.png", "new.png"]


@pytest.mark.usefixtures("ramps")
def test_two_pictures_of_one_name(pairs, tmp_path):
    save(tmp_path / "a" / "1.tif", np.zeros((4, 12), "uint8"))
    with pytest.raises(ValueError, match=r"`a`.*one picture of each name.*1\.png and .*1\.tif"):
        pairs()


def test_folders_that_have_nothing_in_common(pairs, tmp_path):
    save(tmp_path / "a" / "x.png", np.zeros((4, 4), "uint8"))
    save(tmp_path / "b" / "y.png", np.zeros((4, 4), "uint8"))
    for on_error in ("raise", "skip"):
        with pytest.raises(ValueError, match="2 without a partner") as caught:
            pairs(on_error=on_error)
        assert "skip" not in str(caught.value)


def test_a_line_of_pixels_has_no_halves(pairs, tmp_path):
    save(tmp_path / "a" / "x.png", np.zeros((4, 1), "uint8"))
    with pytest.raises(ValueError, match="width of 1 pixel cannot be cut"):
        pairs(b=False, min_size=1)


@pytest.mark.usefixtures("ramps")
@pytest.mark.parametrize(
    "options", [{"halves": "diagonal"}, {"channels": (1, 2, 3)}, {"channels": 2}, {"flip": True}]
)
def test_arguments_out_of_range(pairs, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{next(iter(options))}`"):
        pairs(**options)
    with pytest.raises(ValueError, match=r"`batch_size`.*at most 5"):
        pairs().batches(6)


# Without pairs.


@pytest.fixture
def domains(tmp_path):
    """Nine pictures of one domain and four of the other, of other sizes and channels."""
    for index in range(9):
        save(
            tmp_path / "a" / f"{index}.png",
            np.tile(np.arange(8, dtype="uint8"), (4, 1)) + 10 * index,
        )
    for index in range(4):
        save(tmp_path / "b" / f"{index}.png", np.full((3, 3), 10 * index, "uint8"))
    options = {"channels": 1, "cache": tmp_path / "cache"}
    return (
        image_stream(tmp_path / "a", 4, resize="random_crop", flip="horizontal", **options),
        image_stream(tmp_path / "b", **options),
    )


def test_unpaired_streams(domains):
    batches = unpaired(*domains, batch_size=3, seed=0, normalize=False)
    assert int(batches.cardinality()) == 3
    shapes = [part.shape.as_list() for part in batches.element_spec]
    assert shapes == [[None, 4, 4, 1], [None, 3, 3, 1]]
    epochs = []
    for _ in range(3):
        a, b = (np.concatenate(part) for part in zip(*batches, strict=True))
        assert a.dtype == b.dtype == np.uint8
        assert sorted(a.max(axis=(1, 2, 3)) // 10) == list(range(9))
        assert set(np.bincount(b[:, 0, 0, 0] // 10, minlength=4)) == {2, 3}
        epochs.append((a, b))
    # Crops and flips differ from epoch to epoch.
    assert len({tuple(np.sort(a[:, 0, 0, 0])) for a, _ in epochs}) == 3
    again = unpaired(*domains, batch_size=3, seed=0, normalize=False)
    next(iter(again))
    for a, b in epochs[1:]:
        same = [np.concatenate(part) for part in zip(*again, strict=True)]
        np.testing.assert_array_equal(same[0], a)
        np.testing.assert_array_equal(same[1], b)


def test_a_stream_beside_an_array(domains):
    a, b = next(iter(unpaired(domains[0], np.ones((5, 2)), 2, seed=0)))
    assert (a.dtype, b.dtype) == (tf.float32, tf.float32)
    assert -1 <= float(tf.reduce_min(a)) <= float(tf.reduce_max(a)) < 0
    assert b.numpy().tolist() == [[1, 1], [1, 1]]
