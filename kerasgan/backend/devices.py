"""The devices that TensorFlow runs on, and whether it is deterministic."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.python.framework import config

# TensorFlow keeps variables of these types in the host's memory, for any device. XLA compiles for one device,
# and cannot reach variables on another.
HOST_TYPES = ("int32", "string")


def has_accelerator() -> bool:
    """Tells whether there is any device but the CPU."""
    return any(device.device_type != "CPU" for device in tf.config.list_physical_devices())


def has_gpu() -> bool:
    """Tells whether TensorFlow may use a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def is_deterministic() -> bool:
    """Tells whether `tf.config.experimental.enable_op_determinism` was called. XLA fails after that."""
    # TensorFlow has no public function for this. Keras asks in the same way.
    return bool(config.is_op_determinism_enabled())
