"""Trains one game on one device and on N replicas, and prints the largest difference of any number.

`replicas_equal_one_device.py GAME N [GPU] [ROWS]`: the replicas are CPUs or, if asked for, GPUs; where there
are too few, parts of one. With ROWS, the game is played on so many rows in a `tf.data.Dataset` of batches of
20, which replicas may not share evenly.

A program of its own, because the number of logical devices is fixed once TensorFlow has started, and because
TensorFlow's collectives do not take a second strategy in one process.
"""

import json
import os
import sys

import keras
import numpy as np
import tensorflow as tf

import kerasgan

KIND = sys.argv[3] if len(sys.argv) > 3 else "CPU"
if KIND == "CPU":
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
DEVICES = tf.config.list_physical_devices(KIND)
if len(DEVICES) < int(sys.argv[2]):
    LIMIT = {"memory_limit": 1024} if KIND == "GPU" else {}
    tf.config.set_logical_device_configuration(
        DEVICES[0], [tf.config.LogicalDeviceConfiguration(**LIMIT)] * 4
    )

LAYERS = keras.layers
X = np.random.default_rng(0).normal(size=(160, 6)).astype("float32")
LABELS = np.arange(160) % 3


def dense(*sizes, name=None):
    hidden = [
        LAYERS.Dense(size, activation="tanh", name=f"hidden{i}")
        for i, size in enumerate(sizes[1:-1])
    ]
    return keras.Sequential([keras.Input((sizes[0],)), *hidden, LAYERS.Dense(sizes[-1])], name=name)


def gan():
    model = kerasgan.GAN(dense(4, 8, 6), dense(6, 8, 1), seed=1)
    model.compile(
        loss="relativistic",
        penalties=[
            "r1",
            "r2",
            "dragan",
            "wasserstein_gradient_penalty",
            kerasgan.penalties.FeatureMatching("hidden0", 0.1, 0.1),
        ],
        discriminator_steps=2,
    )
    return model, (X,)


def conditional():
    model = kerasgan.ConditionalGAN(
        kerasgan.networks.mlp((4,), [8], (6,), number_of_classes=3),
        kerasgan.networks.mlp((6,), [8], (1,), number_of_classes=3),
        seed=1,
    )
    reconstruction = kerasgan.penalties.Reconstruction
    model.compile(
        loss="hinge",
        penalties=[reconstruction("mse", 3.0), reconstruction("mae", 2.0, features=dense(6, 3))],
        discriminator_steps=2,
    )
    return model, (X, LABELS)


def matching_aware():
    def tokens():
        return keras.Sequential([keras.Input((1,)), LAYERS.Embedding(3, 4), LAYERS.Flatten()])

    latent, condition = keras.Input((4,)), keras.Input((1,))
    joined = LAYERS.Concatenate()([latent, tokens()(condition)])
    samples = LAYERS.Reshape((6, 1))(dense(8, 8, 6)(joined))
    model = kerasgan.MatchingAwareGAN(
        keras.Model([latent, condition], samples),
        kerasgan.networks.random_window_discriminator((6, 1), [3], tokens(), filters=4),
        seed=1,
    )
    model.compile(loss="hinge", discriminator_steps=2)
    return model, (X[..., None], LABELS[:, None])


def auto_encoder():
    noisy = keras.Sequential(
        [keras.Input((6,)), LAYERS.Dense(4), kerasgan.layers.GaussianSampling(seed=3)]
    )
    model = kerasgan.AdversarialAutoEncoder(noisy, dense(2, 8, 6), dense(2, 8, 1), seed=1)
    model.compile(discriminator_steps=2)
    return model, (X,)


def energy_based():
    discriminator = kerasgan.networks.AutoEncoder(dense(6, 3), dense(3, 6))
    model = kerasgan.EBGAN(dense(4, 8, 6), discriminator, seed=1)
    model.compile(discriminator_steps=2, penalties=["contractive"])
    return model, (X,)


def cyclic():
    model = kerasgan.CycleGAN(
        dense(6, 8, 6), dense(6, 8, 6), dense(6, 8, 1), dense(6, 8, 2), pool_size=20, seed=1
    )
    model.compile(discriminator_steps=2, identity_weight=1.0, penalties=["r1"])
    return model, (X, X[::-1] + 1.0)


# Sorted, so that most replicas see none, or nothing but labeled rows.
FEW_LABELS = np.where(np.arange(160) % 16 < 5, np.arange(160) % 3, -1)


def semi_supervised():
    model = kerasgan.SemiSupervisedGAN(dense(4, 8, 6), dense(6, 8, 3), "hidden0", seed=1)
    model.compile(discriminator_steps=2, penalties=["r1"], generator_ema=0.9)
    return model, (X, FEW_LABELS)


def semi_supervised_auto_encoder():
    inputs = keras.Input((6,))
    encoder = keras.Model(inputs, [LAYERS.Dense(3)(inputs), LAYERS.Dense(2)(inputs)])
    codes = [keras.Input((3,)), keras.Input((2,))]
    decoder = keras.Model(codes, LAYERS.Dense(6)(kerasgan.layers.ClusterHeads()(codes)))
    model = kerasgan.SemiSupervisedAdversarialAutoEncoder(
        encoder, decoder, dense(3, 8, 1), dense(2, 8, 1), seed=1
    )
    model.compile(discriminator_steps=2)
    return model, (X, FEW_LABELS)


def accumulating():
    adam = keras.optimizers.Adam
    model = kerasgan.GAN(dense(4, 8, 6), dense(6, 8, 1), seed=1)
    model.compile(
        generator_optimizer=adam(1e-3, gradient_accumulation_steps=2),
        discriminator_optimizer=adam(1e-3, gradient_accumulation_steps=3),
        discriminator_steps=2,
        generator_ema=0.9,
    )
    return model, (X,)


def growing():
    sizes = {"levels": 2, "filters": 2, "convolutions": 1}
    model = kerasgan.GAN(
        kerasgan.networks.ProgressiveGenerator(4, (4, 4, 1), **sizes),
        # A group of one: each replica has groups of its own.
        kerasgan.networks.ProgressiveDiscriminator((4, 4, 1), group_size=1, **sizes),
        seed=1,
    )
    sgd = keras.optimizers.SGD
    model.compile(sgd(0.02), sgd(0.02), penalties=["r1"], generator_ema=0.9)
    return model, (np.random.default_rng(0).normal(size=(160, 4, 4, 1)).astype("float32"),)


def augmented():
    shape = (8, 8, 3)
    generator = keras.Sequential(
        [keras.Input((4,)), LAYERS.Dense(192, "tanh"), LAYERS.Reshape(shape)]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(shape),
            LAYERS.Conv2D(4, 3, activation="tanh"),
            LAYERS.Flatten(),
            LAYERS.Dense(1),
        ]
    )
    model = kerasgan.GAN(generator, discriminator, seed=1)
    ada = kerasgan.augmentation.AdaptiveAugmentation(images=200, interval=1, probability=0.3)
    model.compile(loss="relativistic", penalties=["r1"], augmentation=ada)
    return model, (np.random.default_rng(0).uniform(-1, 1, (160, *shape)).astype("float32"),)


def batches(data, rows):
    parts = tuple(part[:rows] for part in data)
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]).batch(20)


def train(make, devices, rows=None):
    """Returns all weights and logs after 20 rounds of global batches of 16; of 20 and fewer with `rows`."""
    strategy = tf.distribute.MirroredStrategy([f"{KIND}:{index}" for index in range(devices)])
    keras.utils.set_random_seed(0)
    with strategy.scope() if devices > 1 else tf.device(f"{KIND}:0"):
        model, data = make()
    model.jit_compile = False  # as under a strategy, since XLA draws other numbers
    logger = kerasgan.callbacks.ProbabilityLogger()
    callbacks = [logger]
    if make is growing:
        callbacks.append(kerasgan.callbacks.ProgressiveGrowing(10))
    if make is energy_based:
        # The history has its AUROC.
        held_out, abnormal = np.concatenate([X, 1.5 * X]), np.arange(320) >= 160
        callbacks.append(kerasgan.callbacks.AnomalyDetection(held_out, abnormal))
    if rows is None:
        history = model.fit(*data, batch_size=16, epochs=4, verbose=0, callbacks=callbacks)
    else:
        held_out = batches(data, 21)
        history = model.fit(
            batches(data, rows), epochs=3, verbose=0, callbacks=callbacks, validation_data=held_out
        )
    logs = np.concatenate([np.ravel(history.history[name]) for name in sorted(history.history)])
    updates = np.concatenate(
        [np.ravel(values) for turn in logger.updates.values() for values in turn.values()]
    )
    return [np.array(weight) for weight in model.get_weights()], logs, updates


def largest_difference(one, other):
    return max(
        float(np.max(np.abs(a - b)))
        for a, b in zip(keras.tree.flatten(one), keras.tree.flatten(other), strict=True)
    )


if __name__ == "__main__":
    game, replicas = globals()[sys.argv[1]], int(sys.argv[2])
    rows = int(sys.argv[4]) if len(sys.argv) > 4 else None
    difference = largest_difference(train(game, 1, rows), train(game, replicas, rows))
    print(json.dumps({"game": game.__name__, "replicas": replicas, "difference": difference}))
