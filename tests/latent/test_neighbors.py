"""Nearest training examples against a full matrix of distances."""

import keras
import numpy as np
import pytest
from PIL import Image

from kerasgan.latent import nearest_neighbors
from kerasgan.metrics import neighbors as module


def brute_force(samples, training, count):
    flat, others = (np.reshape(x, (len(x), -1)).astype("float64") for x in (samples, training))
    distances = np.linalg.norm(flat[:, None] - others[None], axis=-1)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return order, np.take_along_axis(distances, order, axis=1)


def arrays(count, examples, *shape):
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(n, *shape)).astype("float32") for n in (count, examples))


@pytest.mark.parametrize("shape", [(7,), (4, 3), (4, 5, 2)])
@pytest.mark.parametrize("batch_size", [13, 64, 2000])
def test_as_brute_force(shape, batch_size):
    samples, training = arrays(9, 1100, *shape)
    found = nearest_neighbors(samples, training, neighbors=4, batch_size=batch_size)
    indices, distances = brute_force(samples, training, 4)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-9)


def test_the_first_of_equals_is_nearer_and_copies_are_at_zero():
    training = np.array([[5.0], [1.0], [5.0], [1.0], [5.0]])
    found = nearest_neighbors([[5.0], [1.0]], training, neighbors=3, batch_size=2)
    assert found.indices.tolist() == [[0, 2, 4], [1, 3, 0]]
    assert found.distances.tolist() == [[0.0, 0.0, 0.0], [0.0, 0.0, 4.0]]


def test_in_features():
    samples, training = arrays(3, 50, 6)
    # The last value alone, of a model that would draw noise in training.
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dropout(0.5), keras.layers.Dense(1, use_bias=False)]
    )
    model.set_weights([np.eye(6, 1, k=-5)])
    for features in (model, lambda batch: batch[:, 5]):
        found = nearest_neighbors(samples, training, 2, features=features, batch_size=8)
        indices, _ = brute_force(samples[:, 5:], training[:, 5:], 2)
        np.testing.assert_array_equal(found.indices, indices)


def test_features_and_distances_come_in_pieces(monkeypatch):
    samples, training = arrays(40, 1000, 3)
    seen, blocks = [], []

    def features(batch):
        seen.append(batch.shape[0])
        return batch

    whole = module.squared_distances

    def watched(ones, others):
        for block in whole(ones, others):
            blocks.append(block.size)
            yield block

    monkeypatch.setattr("kerasgan.latent.neighbors.squared_distances", watched)
    nearest_neighbors(samples, training, features=features, batch_size=32)
    assert max(seen) <= 32
    assert sum(seen) == 1040
    assert max(blocks) <= 32 * 40
    assert sum(blocks) == 1000 * 40


def test_an_array_mapped_from_a_file(tmp_path):
    samples, training = arrays(2, 100, 5)
    np.save(tmp_path / "x.npy", training)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    found = nearest_neighbors(samples, mapped, batch_size=16, path=tmp_path / "a.png")
    np.testing.assert_array_equal(found.indices, brute_force(samples, training, 5)[0])


def test_the_picture_shows_each_sample_and_its_neighbors(tmp_path):
    levels = np.array([0.0, 0.5, 1.0])
    training = np.ones((3, 2, 2, 1)) * levels[:, None, None, None]
    path = tmp_path / "neighbors.png"
    nearest_neighbors(training[2:], training, 2, path=path, value_range=(0, 1), scale=1, padding=0)
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    np.testing.assert_array_equal(pixels[:, ::2], [[255, 255, 128]] * 2)


@pytest.mark.parametrize(
    ("samples", "training", "arguments", "message"),
    [
        (np.zeros((2, 3)), np.zeros((9, 4)), {}, "`training`"),
        (np.zeros((0, 3)), np.zeros((9, 3)), {}, "`samples`"),
        (np.zeros(3), np.zeros((9, 3)), {}, "`samples`"),
        (np.zeros((2, 3)), np.zeros((4, 3)), {}, "at most the 4"),
        (np.zeros((2, 3)), np.zeros((9, 3)), {"neighbors": 0}, "`neighbors`"),
        (np.full((2, 3), np.nan), np.zeros((9, 3)), {}, "`samples`"),
        (np.zeros((2, 3)), np.full((9, 3), np.inf), {}, "`training`"),
        (np.zeros((2, 3)), np.ones((9, 3)), {"features": lambda x: 1.0 / x}, "features"),
        (np.zeros((2, 3)), np.zeros((9, 3)), {"kind": "curves"}, "`path`"),
    ],
)
def test_bad_arguments(samples, training, arguments, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbors(samples, training, **arguments)
