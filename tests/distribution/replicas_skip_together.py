"""Lets float16 gradients overflow on the second of two replicas alone, and prints what became of them.

A program of its own, because the number of logical devices is fixed once TensorFlow has started.
"""

import json
import os

import keras
import numpy as np
import tensorflow as tf

import kerasgan

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # replicas are CPUs here, whatever else there is
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

keras.config.set_dtype_policy("mixed_float16")
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    gan = kerasgan.GAN(
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
    )
    gan.compile(discriminator_optimizer=keras.optimizers.SGD(1e-3), loss="wasserstein")
discriminator = gan.optimizer["discriminator"]


def state():
    return {
        "weights": [
            copy.numpy().tolist()
            for weight in gan.discriminator.weights
            for copy in weight.value.values
        ],
        "scales": [float(copy) for copy in discriminator.dynamic_scale.value.values],
        "updates": int(keras.ops.convert_to_numpy(discriminator.iterations)),
    }


# The first replica gets the first half of a batch. 1,000 times the scale of 2**15 is beyond float16.
samples = np.array([[0.0, 0.0]] * 4 + [[1000.0, 1000.0]] * 4, "float32")
before = state()
gan.fit(samples, batch_size=8, shuffle=False, verbose=0)
print(json.dumps({"before": before, "after": state()}))
