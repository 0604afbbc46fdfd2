"""Minibatches of labeled and unlabeled examples: their shares, their orders, and who is in them."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.datasets import keep_labels, partially_labeled

X = np.arange(40.0, dtype="float32")[:, None]
Y = np.where(np.arange(40) < 6, np.arange(40) % 3, -1)


def batches_of(data):
    return [(np.asarray(x)[:, 0].astype(int), np.asarray(y)) for x, y in data]


def test_so_many_labels_of_each_class_are_kept():
    y = np.arange(100) % 4
    kept = keep_labels(y, 7, seed=1)
    known = kept >= 0
    assert np.bincount(kept[known]).tolist() == [7] * 4
    np.testing.assert_array_equal(kept[known], y[known])
    assert (kept[~known] == -1).all()
    np.testing.assert_array_equal(kept, keep_labels(y, 7, seed=1))
    assert not np.array_equal(kept, keep_labels(y, 7, seed=2))


@pytest.mark.parametrize(("labeled", "count"), [(None, 4), (3, 3)])
def test_a_minibatch_has_labeled_rows_and_the_epoch_every_example_without_its_label(labeled, count):
    data = partially_labeled(X, Y, 8, labeled=labeled, seed=3)
    batches = batches_of(data)
    assert len(data) == len(batches) == 40 // (8 - count)
    for x, y in batches:
        assert (y[:count] >= 0).all()
        assert (y[count:] == -1).all()
        np.testing.assert_array_equal(y[:count], Y[x[:count]])
    unlabeled = np.concatenate([x[count:] for x, _ in batches])
    # The labeled examples are among them; none twice in an epoch.
    assert len(set(unlabeled)) == len(unlabeled) == len(batches) * (8 - count)
    # Each labeled example comes once before any comes again.
    stream = np.concatenate([x[:count] for x, _ in batches])
    for start in range(0, len(stream) - 5, 6):
        assert sorted(stream[start : start + 6]) == list(range(6))
    assert stream[:6].tolist() != stream[6:12].tolist()


def test_epochs_differ_and_the_seed_repeats_them():
    def epochs(seed):
        data = partially_labeled(X, Y, 8, seed=seed)
        return [np.concatenate([x for x, _ in batches_of(data)]).tolist() for _ in range(3)]

    first, again, other = epochs(0), epochs(0), epochs(1)
    assert first == again
    assert first[0] != first[1] != first[2]
    assert first != other


class Interrupt(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 13:
            raise KeyboardInterrupt


def test_an_interrupted_run_on_them_ends_with_the_same_bits(tmp_path):
    def train(folder, *callbacks):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        layers = [keras.Input((1,)), keras.layers.Dense(4, name="hidden"), keras.layers.Dense(3)]
        model = kerasgan.SemiSupervisedGAN(
            keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
            keras.Sequential(layers),
            "hidden",
        )
        model.compile()
        keeper = kerasgan.callbacks.BackupAndRestore(folder, save_freq=1)
        data = partially_labeled(X, Y, 8, labeled=3)
        model.fit(data, epochs=3, verbose=0, callbacks=[*callbacks, keeper])
        return [keras.ops.convert_to_numpy(variable) for variable in model.state()]

    undisturbed = train(tmp_path / "undisturbed")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "disturbed", Interrupt())
    resumed = train(tmp_path / "disturbed")
    for one, other in zip(undisturbed, resumed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_bad_arguments():
    for arguments, message in (
        ((X, Y[:5], 8), "`y`.*40 labels.*Received: 5"),
        ((X, np.full(40, -1), 8), "`y`.*at least one label"),
        ((X, Y.astype(float), 8), "`y`.*integer"),
        ((X, Y - 1, 8), "`y`.*or -1 .*Received: y=-2"),
        ((X, Y, 0), "`batch_size`.*positive"),
        ((X, Y, 1), "`batch_size`"),
        ((X, Y, 8, 8), "`batch_size`.*beside the 8 labeled"),
        ((X, Y, 90, 3), "`batch_size`.*1 to 40 rows"),
        ((X, Y, 8, 0), "`labeled`.*positive"),
        ((X[:, 0] * np.nan, Y, 8), "`x`.*finite"),
    ):
        with pytest.raises(ValueError, match=message):
            partially_labeled(*arguments)
    with pytest.raises(ValueError, match="`per_class`.*at most 2.*per_class=3"):
        keep_labels([0, 0, 1, 1, 1], 3)
    with pytest.raises(ValueError, match="`y`.*from 0 upwards"):
        keep_labels([-1, 0, 0], 1)
