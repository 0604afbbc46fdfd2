"""Pictures of a folder, streamed from the disk."""

import numpy as np
import pytest
import tensorflow as tf
from image_files import png, tiff
from PIL import Image

from kerasgan.datasets import ImageStream, MinMax, image_folder, image_stream


@pytest.fixture
def stream(tmp_path):
    """Makes streams whose cache lies beside the folder."""

    def make(**options):
        return image_stream(tmp_path / "in", cache=tmp_path / "cache", **options)

    return make


@pytest.fixture
def save(tmp_path):
    def write(name, array):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(array, bytes):
            path.write_bytes(array)
        else:
            Image.fromarray(np.asarray(array)).save(path)
        return path

    return write


@pytest.fixture
def noise(save):
    """Ten gray pictures of several sizes; each begins with its number."""
    for index in range(10):
        values = np.random.default_rng(index).integers(0, 256, (6 + index % 3, 9, 3), "uint8")
        save(f"{index}.png", values)


@pytest.fixture
def numbered(save):
    """Twelve pictures of one pixel's value each, that of their number."""
    for index in range(12):
        save(f"{index:02}.png", np.full((4, 4), 10 * index, "uint8"))


def numbers(batches):
    """The numbers of the pictures in the batches of one epoch."""
    found = np.concatenate([np.asarray(x)[:, 0, 0, 0] for x in batches])
    return np.rint((found + 1) * 12.75).astype(int).tolist()


# The same pictures as in memory.


@pytest.mark.usefixtures("noise")
@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(4, 4), (5, 7), (8, 3)])
def test_pictures_are_those_of_image_folder(stream, tmp_path, resize, channels, size):
    options = {"size": size, "channels": channels, "resize": resize, "background": "teal"}
    data = image_folder(tmp_path / "in", **options)
    pictures = stream(**options)
    assert len(pictures) == 10
    assert pictures.sample_shape == data.sample_shape == (*size, channels)
    assert pictures.normalization.get_config() == data.normalization.get_config()
    (x,) = pictures.batches(10, shuffle=False)
    np.testing.assert_array_equal(x, data.x)
    np.testing.assert_array_equal(pictures.invert(x), pictures.images())
    (integers,) = pictures.batches(10, shuffle=False, normalize=False)
    assert integers.dtype == tf.uint8
    np.testing.assert_array_equal(integers, pictures.images())
    assert pictures.images([3, 1]).tolist() == pictures.images()[[3, 1]].tolist()


SIXTEEN = np.array([[0, 1000], [30000, 65535]], "uint16")[..., None]
DEEP = {
    "16 bits": (lambda: png(SIXTEEN), "uint16", None),
    "12 bits": (lambda: tiff(SIXTEEN // 16, bits=12), "uint16", None),
    "12 in 16 bits": (lambda: png(SIXTEEN // 16), "uint16", (0, 4095)),
    "signed 16 bits": (lambda: tiff(SIXTEEN.astype("int16")), "uint16", (-32768, 32767)),
    "32 bits": (lambda: tiff(SIXTEEN.astype("int32") * 1000), "float32", (0, 65535000)),
    "floats": (lambda: tiff((SIXTEEN / 65535).astype("float32")), "float32", None),
    "8 bits of a range": (lambda: png((SIXTEEN // 257).astype("uint8")), "uint16", (0, 255)),
}


@pytest.mark.parametrize("kind", DEEP)
def test_depth_and_range_are_kept(stream, save, tmp_path, kind):
    content, dtype, value_range = DEEP[kind]
    save("a.png", content())
    save("b.png", np.array([[0, 7], [8, 255]], "uint8"))
    if value_range is not None:
        (tmp_path / "in" / "b.png").unlink()
    options = {"channels": 1, "value_range": value_range}
    pictures = stream(min_count=1, **options)
    expected = image_folder(tmp_path / "in", **options).x
    (x,) = pictures.batches(2, shuffle=False)
    # Half a step of 16 bits, from -1 to 1.
    np.testing.assert_allclose(x, expected, atol=1.01 / 65535)
    (given,) = pictures.batches(2, shuffle=False, normalize=False)
    assert (given.dtype, pictures.images().dtype) == (tf.float32, np.float32)
    np.testing.assert_allclose(given, (expected + 1) * 127.5, atol=0.003)
    np.testing.assert_array_equal(pictures.images(), given)
    size = (tmp_path / "cache").glob("*.pixels").__next__().stat().st_size
    assert size == len(pictures) * 4 * np.dtype(dtype).itemsize


def test_integers_of_16_bits_stay_apart(stream, save):
    values = np.arange(30000, 30016, dtype="uint16").reshape(4, 4, 1)
    save("a.png", png(values))
    pictures = stream(channels=1, min_count=1)
    np.testing.assert_allclose(pictures.images().ravel(), values.ravel() / 257, rtol=1e-6)
    assert len(np.unique(pictures.images())) == 16


@pytest.mark.usefixtures("numbered")
def test_normalizations(stream):
    x = stream(channels=1, normalization="min_max").batches(12, shuffle=False)
    np.testing.assert_allclose(next(iter(x))[:, 0, 0, 0], np.arange(12) / 25.5, atol=1e-6)
    pictures = stream(channels=1, normalization="z_score")
    (x,) = pictures.batches(12, shuffle=False)
    np.testing.assert_allclose([np.mean(x), np.std(x)], [0, 1], atol=1e-6)
    own = MinMax(low=0, high=510)
    assert stream(normalization=own).normalization is own
    with pytest.raises(ValueError, match="`normalization`"):
        stream(normalization="none")


# Orders.


@pytest.mark.usefixtures("numbered")
def test_an_epoch_is_a_pass_in_an_order_of_its_own(stream):
    batches = stream(channels=1).batches(4, seed=0)
    assert int(batches.cardinality()) == 3
    first, second = numbers(batches), numbers(batches)
    assert sorted(first) == sorted(second) == list(range(12))
    assert first != second


@pytest.mark.usefixtures("numbered")
def test_a_seed_gives_the_same_order_in_every_process(stream):
    """As it was in another process, on another day: a run that is resumed depends on it."""
    batches = stream(channels=1).batches(4, seed=5)
    assert numbers(batches) == [10, 7, 8, 9, 1, 11, 3, 5, 4, 2, 0, 6]
    assert numbers(batches) == [10, 3, 11, 5, 9, 2, 1, 4, 6, 0, 7, 8]


@pytest.mark.usefixtures("numbered")
def test_an_epoch_is_the_same_however_far_those_before_were_read(stream):
    pictures = stream(channels=1, flip="horizontal", resize="random_crop")
    one = pictures.batches(5, seed=3)
    expected = [numbers(one) for _ in range(3)]
    for _ in range(4):
        again = pictures.batches(5, seed=3)
        next(iter(again))
        assert numbers(again) == expected[1]
        assert numbers(again) == expected[2]


@pytest.mark.usefixtures("numbered")
def test_sizes_of_batches(stream):
    pictures = stream(channels=1)

    def sizes(**options):
        batches = pictures.batches(5, **options)
        found = [len(x) for x in batches]
        assert int(batches.cardinality()) == len(found)
        return found

    assert sizes() == [5, 5]
    assert sizes(drop_remainder=False) == [5, 5, 2]
    assert sizes(shuffle=False) == [5, 5, 2]
    assert sizes(shuffle=False, drop_remainder=True) == [5, 5]
    assert sizes(passes=3) == [5] * 7
    assert sizes(shuffle=False, passes=2) == [5, 5, 5, 5, 4]


@pytest.mark.usefixtures("numbered")
def test_passes(stream):
    pictures = stream(channels=1)
    order = numbers(pictures.batches(12, seed=1, passes=3))
    parts = [order[:12], order[12:24], order[24:]]
    assert [sorted(part) for part in parts] == [list(range(12))] * 3
    assert parts[0] != parts[1] != parts[2]
    assert len(numbers(pictures.batches(30, passes=3))) == 30
    with pytest.raises(ValueError, match=r"at most 12, .*`passes=3` passes.*batch_size=30"):
        pictures.batches(30)
    assert len(numbers(pictures.batches(30, shuffle=False))) == 12


# Crops and flips.


@pytest.fixture
def ramps(save):
    """A picture whose columns are numbered, and one whose rows are: 12 along, 4 across."""
    along = np.tile(20 * np.arange(12, dtype="uint8"), (4, 1))
    save("lying.png", along)
    save("upright.png", along.T)


@pytest.mark.usefixtures("ramps")
@pytest.mark.parametrize("size", [(4, 4), (4, 6), (6, 4)])
def test_random_crops_come_from_every_place(stream, size):
    pictures = stream(size=size, channels=1, resize="random_crop")
    assert pictures.sample_shape == (*size, 1)
    places = [set(), set()]
    batches = pictures.batches(1000, shuffle=False, random=True, passes=500, normalize=False)
    for x in batches:
        for index, axis in ((0, 1), (1, 0)):
            crops = np.asarray(x)[index::2, ..., 0]
            # Each crop is a run of lines, the same all across.
            first = crops.take([0], axis=2 - axis)
            np.testing.assert_array_equal(crops, np.broadcast_to(first, crops.shape))
            steps = np.diff(crops.astype(int), axis=1 + axis)
            assert abs(steps[:, 1:-1] - steps.mean()).max() <= 12
            places[index] |= set(crops[:, 0, 0].tolist())
    scale = max(size[0] / 4, 1), max(size[1] / 4, 1)
    # As many places as the longer side leaves: the lying one is cropped across its columns.
    rooms = round(12 * scale[0]) - size[1] + 1, round(12 * scale[1]) - size[0] + 1
    assert [len(found) for found in places] == list(rooms)


@pytest.mark.usefixtures("ramps")
def test_the_middle_is_taken_where_nothing_is_random(stream):
    random = stream(size=4, channels=1, resize="random_crop", flip="horizontal_and_vertical")
    still = stream(size=4, channels=1, resize="crop")
    for options in ({"shuffle": False}, {"shuffle": False, "passes": 3}):
        for x, y in zip(random.batches(2, **options), still.batches(2, **options), strict=True):
            np.testing.assert_array_equal(x, y)
    np.testing.assert_array_equal(random.images(), still.images())
    shuffled = next(iter(random.batches(2, passes=3, random=False, normalize=False)))
    assert sorted(np.ravel(shuffled)) == sorted(np.ravel(still.images()))


@pytest.mark.usefixtures("ramps")
@pytest.mark.parametrize("deep", [False, True])
def test_crops_of_deep_pictures(stream, save, deep):
    if deep:
        save("deep.png", png(np.full((4, 4, 1), 40000, "uint16")))
    pictures = stream(size=4, channels=1, resize="random_crop")
    batch = next(iter(pictures.batches(len(pictures), seed=0, normalize=False)))
    assert batch.dtype == (tf.float32 if deep else tf.uint8)
    assert np.all(np.asarray(batch) % 20 < 1e-3) != deep


def test_flips_are_even_and_independent(stream, save):
    corner = np.zeros((4, 4), "uint8")
    corner[0, 0] = 255
    save("a.png", corner)
    where = {"horizontal": (0, 3), "vertical": (0, 12), "horizontal_and_vertical": (0, 3, 12, 15)}
    for flip, expected in where.items():
        pictures = stream(channels=1, flip=flip, min_count=1)
        batches = pictures.batches(500, seed=0, passes=2000, normalize=False)
        x = np.concatenate([np.asarray(x) for x in batches]).reshape(2000, 16)
        places, counts = np.unique(x.argmax(axis=1), return_counts=True)
        assert tuple(places) == expected
        # Four standard deviations of 2,000 throws.
        np.testing.assert_allclose(counts / 2000, 1 / len(expected), atol=4 * 0.5 / 2000**0.5)


# Classes.


def classes(save, counts):
    for number, (name, count) in enumerate(counts.items()):
        for index in range(count):
            save(f"{name}/{index:02}.png", np.full((4, 4), 100 * number + index, "uint8"))


def test_subfolders_are_classes(stream, save):
    classes(save, {"cats": 3, "dogs": 2})
    pictures = stream(channels=1)
    assert (pictures.class_names, pictures.number_of_classes) == (("cats", "dogs"), 2)
    assert pictures.y.tolist() == [0, 0, 0, 1, 1]
    for x, y in pictures.batches(5, seed=0, normalize=False):
        assert (np.asarray(x)[:, 0, 0, 0] // 100).tolist() == y.numpy().tolist()
        assert y.dtype == tf.int32
    (alone,) = pictures.batches(5, labels=False)
    assert alone.shape == (5, 4, 4, 1)
    save("stray.png", np.zeros((4, 4), "uint8"))
    stray = stream(channels=1)
    assert (stray.y, stray.class_names, stray.number_of_classes) == (None, None, None)
    assert isinstance(stray.batches(2).element_spec, tf.TensorSpec)


def test_classes_drawn_evenly(stream, save):
    classes(save, {"common": 12, "rare": 1, "some": 4})
    pictures = stream(channels=1)
    batches = pictures.batches(6, seed=0, even_classes=True, normalize=False)
    assert int(batches.cardinality()) == 17 // 6
    seen, orders = set(), []
    for _ in range(14):
        epoch = [(np.asarray(x)[:, 0, 0, 0], y.numpy()) for x, y in batches]
        for x, y in epoch:
            assert np.bincount(y).tolist() == [2, 2, 2]
            np.testing.assert_array_equal(x // 100, y)
        found = np.concatenate([x for x, _ in epoch])
        # In an epoch, no picture comes once more often than another of its class.
        for low, high, count in ((0, 12, 12), (100, 101, 1), (200, 204, 4)):
            own = np.bincount(found[(low <= found) & (found < high)] - low, minlength=count)
            assert own.max() - own.min() <= 1
        seen |= set(found.tolist())
        orders.append(np.concatenate([y for _, y in epoch]).tolist())
    assert len(seen) == 17
    assert len({tuple(order) for order in orders}) > 1
    again = pictures.batches(6, seed=0, even_classes=True, normalize=False)
    assert np.concatenate([y.numpy() for _, y in again]).tolist() == orders[0]
    assert sum(len(y) for _, y in pictures.batches(10, even_classes=True, passes=3)) == 50


def test_even_classes_need_classes_and_an_order(stream, save):
    classes(save, {"a": 2, "b": 2})
    with pytest.raises(ValueError, match=r"`even_classes`.*`shuffle=False`"):
        stream(channels=1).batches(2, shuffle=False, even_classes=True)
    save("stray.png", np.zeros((4, 4), "uint8"))
    with pytest.raises(ValueError, match=r"`even_classes`.*no classes"):
        stream(channels=1).batches(2, even_classes=True)


def test_split(stream, save):
    classes(save, {"a": 8, "b": 12})
    pictures = stream(channels=1)
    train, held_out = pictures.split(0.25, seed=1)
    assert (len(train), len(held_out)) == (15, 5)
    assert sorted(train.files + held_out.files) == list(pictures.files)
    for part in (train, held_out):
        (batch,) = part.batches(len(part), shuffle=False, normalize=False)
        values = np.asarray(batch[0])[:, 0, 0, 0]
        assert values.tolist() == [
            int(file.stem) + 100 * (file.parent.name == "b") for file in part.files
        ]
        assert batch[1].numpy().tolist() == part.y.tolist() == (values // 100).tolist()
        np.testing.assert_array_equal(part.images()[:, 0, 0, 0], values)
    assert pictures.split(0.25, seed=1)[1].files == held_out.files
    assert pictures.split(0.25, seed=2)[1].files != held_out.files
    for share in (0, 1, 0.01, "a"):
        with pytest.raises(ValueError, match="`share`"):
            pictures.split(share)


@pytest.mark.usefixtures("numbered")
def test_description(stream, save):
    assert repr(stream(channels=1)) == (
        "ImageStream(name='in', pictures=12, sample_shape=(4, 4, 1), "
        "normalization=Tanh(low=0.0, high=255.0))"
    )
    save("broken.png", b"")
    pictures = stream(on_error="skip")
    assert "pictures=12, skipped=1, sample_shape=(4, 4, 3)" in repr(pictures)
    assert isinstance(pictures, ImageStream)


@pytest.mark.usefixtures("numbered")
@pytest.mark.parametrize(
    "options",
    [
        {"flip": "diagonal"},
        {"resize": "squash"},
        {"on_error": "ignore"},
        {"min_count": 0},
        {"min_size": 0},
        {"max_pixels": -1},
        {"size": 0},
        {"channels": 5},
        {"background": "no color"},
        {"value_range": (1, 0)},
    ],
)
def test_arguments_out_of_range(stream, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{next(iter(options))}`"):
        stream(**options)


@pytest.mark.usefixtures("numbered")
def test_arguments_of_batches_out_of_range(stream):
    pictures = stream(channels=1)
    for options in ({"batch_size": 0}, {"batch_size": 13}, {"batch_size": 2, "passes": 0}):
        with pytest.raises(ValueError, match=f"`{'passes' if len(options) > 1 else 'batch_size'}`"):
            pictures.batches(**options)
