"""An exported generator as a server calls it: TensorFlow loads it, and puts concurrent requests together."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


class Sampler:
    """What a SavedModel of `model.export` can draw, and what it takes.

    `serving_default` makes samples of latent ones, each of its row alone, so that TensorFlow's own batching
    (`tf.nondifferentiable_batch_function`, which TensorFlow Serving has too) puts the rows of concurrent
    calls into one. A seed is one number for all samples of a call: `sample_latent` draws the latent ones of
    each call on its own, and the same seed gives the same samples whatever else is asked at the time. It is
    cheap beside the network. Where it is lacking, `generate` does both at once, call by call.

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
        decoded_condition: Those of the conditions of given latent samples. They are `None` too where labels
            choose the part of the prior to draw from, and nothing else.
        batches_generate: Whether concurrent calls of `generate` are put together.
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
        self._sample_latent = signatures.get("sample_latent")
        self.batches_generate = self._sample_latent is not None
        inputs = _inputs(serve)
        self.latent: tf.TensorSpec = inputs["latent"]
        self.condition: tf.TensorSpec | None = _inputs(self._generate).get("condition")
        self.decoded_condition: tf.TensorSpec | None = inputs.get("condition")

        @tf.nondifferentiable_batch_function(
            num_batch_threads=1,
            max_batch_size=batch_size,
            batch_timeout_micros=round(batch_wait * 1e6),
            max_enqueued_batches=waiting,
        )
        def together(*tensors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = tf.shape(tensors[0])[0]
            samples = serve(**dict(zip(inputs, tensors, strict=True)))["samples"]
            return samples, tf.fill([rows], rows)

        # TensorFlow knows a queue by its scope: another sampler in this process is to have another one.
        def in_own_queue(*tensors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.name_scope(f"sampler_{uuid.uuid4().hex}"):
                return together(*tensors)

        self._decoded = inputs
        traced = tf.function(in_own_queue, input_signature=list(inputs.values()))
        self._together = traced.get_concrete_function()

    def generate(self, count: int, seed: int, condition: Any = None) -> tuple[np.ndarray, int]:
        """Returns the samples of `generate_alone`, and how many were computed together with other calls'."""
        if self._sample_latent is None:
            return self.generate_alone(count, seed, condition), count
        if condition is not None:
            condition = np.broadcast_to(condition, (count, *np.shape(condition)[1:]))
        drawn = _call(self._sample_latent, count=count, seed=seed, condition=condition)
        return self.decode(drawn["latent"], condition)

    def generate_alone(self, count: int, seed: int, condition: Any = None) -> np.ndarray:
        """Returns `count` samples, those of the model's `generate(count, seed=seed)`."""
        drawn = _call(self._generate, count=count, seed=seed, condition=condition)
        return drawn["samples"].numpy()

    def decode(self, latent: Any, condition: Any = None) -> tuple[np.ndarray, int]:
        """Returns a sample for each latent one, and how many were computed together with other calls'."""
        given = _tensors(self._decoded, {"latent": latent, "condition": condition})
        samples, rows = self._together(*given.values())
        return samples.numpy(), int(rows.numpy()[0])


def _call(signature: Any, **values: Any) -> dict[str, tf.Tensor]:
    return signature(**_tensors(_inputs(signature), values))


def _tensors(inputs: dict[str, tf.TensorSpec], values: dict[str, Any]) -> dict[str, tf.Tensor]:
    return {name: tf.convert_to_tensor(values[name], item.dtype) for name, item in inputs.items()}


def _inputs(signature: Any) -> dict[str, tf.TensorSpec]:
    return dict(signature.structured_input_signature[1])
