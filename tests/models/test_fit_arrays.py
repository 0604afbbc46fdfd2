"""What `fit` and `evaluate` make of arrays: no copy, nothing that stays, and faults told beforehand."""

import gc
import weakref
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan


class Watched(np.ndarray):
    """An array that a weak reference can be made to."""


def game(size=2, **arguments):
    gan = kerasgan.GAN(
        kerasgan.networks.mlp((3,), [4], (size,)), kerasgan.networks.mlp((size,), [4], (1,)), seed=0
    )
    gan.compile("sgd", "sgd", jit_compile=False, **arguments)
    return gan


@pytest.mark.parametrize("arguments", [{}, {"steps_per_epoch": 2}], ids=["passes", "steps"])
def test_neither_the_model_nor_the_data_stay_in_memory(arguments, tmp_path):
    gan, x = game(), np.random.default_rng(0).normal(size=(64, 2)).astype("float32").view(Watched)
    # A callback that the user keeps must not keep them either.
    keeper = kerasgan.callbacks.BackupAndRestore(tmp_path)
    gan.fit(x, validation_data=x, epochs=2, verbose=0, callbacks=[keeper], **arguments)
    gan.evaluate(x, verbose=0)
    alive = [weakref.ref(gan), weakref.ref(x)]
    keeper.set_model(None)
    del gan, x
    gc.collect()
    assert [each() for each in alive] == [None, None]


def anonymous_mebibytes():
    """Memory of this process that is no file's."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("RssAnon")).split()[1]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_a_memory_map_is_read_and_not_copied(tmp_path):
    # 256 MiB of zeros, which take no room on a disk that knows holes.
    x = np.memmap(tmp_path / "x", "float32", "w+", shape=(2**17, 512))
    gan = game(512)
    gan.fit(x[:64], verbose=0)
    gan.evaluate(x[:64], verbose=0)
    before = anonymous_mebibytes()
    grown = []
    gan.fit(x, batch_size=512, steps_per_epoch=2, validation_data=x, validation_steps=2, verbose=0)
    grown.append(anonymous_mebibytes() - before)
    gan.evaluate(x, batch_size=512, steps=2, verbose=0)
    grown.append(anonymous_mebibytes() - before)
    assert max(grown) < 100


def test_the_same_rows_are_trained_on_as_a_hand_made_order_gives():
    """The order of an epoch: NumPy's permutation of the model's key and the pass."""
    rows = []

    class Note(kerasgan.GAN):
        def train_step(self, data):
            tf.numpy_function(lambda x: rows.extend(x[:, 0].tolist()), [data], [])
            return super().train_step(data)

    gan = Note(kerasgan.networks.mlp(3, [4], 2), kerasgan.networks.mlp(2, [4], 1), seed=5)
    gan.compile("sgd", "sgd", run_eagerly=True)
    seed = keras.random.SeedGenerator(5)
    x = np.repeat(np.arange(10.0)[:, None], 2, axis=1)
    gan.fit(x, batch_size=5, epochs=2, verbose=0)
    keys = [[abs(int(part)) for part in keras.ops.convert_to_numpy(seed.next())] for _ in range(2)]
    expected = [np.random.default_rng([*key, 0]).permutation(10) for key in keys]
    assert rows == np.concatenate(expected).tolist()


class Frame:
    """What of a pandas `DataFrame` or `Series` is looked at, since it is no requirement."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or self.values.dtype)

    def to_numpy(self):
        return self.values


def pandas_frame(values):
    pandas = pytest.importorskip("pandas")
    return (pandas.DataFrame if np.ndim(values) == 2 else pandas.Series)(values)


@pytest.mark.parametrize("frame", [Frame, pandas_frame])
def test_data_frames_are_arrays(frame, samples):
    histories = []
    for kind in (np.asarray, frame):
        keras.utils.set_random_seed(0)
        gan = game()
        x = kind(samples)
        history = gan.fit(x, validation_data=kind(samples[:32]), epochs=2, verbose=0).history
        histories.append([history, gan.evaluate(x, verbose=0), gan.discriminate(x).tolist()])
    assert histories[0] == histories[1]


@pytest.mark.parametrize("frame", [Frame, pandas_frame])
def test_a_column_of_a_data_frame_is_a_condition(frame, samples):
    mlp = kerasgan.networks.mlp
    labels = np.arange(len(samples)) % 3
    results = []
    for y in (labels, frame(labels)):
        networks = [mlp(3, [4], 2, number_of_classes=3), mlp(2, [4], 1, number_of_classes=3)]
        gan = kerasgan.ConditionalGAN(*networks, seed=0)
        gan.compile(jit_compile=False)
        gan.set_weights([np.full(weight.shape, 0.1) for weight in gan.get_weights()])
        gan.fit(samples, y, verbose=0)
        results.append(gan.evaluate(samples, y, verbose=0))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "values", [[["a", "b"]] * 40, np.full((40, 2), None), np.zeros((40, 2), "datetime64[s]")]
)
def test_a_data_frame_of_other_things_than_numbers(values):
    with pytest.raises(ValueError, match="`x`. Expected real numbers. Received: ndarray of "):
        game().fit(Frame(values), verbose=0)


def test_numbers_that_float32_cannot_tell_apart():
    times = np.arange(1_700_000_000, 1_700_000_064).reshape(32, 2)
    with pytest.raises(ValueError, match=r"`x`. Expected numbers that float32 can tell apart"):
        game().fit(times, verbose=0)
    with pytest.raises(ValueError, match="`validation_data`. Expected numbers that float32 can"):
        game().fit(times * 0, validation_data=times, verbose=0)


@pytest.fixture(scope="module")
def unmoved():
    """A game whose every attempt at training must fail before anything moves."""
    gan = game(metrics=[kerasgan.metrics.FrechetDistance()])
    yield gan
    assert int(gan.optimizer["discriminator"].iterations) == 0


SLICES = tf.data.Dataset.from_tensor_slices
FEW = "Expected more samples than the 2 features of each for `frechet_distance`. Rec.* at most 2"
WRONG = {
    "shape": (lambda x: x[:, :1], r"`validation_data`. Expected examples of shape \(2,\)"),
    "nan": (lambda x: x * np.nan, "`validation_data`. Expected finite numbers"),
    "pair": (lambda x: (x, x), "`y`. Expected none for `GAN`"),
    "weights": (lambda x: (x, None, x[:, 0]), "`sample_weight`. Expected none"),
    "stream": (lambda x: SLICES(x[:, :1]).batch(8), r"`validation_data`.*of shape \(1,\)"),
    "stream of pairs": (lambda x: SLICES((x, x)).batch(8), "`validation_data`.*2 parts"),
    "few rows": (lambda x: x[:2], f"`validation_data`. {FEW}"),
    "few rows of a stream": (
        lambda x: SLICES(x[:2]).batch(2, drop_remainder=True),
        f"`validation_data`. {FEW}",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_validation_data_are_checked_before_training(wrong, unmoved, samples):
    make, message = WRONG[wrong]
    with pytest.raises(ValueError, match=message):
        unmoved.fit(samples, validation_data=make(samples), verbose=0)


@pytest.mark.parametrize(
    ("data", "arguments", "sizes"),
    [
        (None, {"batch_size": 40}, {40, 16}),
        (None, {"batch_size": 40, "validation_batch_size": 90}, {90, 6}),
        (None, {}, {32}),
        (8, {}, {32}),
        (None, {"batch_size": 16, "validation_steps": 2}, {16}),
    ],
)
def test_validation_data_come_in_batches_of_the_size_that_keras_takes(
    samples, data, arguments, sizes
):
    seen = set()

    class Note(keras.metrics.Metric):
        def update_state(self, real, fake):
            tf.numpy_function(lambda rows: seen.add(len(rows)), [real], [])

        def result(self):
            return 0.0

    gan = game(metrics=[Note()])
    x = samples if data is None else SLICES(samples).batch(data)
    gan.fit(x, validation_data=samples, verbose=0, **arguments)
    assert seen == sizes


def test_an_evaluation_takes_as_many_rows_as_its_steps_say(samples):
    gan = game(metrics=[kerasgan.metrics.FrechetDistance(), kerasgan.metrics.KernelDistance()])
    expected = gan.evaluate(samples[:64], verbose=0)
    np.testing.assert_allclose(gan.evaluate(samples, steps=2, batch_size=32, verbose=0), expected)
    with pytest.raises(ValueError, match="Received: at most 2"):
        gan.evaluate(samples, batch_size=2, steps=1, verbose=0)
