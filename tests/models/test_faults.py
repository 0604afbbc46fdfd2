"""What goes wrong while training ends in a clear message, and the last checkpoint can be used."""

import contextlib
import errno
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan

resource = pytest.importorskip("resource", reason="limits of a process are Unix's")


def game():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    generator = [keras.Input((3,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(2)]
    discriminator = [keras.Input((2,)), layers.Dense(4, "relu"), layers.Dense(1)]
    model = kerasgan.GAN(keras.Sequential(generator), keras.Sequential(discriminator))
    model.compile(penalties=["r1"], jit_compile=False)
    return model


@pytest.fixture(scope="module")
def gan():
    """One for all faults that leave the game in memory as good as it was."""
    return game()


@contextlib.contextmanager
def full_disk(size):
    """Lets no file grow beyond `size` bytes, as if the disk were full; the error is the system's own."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files_in(directory):
    return {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def state_of(model):
    return [keras.ops.convert_to_numpy(v) for v in model.variables + model.optimizer.variables]


class Note(keras.callbacks.Callback):
    """Notes the state after each batch, and raises a signal after one of them."""

    def __init__(self, interrupt_after=None):
        super().__init__()
        self.interrupt_after = interrupt_after
        self.states = []

    def on_train_batch_end(self, batch, logs=None):
        self.states.append(state_of(self.model))
        if len(self.states) == self.interrupt_after:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("value", "others", "message"),
    [
        # A ReLU gives 0 for NaN on some processors: then it is in the weights before it is in a loss.
        (
            np.nan,
            [],
            r"not finite: (the weight .*kernel|.* discriminator's turn, at its update 4\.)",
        ),
        (np.inf, [keras.callbacks.TerminateOnNaN()], r"discriminator's turn, at its update 4\."),
    ],
    ids=["nan", "inf_with_keras_own_watch"],
)
def test_the_last_checkpoint_is_from_before_a_value_that_is_not_finite(
    samples, tmp_path, value, others, message
):
    gan = game()
    broken = samples.copy()
    broken[3 * 16 + 5] = value
    note = Note()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras", save_freq=1)
    stream = tf.data.Dataset.from_tensor_slices(broken).batch(16)
    with pytest.raises(FloatingPointError, match=message):
        gan.fit(stream, verbose=0, callbacks=[note, checkpoint, *others])
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    for saved, noted in zip(state_of(loaded), note.states[2], strict=True):
        np.testing.assert_array_equal(saved, noted)
    assert np.isfinite(loaded.generate(8)).all()
    loaded.fit(samples, batch_size=16, verbose=0)


WRITERS = {
    "model": lambda d: keras.callbacks.ModelCheckpoint(d / "gan.keras"),
    "weights": lambda d: keras.callbacks.ModelCheckpoint(
        d / "gan.weights.h5", save_weights_only=True
    ),
    "grid": lambda d: kerasgan.callbacks.SampleGrid(d, file_name="grid.png"),
    "values": lambda d: kerasgan.callbacks.ProbabilityLogger(d, picture_name=None),
    "curves": lambda d: kerasgan.callbacks.ProbabilityLogger(d, csv_name=None),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_stops_training_and_leaves_what_was_written(gan, samples, tmp_path, writer):
    callback = WRITERS[writer](tmp_path)
    gan.fit(samples, batch_size=16, verbose=0, callbacks=[callback])
    before = files_in(tmp_path)
    (name,) = before
    note = Note()
    with full_disk(len(before[name]) // 2), pytest.raises(OSError, match=name) as caught:
        gan.fit(samples, batch_size=16, verbose=0, callbacks=[note, callback])
    assert caught.value.errno == errno.EFBIG
    assert files_in(tmp_path) == before
    # What is in memory is as good as before, and is written once there is room.
    for kept, now in zip(note.states[-1], state_of(gan), strict=True):
        np.testing.assert_array_equal(kept, now)
    gan.fit(samples, batch_size=16, verbose=0, callbacks=[callback])
    after = files_in(tmp_path)
    assert set(after) == {name}
    assert after != before


@pytest.mark.slow
def test_a_model_that_could_not_be_saved_again_loads_as_it_was(gan, samples, tmp_path):
    gan.fit(samples, batch_size=16, verbose=0)
    gan.save(tmp_path / "gan.keras")
    gan.save_weights(tmp_path / "gan.weights.h5")
    saved = state_of(gan)
    gan.fit(samples, batch_size=16, verbose=0)
    with full_disk(0):
        with pytest.raises(OSError, match="gan.keras"):
            gan.save(tmp_path / "gan.keras")
        with pytest.raises(OSError, match="gan.weights.h5"):
            gan.save_weights(tmp_path / "gan.weights.h5")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    gan.load_weights(tmp_path / "gan.weights.h5")
    for model in (loaded, gan):
        for one, other in zip(saved, state_of(model), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_full_disk_keeps_the_rows_of_keras_own_log(gan, samples, tmp_path):
    """`CSVLogger` writes in place: rows of earlier epochs stay."""
    path = tmp_path / "epochs.csv"
    gan.fit(samples, batch_size=16, verbose=0, callbacks=[keras.callbacks.CSVLogger(path)])
    rows = path.read_bytes()
    logger = keras.callbacks.CSVLogger(path, append=True)
    with full_disk(len(rows)), pytest.raises(OSError, match="File too large"):
        gan.fit(samples, batch_size=16, verbose=0, callbacks=[logger])
    logger.csv_file.close()
    assert path.read_bytes().startswith(rows)


@pytest.fixture
def heeds_ctrl_c():
    """A process that a shell started in the background ignores Ctrl-C, and so would these tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.slow
def test_ctrl_c_between_batches_leaves_the_last_checkpoint(gan, samples, tmp_path):
    note = Note(interrupt_after=3)
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras", save_freq=1)
    with pytest.raises(KeyboardInterrupt):
        gan.fit(samples, batch_size=16, verbose=0, callbacks=[checkpoint, note])
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert list(files_in(tmp_path)) == ["gan.keras"]
    for saved, noted in zip(state_of(loaded), note.states[-1], strict=True):
        np.testing.assert_array_equal(saved, noted)


@pytest.mark.usefixtures("heeds_ctrl_c")
@pytest.mark.parametrize("ending", ["keras", "weights.h5"])
def test_ctrl_c_while_a_checkpoint_is_written_leaves_the_one_before(
    gan, samples, tmp_path, ending, monkeypatch
):
    path = tmp_path / f"gan.{ending}"
    checkpoint = keras.callbacks.ModelCheckpoint(
        path, save_freq=1, save_weights_only=ending != "keras"
    )
    write = kerasgan.GAN.save_own_variables
    writes = []

    def interrupted(model, store):
        write(model, store)
        writes.append(1)
        if len(writes) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(kerasgan.GAN, "save_own_variables", interrupted)
    note = Note()
    with pytest.raises(KeyboardInterrupt):
        gan.fit(samples, batch_size=16, verbose=0, callbacks=[note, checkpoint])
    assert list(files_in(tmp_path)) == [path.name]
    gan.load_weights(path)
    for saved, noted in zip(state_of(gan), note.states[1], strict=True):
        np.testing.assert_array_equal(saved, noted)
