import dataclasses

import numpy as np
import pytest

from kerasgan.datasets import Dataset, MinMax, Tanh, gaussian, unpaired


@pytest.fixture
def dataset():
    return Dataset(
        x=np.arange(20.0).reshape(10, 2), y=np.arange(10) % 3, x_test=np.ones((4, 2)),
        y_test=np.array([0, 1, 2, 3]), name="numbers",
    )  # fmt: skip


def test_arrays_are_float32_and_int32(dataset):
    assert (dataset.x.dtype, dataset.y.dtype) == (np.float32, np.int32)
    assert (dataset.x_test.dtype, dataset.y_test.dtype) == (np.float32, np.int32)
    assert dataset.number_of_classes == 4
    assert dataset.sample_shape == (2,)
    assert len(dataset) == 10
    assert "numbers" in repr(dataset)


def test_is_immutable(dataset):
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.x = None


def test_batches_hold_every_example_once_with_its_label(dataset):
    batches = list(dataset.batches(5, seed=1))
    x = np.concatenate([np.asarray(batch[0]) for batch in batches])
    y = np.concatenate([np.asarray(batch[1]) for batch in batches])
    assert not np.array_equal(x, dataset.x)
    order = np.argsort(x[:, 0])
    np.testing.assert_array_equal(x[order], dataset.x)
    np.testing.assert_array_equal(y[order], dataset.y)


def test_batches_drop_the_remainder_and_have_static_shapes(dataset):
    batches = dataset.batches(4)
    assert len(batches) == 2
    assert batches.element_spec[0].shape == (4, 2)


def test_seed_repeats_the_epochs_and_epochs_differ(dataset):
    def epochs(seed):
        data = dataset.batches(5, seed=seed)
        return [np.concatenate([np.asarray(x) for x, _ in data])[:, 0].tolist() for _ in range(2)]

    first, again, other = epochs(3), epochs(3), epochs(4)
    assert first == again
    assert first != other
    assert first[0] != first[1]


def test_batches_without_shuffle_and_without_labels():
    dataset = Dataset(np.arange(6.0)[:, None])
    batches = [np.asarray(batch)[:, 0].tolist() for batch in dataset.batches(3, shuffle=False)]
    assert batches == [[0, 1, 2], [3, 4, 5]]
    assert dataset.number_of_classes is None


def test_batch_larger_than_the_data(dataset):
    with pytest.raises(ValueError, match=r"argument `batch_size`. Expected at most 10.*=11"):
        dataset.batches(11)


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, True, None])
def test_batch_size_out_of_range(dataset, batch_size):
    with pytest.raises(ValueError, match=r"argument `batch_size`. Expected a positive integer"):
        dataset.batches(batch_size)


def test_take(dataset):
    few = dataset.take(3)
    np.testing.assert_array_equal(few.x, dataset.x[:3])
    np.testing.assert_array_equal(few.y, [0, 1, 2])
    assert few.number_of_classes == 4
    assert len(few.x_test) == 4
    assert len(Dataset(np.ones((3, 1))).take(2)) == 2
    with pytest.raises(ValueError, match=r"argument `count`. Expected at most 10"):
        dataset.take(11)
    with pytest.raises(ValueError, match=r"argument `count`. Expected a positive"):
        dataset.take(0)


def test_invert_rounds_and_clips_images():
    dataset = Dataset(np.zeros((1, 1, 1, 1)), normalization=Tanh(0, 255), images=True)
    pixels = dataset.invert(np.array([-1.5, -1.0, 0.0, 0.996, 1.0, 1.5]))
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == [0, 0, 128, 254, 255, 255]


def test_invert_of_other_data_keeps_fractions():
    assert Dataset(np.zeros((1, 1)), normalization=Tanh(0, 10)).invert([0.5]).tolist() == [7.5]
    assert Dataset(np.zeros((1, 1))).invert([0.5]).tolist() == [0.5]


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("x", {"x": [[np.nan]]}),
        ("x", {"x": np.zeros((0, 2))}),
        ("x", {"x": [1.0, 2.0]}),
        ("x", {"x": [["a"]]}),
        ("y", {"y": [0]}),
        ("y", {"y": [0.0, 1.0]}),
        ("y", {"y": [-1, 0]}),
        ("y", {"y": [[0, 1], [1, 0]]}),
        ("x_test", {"x_test": np.zeros((2, 3))}),
        ("x_test", {"x_test": [[np.inf, 0.0]]}),
        ("y_test", {"y_test": [0]}),
        ("y_test", {"y": [0, 1], "x_test": np.zeros((2, 2))}),
        ("y", {"x_test": np.zeros((2, 2)), "y_test": [0, 1]}),
        ("number_of_classes", {"number_of_classes": 2}),
        ("number_of_classes", {"y": [0, 5], "number_of_classes": 5}),
        ("number_of_classes", {"y": [0, 1], "number_of_classes": 2.5}),
    ],
)
def test_bad_arrays(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        Dataset(**{"x": np.zeros((2, 2)), **options})


def test_column_of_labels():
    assert Dataset(np.zeros((2, 2)), y=[[0], [1]]).y.shape == (2,)


@pytest.mark.parametrize(
    "x",
    [
        np.arange(1_700_000_000, 1_700_000_100)[:, None],
        1e4 + 0.01 * np.random.default_rng(0).normal(size=(100, 1)),
    ],
)
def test_numbers_that_float32_cannot_tell_apart(x):
    message = r"Expected numbers that float32 can tell apart.*MinMax\(\)\.fit.*Received: "
    with pytest.raises(ValueError, match=f"`x`. {message}"):
        Dataset(x)
    with pytest.raises(ValueError, match=f"`x_test`. {message}"):
        Dataset(np.zeros((3, 1)), x_test=x)
    with pytest.raises(ValueError, match=f"`b`. {message}"):
        unpaired(x[:3] * 0, x, batch_size=2)
    with pytest.raises(ValueError, match=f"`x`. {message}"):
        gaussian(mean=1e9, stddev=0.01)
    normalization = MinMax().fit(x)
    data = Dataset(normalization(x), normalization=normalization)
    np.testing.assert_allclose(data.invert(data.x), x, rtol=1e-12)
    assert len(Dataset(np.full((3, 1), 1e9))) == 3  # nothing to tell apart
