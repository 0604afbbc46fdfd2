"""An exported generator as a server calls it: TensorFlow loads it, and puts concurrent requests together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


class Sampler:
    """What a SavedModel of `model.export` can draw, and what it takes.

    Two of its signatures are called. `generate` draws from a number and a seed, each call on its own: the
    seed is one number for all samples of a call, and the same seed then gives the same samples whatever
    else is asked at the time. `serving_default` makes samples of latent ones, each of its row alone, so that
    TensorFlow's own batching (`tf.nondifferentiable_batch_function`, which TensorFlow Serving has too) puts
    the rows of concurrent calls into one.

    Args:
        directory: The folder of the SavedModel.
        batch_size: The most rows that are computed together.
        batch_wait: For how many seconds a batch waits for more rows. With 0 it waits for nothing but the
            batch before it.
        waiting: How many batches may wait at once.

    Raises:
        ValueError: If the folder holds no such export.

    Attributes:
        latent: The shape and dtype of latent samples, the first axis free.
        condition: Those of conditions, `None` for a model without.
        samples: Those of samples.
    """

    def __init__(self, directory: Path, batch_size: int, batch_wait: float, waiting: int) -> None:
        if not tf.saved_model.contains_saved_model(str(directory)):
            raise ValueError(f"There is no SavedModel in '{directory}'.")
        self._model = tf.saved_model.load(str(directory))  # which owns the variables
        signatures = self._model.signatures
        lacking = sorted({"serving_default", "generate"} - set(signatures))
        if lacking or "latent" not in _inputs(signatures["serving_default"]):
            raise ValueError(
                f"'{directory}' draws no samples: `{lacking[0] if lacking else 'serving_default'}` is not "
                f"the signature of a generator. It has {', '.join(sorted(signatures))}."
            )
        self._generate, serve = signatures["generate"], signatures["serving_default"]
        inputs = _inputs(serve)
        self.latent: tf.TensorSpec = inputs["latent"]
        self.condition: tf.TensorSpec | None = inputs.get("condition")
        self.samples: tf.TensorSpec = serve.structured_outputs["samples"]
        names = list(inputs)

        @tf.nondifferentiable_batch_function(
            num_batch_threads=1,
            max_batch_size=batch_size,
            batch_timeout_micros=round(batch_wait * 1e6),
            max_enqueued_batches=waiting,
        )
        def together(*tensors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = tf.shape(tensors[0])[0]
            samples = serve(**dict(zip(names, tensors, strict=True)))["samples"]
            return samples, tf.fill([rows], rows)

        self._names = names
        self._together = tf.function(together, input_signature=[inputs[name] for name in names])

    def generate(self, count: int, seed: int, condition: Any = None) -> np.ndarray:
        """Returns `count` samples, those of the model's `generate(count, seed=seed)`."""
        inputs = {"count": tf.constant(count, tf.int32), "seed": tf.constant(seed, tf.int64)}
        if self.condition is not None:
            inputs["condition"] = tf.constant(condition, self.condition.dtype)
        return self._generate(**inputs)["samples"].numpy()

    def decode(self, latent: Any, condition: Any = None) -> tuple[np.ndarray, int]:
        """Returns a sample for each latent one, and how many were computed together with other calls'."""
        values = {"latent": (latent, self.latent), "condition": (condition, self.condition)}
        tensors = [tf.constant(values[name][0], values[name][1].dtype) for name in self._names]
        samples, rows = self._together(*tensors)
        return samples.numpy(), int(rows[0])


def _inputs(signature: Any) -> dict[str, tf.TensorSpec]:
    return dict(signature.structured_input_signature[1])
