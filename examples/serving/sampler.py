"""An exported generator for a server. TensorFlow loads it, and computes concurrent requests together."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf


class Sampler:
    """An exported generator, with what it can draw and what it takes.

    The signature `serving_default` makes samples from latent samples. Each sample depends only on its own
    row. So TensorFlow can join the rows of concurrent calls to one batch
    (`tf.nondifferentiable_batch_function`, which TensorFlow Serving has too).

    One seed is for all samples of a call. So the signature `sample_latent` draws the latent samples of each
    call by itself. This is cheap compared with the network. The same seed gives the same samples, whatever
    else is requested at the time. If an export has no `sample_latent`, the signature `generate` does both,
    call by call.

    Args:
        directory: The folder of the SavedModel.
        batch_size: The largest number of rows that are computed together.
        batch_wait: The number of seconds for which a batch waits for more rows. With 0, it waits only for the
            batch before it.
        waiting: The largest number of batches that may wait at once.

    Raises:
        ValueError: If there is no such export in the folder.

    Attributes:
        latent: The shape and dtype of latent samples, with a first axis of any size.
        condition: The shape and dtype of conditions. `None` for a model without conditions.
        decoded_condition: The shape and dtype of the conditions of given latent samples. It is also `None` if
            labels only choose the part of the prior to draw from.
        batches_generate: Whether concurrent calls of `generate` are computed together.
    """

    def __init__(self, directory: Path, batch_size: int, batch_wait: float, waiting: int) -> None:
        if not tf.saved_model.contains_saved_model(str(directory)):
            raise ValueError(f"There is no SavedModel in '{directory}'.")
        self._model = tf.saved_model.load(str(directory))  # owns the variables
        signatures = self._model.signatures
        lacking = sorted({"serving_default", "generate"} - set(signatures))
        if lacking or "latent" not in _inputs(signatures["serving_default"]):
            raise ValueError(
                f"'{directory}' draws no samples: `{lacking[0] if lacking else 'serving_default'}` is not a "
                f"signature of a generator. The signatures are {', '.join(sorted(signatures))}."
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

        # TensorFlow identifies a queue by its scope. Each sampler in this process needs its own queue.
        def in_own_queue(*tensors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.name_scope(f"sampler_{uuid.uuid4().hex}"):
                return together(*tensors)

        self._decoded = inputs
        traced = tf.function(in_own_queue, input_signature=list(inputs.values()))
        self._together = traced.get_concrete_function()

    def generate(self, count: int, seed: int, condition: Any = None) -> tuple[np.ndarray, int]:
        """Returns the samples of `generate_alone`, and how many rows of all calls were computed together."""
        if self._sample_latent is None:
            return self.generate_alone(count, seed, condition), count
        if condition is not None:
            condition = np.broadcast_to(condition, (count, *np.shape(condition)[1:]))
        drawn = _call(self._sample_latent, count=count, seed=seed, condition=condition)
        return self.decode(drawn["latent"], condition)

    def generate_alone(self, count: int, seed: int, condition: Any = None) -> np.ndarray:
        """Returns `count` samples, the same as `generate(count, seed=seed)` of the model."""
        drawn = _call(self._generate, count=count, seed=seed, condition=condition)
        return drawn["samples"].numpy()

    def decode(self, latent: Any, condition: Any = None) -> tuple[np.ndarray, int]:
        """Returns a sample for each latent sample, and how many rows of all calls were computed together."""
        given = _tensors(self._decoded, {"latent": latent, "condition": condition})
        samples, rows = self._together(*given.values())
        return samples.numpy(), int(rows.numpy()[0])


def _call(signature: Any, **values: Any) -> dict[str, tf.Tensor]:
    return signature(**_tensors(_inputs(signature), values))


def _tensors(inputs: dict[str, tf.TensorSpec], values: dict[str, Any]) -> dict[str, tf.Tensor]:
    return {name: tf.convert_to_tensor(values[name], item.dtype) for name, item in inputs.items()}


def _inputs(signature: Any) -> dict[str, tf.TensorSpec]:
    return dict(signature.structured_input_signature[1])
