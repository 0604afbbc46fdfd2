"""Trains one game as one of several workers, or alone without a `TF_CONFIG`, and prints what came of it.

A program of its own, because a worker is a process.
"""

import argparse
import contextlib
import json
import os
import signal
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import kerasgan

# Workers are CPUs here, whatever else there is: two processes cannot reduce over one GPU.
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

X = np.random.default_rng(0).normal(size=(160, 6)).astype("float32")
BATCH = 16


class Death(keras.callbacks.Callback):
    """Kills the process after a number of rounds."""

    def __init__(self, dies_after):
        super().__init__()
        self.rounds = 0
        self.dies_after = dies_after

    def on_train_batch_end(self, batch, logs=None):
        self.rounds += 1
        if self.rounds == self.dies_after:
            os.kill(os.getpid(), signal.SIGKILL)


def dense(*sizes):
    hidden = [keras.layers.Dense(size, activation="tanh") for size in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *hidden, keras.layers.Dense(sizes[-1])])


def batches():
    while True:
        yield from X.reshape(-1, BATCH, X.shape[1])


def weights(model):
    return [np.array(weight).tolist() for weight in model.get_weights()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, help="of this process")
    parser.add_argument("--backup", help="folder of all")
    parser.add_argument("--dies-after", type=int, help="rounds")
    arguments = parser.parse_args()

    is_worker = "TF_CONFIG" in os.environ
    strategy = tf.distribute.MultiWorkerMirroredStrategy() if is_worker else None
    # Workers start from the chief's weights and seeds, whatever they would have drawn themselves.
    keras.utils.set_random_seed(0 if strategy is None else strategy.cluster_resolver.task_id)
    with strategy.scope() if is_worker else contextlib.nullcontext():
        gan = kerasgan.GAN(dense(4, 8, 6), dense(6, 8, 1))
        gan.compile(loss="relativistic", penalties=["r1"], discriminator_steps=2)

    logger = kerasgan.callbacks.ProbabilityLogger(arguments.folder, picture_name=None)
    epochs = []
    notes = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    callbacks = [logger, notes, Death(arguments.dies_after)]
    if arguments.backup:
        callbacks.append(kerasgan.callbacks.BackupAndRestore(arguments.backup, save_freq=2))
    else:
        callbacks.append(kerasgan.callbacks.SampleGrid(arguments.folder, rows=2, every_epochs=4))
    history = gan.fit(
        X,
        batch_size=BATCH,
        epochs=4,
        verbose=0,
        # The last of these batches, of one example, leaves a worker without any.
        validation_data=None if arguments.backup else X[:33],
        callbacks=callbacks,
    )
    results = {
        "rounds": int(keras.ops.convert_to_numpy(gan.optimizer.iterations)),
        "weights": weights(gan),
        "history": history.history,
        "updates": logger.updates,
        "epochs": epochs,
    }
    if not arguments.backup:
        results["samples"] = gan.generate(5, seed=0).tolist()
        gan.fit(batches(), steps_per_epoch=2, verbose=0)
        results["weights_after_generator"] = weights(gan)
    if is_worker:
        with strategy.scope():
            try:
                gan.compile(steps_per_execution=2)
            except ValueError as error:
                results["refusal"] = str(error)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
