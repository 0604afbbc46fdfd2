import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.datasets.description import describe_data

X = np.arange(12, dtype="float32").reshape(6, 2)


def test_an_array_is_described_by_its_values():
    same = [X, X.copy(), np.asfortranarray(X), X[:, ::-1][:, ::-1], keras.ops.convert_to_tensor(X)]
    assert all(describe_data(each) == describe_data(X) for each in same)
    others = [X + 1, X[::-1], X.astype("float64"), X[:5], X.reshape(2, 6)]
    assert all(describe_data(each) != describe_data(X) for each in others)
    assert describe_data((X, None)) == [describe_data(X), None]


@pytest.mark.parametrize("shape", [(), (0, 3), (3, 0)])
def test_arrays_without_values_or_axes(shape):
    assert describe_data(np.zeros(shape))["shape"] == list(shape)


def test_a_memory_map_is_read_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("kerasgan.datasets.description._BYTES_AT_ONCE", 16)
    np.save(tmp_path / "x.npy", X)
    described = describe_data(np.load(tmp_path / "x.npy", mmap_mode="r"))
    monkeypatch.undo()
    assert described == describe_data(X)


def stream(x=X, seed=1, batch=2, tuned=False):
    data = tf.data.Dataset.from_tensor_slices(x).shuffle(6, seed=seed).batch(batch)
    return (
        data.map(tf.identity, num_parallel_calls=2).prefetch(3) if tuned else data.map(tf.identity)
    )


def test_a_stream_is_described_by_its_steps():
    described = describe_data(stream())
    assert described == describe_data(stream(tuned=True))
    for other in (
        stream(seed=2),
        stream(batch=3),
        stream(X + 1),
        stream().repeat(),
        stream().take(1),
    ):
        assert describe_data(other) != described
    steps = {step["step"]: step for step in described["steps"]}
    assert (steps["Shuffle"]["seed2"], steps["Batch"]["batch_size"]) == (1, 2)


class Batches(keras.utils.PyDataset):
    def __init__(self, x, **arguments):
        super().__init__(**arguments)
        self.x = x

    @property
    def num_batches(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index : index + 1]


def test_a_py_dataset_is_described_by_its_attributes():
    assert describe_data(Batches(X)) == describe_data(Batches(X, workers=2))
    assert describe_data(Batches(X)) != describe_data(Batches(X + 1))
    assert describe_data(iter([X])) == {"kind": "list_iterator"}
