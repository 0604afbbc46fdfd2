"""What `kills.py` trains and kills: games, each with data and callbacks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import kerasgan

X = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
WIDE = np.random.default_rng(1).normal(size=(60, 4)).astype("float32")
IMAGES = np.random.default_rng(2).normal(size=(24, 4, 4, 1)).astype("float32")
LABELS = np.where(np.arange(60) % 2, -1, np.arange(60) % 3)
CONDITIONS = np.eye(2, dtype="float32")[np.arange(60) % 2]

Layers = keras.layers


# The games.


def _network(inputs: int, *layers: keras.layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((inputs,)), *layers])


def _dense(inputs: int, outputs: int) -> keras.Model:
    return _network(inputs, Layers.Dense(4), Layers.LeakyReLU(), Layers.Dense(outputs))


def _joint(first: int, second: int, outputs: int) -> keras.Model:
    inputs = [keras.Input((first,)), keras.Input((second,))]
    return keras.Model(inputs, Layers.Dense(outputs)(Layers.Concatenate()(inputs)))


def _gan(**arguments: Any) -> keras.Model:
    generator = _network(3, Layers.Dense(4), Layers.BatchNormalization(), Layers.Dense(2))
    discriminator = _network(2, Layers.Dense(4, "relu"), Layers.Dropout(0.3), Layers.Dense(1))
    model = kerasgan.GAN(generator, discriminator)
    model.compile(**arguments)
    return model


def _compiled(model: keras.Model, **arguments: Any) -> keras.Model:
    model.compile(**arguments)
    return model


def _growing() -> keras.Model:
    networks = kerasgan.networks
    return _compiled(
        kerasgan.GAN(
            networks.ProgressiveGenerator(3, (4, 4, 1), levels=2, filters=2),
            networks.ProgressiveDiscriminator((4, 4, 1), levels=2, filters=2, group_size=2),
        ),
        generator_ema=0.9,
    )


def _in_bfloat16() -> keras.Model:
    keras.config.set_dtype_policy("bfloat16")
    accumulating = keras.optimizers.Adam(1e-3, gradient_accumulation_steps=3)
    return _gan(generator_optimizer=accumulating)


# The data.


def _shuffled(x: np.ndarray, seed: int) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=seed).batch(10)


class _Batches(keras.utils.PyDataset):
    @property
    def num_batches(self) -> int:
        return 6

    def __getitem__(self, index: int) -> np.ndarray:
        return WIDE[10 * index : 10 * index + 10]


def _drawn() -> Any:
    draws = np.random.default_rng(0)
    while True:
        yield X[draws.integers(60, size=10)]


# The callbacks.


class _Restless(keras.callbacks.Callback):
    """Changes itself and the model at the start, and at every call."""

    def __init__(self) -> None:
        super().__init__()
        self.sign, self.batches, self.epochs = 1, 0, 0
        self.is_better: Any = None
        self.best = 1e9
        self.draws = np.random.default_rng(0)

    def on_train_begin(self, logs: Any = None) -> None:
        self.sign *= -1
        self.model.optimizer.learning_rate = 1e-3

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epochs += 1
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.model.optimizer.learning_rate = 0.9 * rate

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches += 1
        if self.is_better is None:
            self.is_better = keras.ops.less
            self.sign *= 3
        if self.is_better(logs["generator_loss"], self.best):
            self.best = logs["generator_loss"]
        noise = self.draws.normal() + np.random.normal()
        weight = self.model.generator.weights[0]
        weight.assign_add(np.full(weight.shape, 1e-3 * noise * self.sign, "float32"))


class _SlowEnd(keras.callbacks.Callback):
    """Takes its time when training has ended, before the backup is deleted."""

    def on_train_end(self, logs: Any = None) -> None:
        time.sleep(1.0)


def _early_stopping(folder: Path) -> list[keras.callbacks.Callback]:
    stopping = keras.callbacks.EarlyStopping(
        "val_generator_loss", min_delta=1.0, patience=12, restore_best_weights=True
    )
    return [stopping, _SlowEnd()]


def _plateau(folder: Path) -> list[keras.callbacks.Callback]:
    reduce = keras.callbacks.ReduceLROnPlateau
    return [reduce("val_generator_loss", min_delta=10.0, patience=2, factor=0.7)]


def _plateau_in_training() -> list[keras.callbacks.Callback]:
    reduce = keras.callbacks.ReduceLROnPlateau
    return [reduce("generator_loss", min_delta=10.0, patience=3, factor=0.7)]


def _files(folder: Path) -> list[keras.callbacks.Callback]:
    best = keras.callbacks.ModelCheckpoint(
        folder / "best.keras", "val_discriminator_loss", save_best_only=True
    )
    return [keras.callbacks.CSVLogger(folder / "log.csv"), best]


def _schedule(folder: Path) -> list[keras.callbacks.Callback]:
    return [keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.97 * rate)]


def _curves(folder: Path) -> list[keras.callbacks.Callback]:
    grids = kerasgan.callbacks.SampleGrid(
        folder, 2, 2, every_batches=7, file_name="{index}.png", kind="curves"
    )
    return [kerasgan.callbacks.ProbabilityLogger(folder, picture_name=None), grids]


def _growth(folder: Path) -> list[keras.callbacks.Callback]:
    return [kerasgan.callbacks.ProgressiveGrowing(40), kerasgan.callbacks.Diagnosis(rounds=10)]


def _none(folder: Path) -> list[keras.callbacks.Callback]:
    return []


Scenario = tuple[Callable[[], keras.Model], Callable[[], dict[str, Any]], Callable[[Path], list]]

SCENARIOS: dict[str, Scenario] = {
    "GAN, early stopping": (
        lambda: _gan(discriminator_steps=2, penalties=["r1"]),
        lambda: {"x": X, "batch_size": 5, "validation_data": X[:20]},
        _early_stopping,
    ),
    "GAN, plateau, shuffled streams": (
        lambda: _gan(loss="hinge"),
        lambda: {"x": _shuffled(X, 1), "validation_data": _shuffled(X[:20], 2)},
        _plateau,
    ),
    "ConditionalGAN, average, files": (
        lambda: _compiled(
            kerasgan.ConditionalGAN(_joint(3, 2, 2), _joint(2, 2, 1)), generator_ema=0.9
        ),
        lambda: {
            "x": X,
            "y": CONDITIONS,
            "batch_size": 10,
            "validation_data": (X[:20], CONDITIONS[:20]),
        },
        _files,
    ),
    "AdversarialAutoEncoder, schedule, PyDataset": (
        lambda: _compiled(
            kerasgan.AdversarialAutoEncoder(_dense(4, 2), _dense(2, 4), _dense(2, 1)),
            discriminator_steps=2,
        ),
        lambda: {"x": _Batches()},
        _schedule,
    ),
    "EBGAN, initial epoch, endless arrays": (
        lambda: _compiled(
            kerasgan.EBGAN(_dense(3, 4), kerasgan.networks.AutoEncoder(_dense(4, 2), _dense(2, 4)))
        ),
        lambda: {"x": WIDE, "batch_size": 7, "steps_per_epoch": 5, "initial_epoch": 3},
        _none,
    ),
    "CycleGAN, image pool": (
        lambda: _compiled(
            kerasgan.CycleGAN(_dense(2, 4), _dense(4, 2), _dense(2, 1), _dense(4, 1), pool_size=10)
        ),
        lambda: {"x": X, "y": WIDE, "batch_size": 10},
        _none,
    ),
    "SemiSupervisedGAN, a callback of the user's": (
        lambda: _compiled(
            kerasgan.SemiSupervisedGAN(
                _dense(3, 4),
                _network(
                    4, Layers.GaussianNoise(0.1), Layers.Dense(4, name="hidden"), Layers.Dense(3)
                ),
                features="hidden",
            )
        ),
        lambda: {"x": WIDE, "y": LABELS, "batch_size": 10},
        lambda folder: [_Restless()],
    ),
    "GAN in bfloat16, accumulation, pictures": (
        _in_bfloat16,
        lambda: {"x": X, "batch_size": 10},
        _curves,
    ),
    "GAN that grows, average, diagnosis": (
        _growing,
        lambda: {"x": IMAGES, "batch_size": 4},
        _growth,
    ),
    "GAN, endless stream with an initial epoch, a callback of the user's": (
        _gan,
        lambda: {"x": _shuffled(X, 3).repeat(), "steps_per_epoch": 5, "initial_epoch": 2},
        lambda folder: [_Restless(), *_plateau_in_training()],
    ),
    "GAN, generator": (_gan, lambda: {"x": _drawn(), "steps_per_epoch": 6}, _schedule),
}
