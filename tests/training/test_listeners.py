"""Who listens to single batches, who reads logs, and what the host waits for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan
from kerasgan.training import acceleration
from kerasgan.training.acceleration import MOST_STEPS
from kerasgan.training.listeners import listens_to_batches

callbacks = keras.callbacks


class AtBatches(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class OldName(callbacks.Callback):
    def on_batch_begin(self, batch, logs=None):
        pass


class OwnCheckpoint(callbacks.ModelCheckpoint):
    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda folder: AtBatches(), True),
        (lambda folder: OldName(), True),
        (lambda folder: OwnCheckpoint(folder / "a.keras"), True),
        (lambda folder: callbacks.LambdaCallback(on_train_batch_end=print), True),
        (lambda folder: callbacks.TerminateOnNaN(), True),
        (lambda folder: callbacks.ModelCheckpoint(folder / "a.keras", save_freq=3), True),
        (lambda folder: callbacks.ModelCheckpoint(folder / "a.keras"), False),
        (lambda folder: callbacks.EarlyStopping("generator_loss"), False),
        (lambda folder: callbacks.CSVLogger(folder / "a.csv"), False),
        (lambda folder: callbacks.TensorBoard(folder), False),
        (lambda folder: callbacks.TensorBoard(folder, update_freq="batch"), True),
        (lambda folder: callbacks.LambdaCallback(on_epoch_end=print), False),
        (lambda folder: kerasgan.callbacks.ProbabilityLogger(), False),
        (lambda folder: kerasgan.callbacks.Diagnosis(), False),
        (lambda folder: kerasgan.callbacks.AnomalyDetection([0, 1], [False, True]), False),
        (lambda folder: kerasgan.callbacks.BackupAndRestore(folder), False),
        (lambda folder: kerasgan.callbacks.BackupAndRestore(folder, save_freq=2), True),
        (lambda folder: kerasgan.callbacks.SampleGrid(folder), False),
        (lambda folder: kerasgan.callbacks.SampleGrid(folder, every_batches=2), True),
        (lambda folder: kerasgan.callbacks.ProgressiveGrowing(level_rounds=2), True),
    ],
)
def test_a_callback_listens_to_batches_if_it_does_something_there(make, expected, tmp_path):
    assert listens_to_batches(make(tmp_path)) is expected


def game(**arguments):
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(
        kerasgan.networks.mlp((3,), [4], (2,)), kerasgan.networks.mlp((2,), [4], (1,))
    )
    gan.compile(**arguments)
    return gan


def samples(batches):
    return np.random.default_rng(0).normal(size=(4 * batches, 2)).astype("float32")


class Executions(callbacks.Callback):
    """Notes at which batches an execution ends, without asking for single ones."""

    listens_to_batches = False

    def __init__(self):
        super().__init__()
        self.ends, self.logs = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(batch)
        self.logs.append(logs)


@pytest.mark.parametrize(
    ("arguments", "others", "expected"),
    [
        ({}, [], MOST_STEPS),
        ({}, [AtBatches()], 1),
        ({"steps_per_execution": 5}, [AtBatches()], 5),
        ({"steps_per_execution": 1}, [], 1),
        ({"run_eagerly": True}, [], 1),
    ],
)
def test_several_steps_are_played_at_once_where_nobody_listens(arguments, others, expected):
    gan = game(**arguments)
    noted = Executions()
    gan.fit(samples(20), batch_size=4, verbose=0, callbacks=[noted, *others])
    assert noted.ends[0] == expected - 1
    assert len(noted.ends) == -(-20 // expected)
    assert all(isinstance(value, float) for logs in noted.logs for value in logs.values())
    # What was chosen for `fit` ends with it.
    assert gan.steps_per_execution == arguments.get("steps_per_execution", 1)


def test_convolutions_on_a_cpu_are_played_one_by_one(monkeypatch):
    networks = kerasgan.networks
    gan = kerasgan.GAN(
        networks.dcgan_generator(3, (8, 8, 1), 2), networks.dcgan_discriminator((8, 8, 1), 2)
    )
    gan.compile()
    monkeypatch.setattr(acceleration, "has_accelerator", lambda: False)
    assert acceleration.chosen_steps_per_execution(gan, []) == 1
    monkeypatch.setattr(acceleration, "has_accelerator", lambda: True)
    assert acceleration.chosen_steps_per_execution(gan, []) == MOST_STEPS


def test_an_epoch_has_as_many_steps_as_were_asked_for():
    gan = game()
    asked = [(None, None), (12, None), (48, 36), (17, None), (16, 24)]
    chosen = [acceleration.chosen_steps_per_execution(gan, [], numbers) for numbers in asked]
    assert chosen == [MOST_STEPS, 12, 12, 1, 8]
    gan.fit(samples(30), batch_size=2, steps_per_epoch=6, epochs=2, verbose=0)
    assert gan.optimizer.rounds == 12


@pytest.mark.parametrize("steps", [3, 7, "auto"])
def test_several_steps_at_once_give_the_same_bits_and_logs(steps):
    data = samples(10)
    results = []
    for number in (1, steps):
        gan = game(steps_per_execution=number, discriminator_steps=2, metrics=[])
        logger = kerasgan.callbacks.ProbabilityLogger()
        history = gan.fit(
            data, batch_size=4, epochs=2, verbose=0, callbacks=[logger], validation_data=data[:12]
        )
        variables = gan.variables + gan.optimizer.variables
        results.append(
            (
                [keras.ops.convert_to_numpy(each) for each in variables],
                history.history,
                logger.d_logs,
            )
        )
    for one, other in zip(*(result[0] for result in results), strict=True):
        np.testing.assert_array_equal(one, other)
    assert results[0][1] == results[1][1]
    assert results[0][2] == results[1][2]
    assert len(results[0][2]) == 20


def test_a_prediction_between_batches_is_whole(monkeypatch):
    gan = game()
    latent = np.ones((40, 3), "float32")
    expected_rows = []

    class Predicts(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            expected_rows.append(len(gan.predict(latent, batch_size=4, verbose=0)))

    gan.predict(latent, batch_size=4, verbose=0)
    gan.fit(samples(40), batch_size=4, epochs=2, verbose=0, callbacks=[Predicts()])
    assert expected_rows == [40, 40]
    assert len(gan.predict(latent, batch_size=4, verbose=0)) == 40


@pytest.fixture
def reads(monkeypatch):
    """Counts what the host reads of floating-point tensors: for these it waits for the device."""
    counted = []
    kind = type(tf.constant(0.0))
    read = kind._numpy

    def counting(tensor):
        if tensor.dtype.is_floating or tensor.dtype == tf.int64:
            counted.append(tensor)
        return read(tensor)

    monkeypatch.setattr(kind, "_numpy", counting)
    return counted


@pytest.mark.parametrize("steps", [1, 4, "auto"])
@pytest.mark.parametrize("validates", [False, True])
def test_the_host_reads_nothing_at_single_batches(reads, monkeypatch, steps, validates):
    from kerasgan.training.finite_watch import FiniteWatch

    monkeypatch.setattr(FiniteWatch, "seconds", 3600.0)
    gan = game(steps_per_execution=steps)

    def reads_of_an_epoch(batches):
        data = tf.data.Dataset.from_tensor_slices(samples(batches)).batch(4)
        reads.clear()
        gan.fit(data, verbose=0, validation_data=data if validates else None)
        return len(reads)

    reads_of_an_epoch(8)
    few, many = reads_of_an_epoch(8), reads_of_an_epoch(64)
    assert 0 < few == many


def test_who_reads_logs_gets_numbers(reads, monkeypatch):
    """The count above can fail: it grows with a listener."""
    gan = game()
    gan.fit(samples(8), batch_size=4, verbose=0, callbacks=[AtBatches()])
    few = len(reads)
    reads.clear()
    gan.fit(samples(64), batch_size=4, verbose=0, callbacks=[AtBatches()])
    assert len(reads) > few + 50


def test_the_progress_bar_shows_the_last_logs(capsys):
    gan = game()
    gan.fit(samples(20), batch_size=4, verbose=1)
    shown = capsys.readouterr().out
    assert "20/20" in shown
    assert "real_probability" in shown
