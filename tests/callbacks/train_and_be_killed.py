"""Training processes that are killed again and again, each going on where the last one stood.

    python train_and_be_killed.py KIND DIRECTORY KILLS

Prints three lines of JSON: the outcome of a run that nothing disturbed, the epochs of the backups that the
kills left, and the outcome of the run that was killed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import kerasgan

DATA = np.random.default_rng(0).normal(size=(120, 2)).astype("float32")

# 240 rounds, which twenty children that are killed after some five each do not get through.
EPOCHS = 40


class Batches(keras.utils.PyDataset):
    @property
    def num_batches(self):
        return 12

    def __getitem__(self, index):
        return DATA[10 * index : 10 * index + 10]


def batches():
    rng = np.random.default_rng(0)
    while True:
        yield DATA[rng.integers(120, size=10)]


def data(kind):
    """Returns the arguments of `fit`; each epoch has six rounds of two minibatches of ten."""
    shuffled = tf.data.Dataset.from_tensor_slices(DATA).shuffle(120, seed=1).batch(10)
    unknown = shuffled.filter(lambda batch: tf.reduce_all(tf.math.is_finite(batch)))
    return {
        "arrays": lambda: {"x": DATA, "batch_size": 10},
        "endless_arrays": lambda: {"x": DATA, "batch_size": 10, "steps_per_epoch": 5},
        "dataset": lambda: {"x": shuffled},
        "endless_dataset": lambda: {"x": shuffled.repeat(), "steps_per_epoch": 5},
        "unknown_cardinality": lambda: {"x": unknown},
        "py_dataset": lambda: {"x": Batches()},
        "generator": lambda: {"x": batches(), "steps_per_epoch": 6},
    }[kind]()


def model():
    layers = keras.layers
    gan = kerasgan.GAN(
        keras.Sequential(
            [keras.Input((3,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(2)]
        ),
        keras.Sequential(
            [keras.Input((2,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(1)]
        ),
    )
    gan.compile(discriminator_steps=2, penalties=["r1"])
    return gan


class Telling(keras.callbacks.Callback):
    """Tells the parent that training is under way."""

    def __init__(self, pipe):
        super().__init__()
        self.pipe = pipe

    def on_train_batch_end(self, batch, logs=None):
        os.write(self.pipe, b".")


def variables(gan):
    every = [*gan.variables, *gan.optimizer.variables]
    every += [variable for metric in gan.metrics for variable in metric.variables]
    return [keras.ops.convert_to_numpy(variable) for variable in every]


def train(kind, directory, *callbacks, epochs=4):
    """Trains to the end; returns a hash of every variable, and what was logged."""
    # The names too, since TensorFlow sums some terms in the order of their names.
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(0)
    gan = model()
    logger = kerasgan.callbacks.ProbabilityLogger(directory, picture_name=None)
    plateau = keras.callbacks.ReduceLROnPlateau("generator_loss", patience=0, factor=0.5)
    decay = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.9 * rate)
    keeper = kerasgan.callbacks.BackupAndRestore(Path(directory) / "backup", save_freq=2)
    callbacks = [keeper, *callbacks, logger, plateau, decay]
    gan.fit(**data(kind), epochs=epochs, verbose=0, callbacks=callbacks)
    total = hashlib.sha256()
    for value in variables(gan):
        total.update(value.tobytes())
    return {"hash": total.hexdigest(), "updates": logger.updates, "wait": int(plateau.wait)}


def in_a_child(work):
    """Does some work in a process of its own; returns its number and the end of a pipe from it.

    The child has Keras imported already, which takes longer than the training.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            work(writing)
        finally:
            os._exit(0)
    os.close(writing)
    return child, reading


def outcome(kind, directory):
    """Trains to the end in a child; returns what `train` returns."""

    def work(pipe):
        with os.fdopen(pipe, "w") as file:
            json.dump(train(kind, directory, epochs=EPOCHS), file)

    child, pipe = in_a_child(work)
    with os.fdopen(pipe) as file:
        text = file.read()
    os.waitpid(child, 0)
    return json.loads(text)


def main(kind, directory, kills):
    print(json.dumps(outcome(kind, directory / "undisturbed")), flush=True)
    moments, epochs = random.Random(0), []
    for _ in range(kills):
        child, pipe = in_a_child(
            lambda pipe: train(kind, directory / "killed", Telling(pipe), epochs=EPOCHS)
        )
        for _ in range(moments.randrange(1, 10)):
            os.read(pipe, 1)
        time.sleep(moments.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(pipe)
        if not os.WIFSIGNALED(status):
            sys.exit(f"the process ended by itself, with status {status}, before it was killed")
        backup = directory / "killed" / "backup" / "training_state.npz"
        epochs.append(int(np.load(backup)["epoch"]) if backup.exists() else 0)
    print(json.dumps(epochs))
    print(json.dumps(outcome(kind, directory / "killed")), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
