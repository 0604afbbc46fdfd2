"""Which way a monitored quantity improves, and what cannot be monitored."""

import keras
import numpy as np
import pytest

from kerasgan.core import TurnLog
from kerasgan.training.monitors import prepare_monitors

METRICS = [
    TurnLog("discriminator", ["discriminator_loss", "discriminator_r1", "real_probability"], 1),
    TurnLog("reconstruction", ["reconstruction_loss"], 1),
    keras.metrics.MeanSquaredError(name="distance"),
    keras.metrics.CosineSimilarity(name="likeness"),
    keras.metrics.Mean(name="mean"),
]


class Monitor(keras.callbacks.Callback):
    """As the user's own callbacks may be: with a monitor and a mode of their own."""

    def __init__(self, monitor, mode="auto"):
        super().__init__()
        self.monitor, self.mode = monitor, mode


def mode_of(monitor, mode="auto"):
    callback = Monitor(monitor, mode)
    prepare_monitors([keras.callbacks.History(), callback], METRICS, validates=True)
    return callback.mode


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [
        ("discriminator_loss", "min"),
        ("val_discriminator_loss", "min"),
        ("val_reconstruction_loss", "min"),
        ("val_distance", "min"),
        ("val_likeness", "max"),
        ("val_mean", "auto"),
        ("real_probability", "auto"),
        ("discriminator_r1", "auto"),
        ("users_own_loss", "auto"),
    ],
)
def test_a_loss_is_minimized_and_a_metric_knows_its_direction(monitor, mode):
    assert mode_of(monitor) == mode


def test_an_accuracy_is_maximized():
    callback = Monitor("val_accuracy")
    classification = TurnLog("classification", ["classification_loss", "accuracy"], 1)
    prepare_monitors([callback], [classification], validates=True)
    assert callback.mode == "max"


class Logging(keras.callbacks.Callback):
    """Adds values to the logs, and says which way they improve."""

    def __init__(self):
        super().__init__()
        self.directions = {"rightness": "up", "wrongness": "down", "size": ""}


@pytest.mark.parametrize(
    ("monitor", "mode"), [("rightness", "max"), ("wrongness", "min"), ("size", "auto")]
)
@pytest.mark.parametrize("validates", [False, True])
def test_a_callback_says_which_way_its_quantities_improve(monitor, mode, validates):
    callback = Monitor(monitor)
    prepare_monitors([callback, Logging()], METRICS, validates)
    assert callback.mode == mode


def test_an_evaluation_does_not_log_what_a_callback_logs():
    with pytest.raises(ValueError, match="'rightness'.*Received: monitor='val_rightness'"):
        prepare_monitors([Monitor("val_rightness"), Logging()], METRICS, validates=True)


def test_two_callbacks_cannot_log_under_one_name():
    with pytest.raises(ValueError, match="`directions` of `Logging`.*Received: 'rightness'"):
        prepare_monitors([Logging(), Logging()], METRICS, validates=False)


@pytest.mark.parametrize("mode", ["min", "max"])
def test_a_given_mode_stays(mode):
    assert mode_of("val_discriminator_loss", mode) == mode


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(("monitor", "best"), [("val_distance", 1.0), ("val_likeness", 3.0)])
@pytest.mark.parametrize("kind", ["ModelCheckpoint", "EarlyStopping", "ReduceLROnPlateau"])
def test_keras_acts_on_the_direction(kind, monitor, best, model, tmp_path):
    path = [str(tmp_path / "model.keras")] if kind == "ModelCheckpoint" else []
    keywords = {"save_best_only": True} if path else {"patience": 9}
    callback = getattr(keras.callbacks, kind)(*path, monitor=monitor, **keywords)
    callbacks = keras.callbacks.CallbackList([callback], model=model)
    prepare_monitors(callbacks, METRICS, validates=True)
    callbacks.on_train_begin()
    for epoch, value in enumerate([2.0, 1.0, 3.0, 2.0]):
        callbacks.on_epoch_begin(epoch)
        callbacks.on_epoch_end(epoch, {monitor: value})
    assert callback.best == best


def test_without_a_direction_keras_asks_for_a_mode(model):
    callback = keras.callbacks.EarlyStopping(monitor="real_probability")
    prepare_monitors([callback], METRICS, validates=False)
    callback.set_model(model)
    with pytest.raises(ValueError, match="Pass `mode='max'`"):
        callback.on_epoch_end(0, {"real_probability": np.float32(0.5)})


LOGGED = ["discriminator_loss", "discriminator_r1", "real_probability", "reconstruction_loss"]


@pytest.mark.parametrize("monitor", ["loss", "val_loss", "distance"])
def test_what_no_game_logs_is_an_error(monitor):
    with pytest.raises(
        ValueError, match=f"`EarlyStopping`.*Received: monitor='{monitor}'"
    ) as error:
        prepare_monitors([keras.callbacks.EarlyStopping(monitor)], METRICS, validates=True)
    logged = [
        *LOGGED,
        *(f"val_{name}" for name in LOGGED),
        "val_distance",
        "val_likeness",
        "val_mean",
    ]
    assert f"one of {sorted(logged)}" in str(error.value)


@pytest.mark.parametrize("monitor", ["val_discriminator_loss", "val_distance"])
def test_validation_is_missed(monitor):
    with pytest.raises(ValueError, match="more with `validation_data`") as error:
        prepare_monitors([Monitor(monitor, "min")], METRICS, validates=False)
    assert f"one of {sorted(LOGGED)}" in str(error.value)


def test_a_checkpoint_of_every_epoch_monitors_nothing(tmp_path):
    prepare_monitors(
        [keras.callbacks.ModelCheckpoint(tmp_path / "model.keras")], METRICS, validates=False
    )
    best = keras.callbacks.ModelCheckpoint(tmp_path / "model.keras", save_best_only=True)
    with pytest.raises(ValueError, match="`ModelCheckpoint`"):
        prepare_monitors([best], METRICS, validates=True)
