"""Evaluates on one device and on two replicas, and prints the values of both."""

import contextlib
import json
import os

import keras
import tensorflow as tf

import kerasgan


def evaluate(strategy):
    keras.utils.set_random_seed(0)
    x = kerasgan.datasets.gaussian_mixture.ring(count=101).x
    mlp = kerasgan.networks.mlp
    made = []
    with strategy.scope() if strategy else contextlib.nullcontext():
        gan = kerasgan.GAN(mlp((3,), [8], (2,)), mlp((2,), [8], (1,)), seed=0)
        for metric in [kerasgan.metrics.FrechetDistance(), kerasgan.metrics.DensityCoverage()]:
            metric.build((2,))
            made.append(metric)
        gan.compile(metrics=made)
    # The last batch is of one sample, which leaves a replica without any.
    found = gan.evaluate(x, batch_size=50, verbose=0, return_dict=True)
    return {name: found[name] for metric in made for name in metric.directions}


if __name__ == "__main__":
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # replicas are CPUs here, whatever else there is
    device = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
    print(
        json.dumps([evaluate(None), evaluate(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))])
    )
