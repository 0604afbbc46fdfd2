"""Values that are not finite end training, named, before anything is saved."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan
from kerasgan.training.finite_watch import FiniteWatch, first_note


def game(activation="tanh", **arguments):
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(
        kerasgan.networks.mlp((3,), [4], (2,)),
        keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(4, activation), keras.layers.Dense(1)]
        ),
    )
    gan.compile(**arguments)
    return gan


def stream(broken_row=None, rows=64, value=np.nan):
    data = np.random.default_rng(0).normal(size=(rows, 2)).astype("float32")
    if broken_row is not None:
        data[broken_row] = value
    return tf.data.Dataset.from_tensor_slices(data).batch(4)


@pytest.fixture
def looks_at_no_batch(monkeypatch):
    monkeypatch.setattr(FiniteWatch, "seconds", 3600.0)


@pytest.mark.usefixtures("looks_at_no_batch")
@pytest.mark.parametrize("steps", [1, 5, "auto"])
def test_the_turn_the_term_and_the_update_are_named_at_the_end_of_the_epoch(steps):
    gan = game(steps_per_execution=steps)
    message = r"`discriminator_loss` in the discriminator's turn, at its update 6\. Checkpoints"
    with pytest.raises(FloatingPointError, match=message):
        gan.fit(stream(broken_row=21), verbose=0)


def test_training_ends_within_the_epoch_where_looks_are_due(monkeypatch):
    monkeypatch.setattr(FiniteWatch, "seconds", 0.0)
    gan = game(steps_per_execution=1)
    with pytest.raises(FloatingPointError, match="update 6"):
        gan.fit(stream(broken_row=21), verbose=0)
    assert int(gan.optimizer.iterations) == 6


@pytest.mark.usefixtures("looks_at_no_batch")
def test_nothing_is_saved_between_two_looks(tmp_path):
    gan = game()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras", save_freq=1)
    backup = kerasgan.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=1)
    with pytest.raises(FloatingPointError, match="update 6"):
        gan.fit(stream(broken_row=21), verbose=0, callbacks=[backup, checkpoint])
    assert int(keras.models.load_model(tmp_path / "gan.keras").optimizer.iterations) == 5


@pytest.mark.usefixtures("looks_at_no_batch")
def test_the_backup_holds_no_value_that_is_not_finite(tmp_path):
    gan = game()
    backup = kerasgan.callbacks.BackupAndRestore(tmp_path, save_freq=1)
    with pytest.raises(FloatingPointError, match="update 6"):
        gan.fit(stream(broken_row=21), verbose=0, callbacks=[backup])
    saved = np.load(backup.path)
    floats = [saved[name] for name in saved.files if saved[name].dtype.kind == "f"]
    assert floats
    assert all(np.isfinite(each).all() for each in floats)


def spoil(gan):
    kernel = gan.generator.weights[0]
    kernel.assign(np.full(kernel.shape, np.nan))


@pytest.mark.usefixtures("looks_at_no_batch")
def test_a_broken_weight_ends_the_epoch_whose_losses_are_finite(monkeypatch):
    gan = game()

    class Spoils(keras.callbacks.Callback):
        listens_to_batches = False

        def on_train_batch_end(self, batch, logs=None):
            spoil(self.model)

    # The last execution of the epoch is the first and only one.
    with pytest.raises(FloatingPointError, match=r"the weight '.*kernel'"):
        gan.fit(stream(rows=4), verbose=0, callbacks=[Spoils()])


@pytest.mark.parametrize("use", ["save", "save_weights", "export"])
def test_no_file_is_made_of_a_broken_weight(tmp_path, use):
    gan = game()
    spoil(gan)
    path = tmp_path / {"save": "a.keras", "save_weights": "a.weights.h5", "export": "a"}[use]
    with pytest.raises(FloatingPointError, match=r"the weight '.*kernel'"):
        getattr(gan, use)(path)
    assert not list(tmp_path.iterdir())


def test_validation_data_are_watched_too():
    gan = game()
    message = r"The evaluation met .* `discriminator_loss` in the discriminator's turn"
    with pytest.raises(FloatingPointError, match=message):
        gan.fit(stream(), validation_data=stream(broken_row=3), verbose=0)
    with pytest.raises(FloatingPointError, match=message):
        gan.evaluate(stream(broken_row=3), verbose=0)
    gan.fit(stream(), validation_data=stream(), verbose=0)


def test_a_new_run_forgets_what_the_last_one_met():
    gan = game()
    weights = [gan.get_weights(), [np.array(each) for each in gan.optimizer.variables]]
    with pytest.raises(FloatingPointError):
        gan.fit(stream(broken_row=1), verbose=0)
    assert "update 1." in first_note(gan)
    gan.set_weights(weights[0])
    for variable, value in zip(gan.optimizer.variables, weights[1], strict=True):
        variable.assign(value)
    gan.fit(stream(), verbose=0)
    assert first_note(gan) is None


def test_the_turn_that_was_first_is_named():
    from kerasgan.core import TurnLog

    class Game:
        metrics = (
            TurnLog("discriminator", ["discriminator_loss"], 4),
            TurnLog("generator", ["generator_loss"], 2),
        )

    for values in ((1.0, 1.0), (1.0, 1.0), (1.0, np.inf), (np.nan, 1.0)):
        Game.metrics[0].update_state({"discriminator_loss": values[0]}, weights=1)
        Game.metrics[0].update_state({"discriminator_loss": 1.0}, weights=1)
        Game.metrics[1].update_state({"generator_loss": values[1]}, weights=1)
    assert "`generator_loss` in the generator's turn, at its update 3." in first_note(Game)
