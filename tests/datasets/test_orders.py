"""Random orders: the same in every process, and others in each epoch."""

import keras
import numpy as np
import pytest

from kerasgan.datasets import _orders, partially_labeled, unpaired

X = np.arange(20.0)[:, None]
SOURCES = {
    "random_orders": lambda seed: _orders.random_orders(20, 1, seed).batch(5),
    "keyed_batches": lambda seed: _orders.keyed_batches(_orders.shuffled(20, 1), 20, 5, seed, True),
    "unpaired": lambda seed: unpaired(X, X[:7], 5, seed),
    "partially_labeled": lambda seed: partially_labeled(
        X, np.arange(20) % 3 - 1, 5, seed=seed or 0
    ),
}


def epochs(data, count=3):
    flat = [
        [
            np.concatenate([np.ravel(part) for part in keras.tree.flatten(element)])
            for element in data
        ]
    ]
    for _ in range(count - 1):
        flat.append(
            [
                np.concatenate([np.ravel(part) for part in keras.tree.flatten(element)])
                for element in data
            ]
        )
    return np.array(flat)


@pytest.mark.parametrize("source", SOURCES)
def test_orders_depend_on_their_own_seed_alone(source):
    """A run that is resumed may set the seed of everything else later, or to something else."""
    make = SOURCES[source]
    found = []
    for everything in (1, 2):
        keras.utils.set_random_seed(everything)
        found.append(epochs(make(7)))
    np.testing.assert_array_equal(*found)
    first, second, third = found[0]
    assert np.any(first != second)
    assert np.any(second != third)
    assert np.any(epochs(make(8)) != found[0])


@pytest.mark.parametrize("source", ["random_orders", "keyed_batches", "unpaired"])
def test_without_a_seed_orders_follow_that_of_everything(source):
    make = SOURCES[source]
    found = []
    for everything in (1, 1, 2):
        keras.utils.set_random_seed(everything)
        found.append(epochs(make(None)))
    np.testing.assert_array_equal(found[0], found[1])
    assert np.any(found[0] != found[2])


def test_each_minibatch_has_a_seed_of_its_own():
    data = _orders.keyed_batches(_orders.shuffled(20, 2), 40, 3, 0, False)
    assert int(data.cardinality()) == 14
    seeds = [tuple(seed.numpy()) for _ in range(3) for _, seed in data]
    assert len(set(seeds)) == 42
    assert len({key for key, _ in seeds}) == 3


def test_passes_are_whole_orders():
    rows = _orders.shuffled(6, 50)(np.int64(3)).numpy().reshape(50, 6)
    assert {tuple(sorted(row)) for row in rows} == {tuple(range(6))}
    # Each number comes to each place equally often, within four standard deviations.
    counts = np.array([np.bincount(column, minlength=6) for column in rows.T])
    assert np.abs(counts - 50 / 6).max() < 4 * (50 * 5 / 36) ** 0.5


@pytest.mark.parametrize("passes", [1, 4])
def test_classes_are_drawn_evenly(passes):
    labels = np.repeat([0, 3, 7], [30, 1, 5])
    total = passes * 36
    rows = _orders.evenly_drawn(labels, passes)(np.int64(1)).numpy()
    assert rows.shape == (total,)
    drawn = labels[rows].reshape(-1, 3)
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile([0, 3, 7], (total // 3, 1)))
    assert len({tuple(turn) for turn in drawn}) == 6  # in any order
    for label in (0, 3, 7):
        own = rows[labels[rows] == label]
        counts = np.bincount(own, minlength=36)[labels == label]
        assert counts.max() - counts.min() <= 1
        # One order of the class after another.
        size = int(np.sum(labels == label))
        assert all(
            len(set(own[start : start + size])) == size
            for start in range(0, len(own) - size + 1, size)
        )
