from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import invalid
from kerasgan.backend import is_chief
from kerasgan.core.adversary import Adversary, restored
from kerasgan.core.finite_watch import FiniteWeights
from kerasgan.core.seeds import seed_states
from kerasgan.core.shared_layers import check_shared, shared_layers
from kerasgan.files import replacing
from kerasgan.registry import deserialize

_MOMENTUM = "averages.momentum"
_LOSSES = "losses"


class Saving(keras.Model):
    """What Keras's saving leaves out of a game: how it was compiled, and every seed.

    A file that Keras writes holds a model's configuration, weights and one optimizer. Several optimizers
    come back only if the model can compile itself as before; random draws go on where they stopped only if
    the states of all seed generators are stored. And Keras writes in place: here a file is written beside
    its final path and then renamed, so that a full disk or a killed process leaves the last one usable.

    Of several workers that train a model together, the chief alone writes; on the others nothing is to do.
    """

    _finite_weights: FiniteWeights | None = None
    # The layers that sub-models share, and that a file was loaded with once.
    _loadable: Sequence[str] = ()

    def save(self, filepath: Any, overwrite: bool = True, **arguments: Any) -> None:
        """Saves the model; as `keras.Model.save`, but a file that is there stays until the new one is whole.

        Args:
            filepath: Where to save, ending in `.keras`.
            overwrite: As in Keras. Defaults to `True`.
            **arguments: As in Keras. The folder that `zipped=False` makes is written in place.

        Raises:
            ValueError: If `filepath` ends in `.h5`, or sub-models share layers so that the file could not be
                loaded.
            FloatingPointError: If a weight is not finite.
        """
        if str(filepath).endswith((".h5", ".hdf5")):
            raise invalid(
                "filepath",
                str(filepath),
                "a path that ends in '.keras': Keras's older format holds no game (`save_weights` takes "
                "'.weights.h5')",
            )
        self.check_weights()
        if not is_chief(self):
            return
        shared = tuple(shared_layers(self))
        if shared and shared != self._loadable:
            check_shared(self, shared)
            self._loadable = shared
        if not overwrite or arguments.get("zipped") is False or not _is_local(filepath):
            super().save(filepath, overwrite=overwrite, **arguments)
            return
        with replacing(filepath) as temporary:
            super().save(temporary, **arguments)

    def save_weights(self, filepath: Any, overwrite: bool = True, **arguments: Any) -> None:
        """Saves the weights, the optimizers and the seeds; as `keras.Model.save_weights`, but atomically.

        Args:
            filepath: Where to save, ending in `.weights.h5`.
            overwrite: As in Keras. Defaults to `True`.
            **arguments: As in Keras. The files that `max_shard_size` makes are written in place.

        Raises:
            FloatingPointError: If a weight is not finite.
        """
        self.check_weights()
        if not is_chief(self):
            return
        sharded = arguments.get("max_shard_size") is not None
        if not overwrite or sharded or not _is_local(filepath):
            super().save_weights(filepath, overwrite=overwrite, **arguments)
            return
        # HDF5 ends the whole process where a disk is full while it writes.
        memory = _Memory(filepath)
        super().save_weights(memory, **arguments)
        with replacing(filepath) as temporary:
            temporary.write_bytes(memory.getbuffer())

    def check_weights(self) -> None:
        """Raises a `FloatingPointError` where a weight or an average of weights is not finite."""
        if self._finite_weights is None:
            self._finite_weights = FiniteWeights([*self.weights, *self._averages])
        self._finite_weights.check(self)

    def _compiled_with(self) -> Mapping[str, Any]:
        """Returns the arguments that `compile` was called with."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Saving:
        """Makes the model that `get_config` described."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cls(**deserialize(config))

    def get_compile_config(self) -> dict[str, Any]:
        """Returns what `compile` was called with."""
        serialize = keras.saving.serialize_keras_object
        given = dict(self._compiled_with())
        if given and self._momentum is not None:
            given["generator_ema"] = self._momentum
        return {name: serialize(value) for name, value in given.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as `get_compile_config` describes."""
        with restored():
            self.compile(**{name: deserialize(value) for name, value in config.items()})

    @property
    def _averages(self) -> list[keras.Variable]:
        """The variables of averaged weights, which are kept beside the model's own."""
        raise NotImplementedError

    @property
    def _momentum(self) -> float | None:
        """The momentum of the averages; `None` where there are none."""
        raise NotImplementedError

    def _take_average(self, momentum: float) -> None:
        """Begins to keep averages that a file holds, unless there are some, or `compile` forbade it."""
        raise NotImplementedError

    def save_own_variables(self, store: Any) -> None:
        """Saves what Keras leaves out: the state of every seed, averages, and what was played for."""
        super().save_own_variables(store)
        for name, variable in self._own_variables():
            store[name] = ops.convert_to_numpy(variable)
        if self._momentum is not None:
            store[_MOMENTUM] = np.array(self._momentum)
        losses = {name: each.loss_config() for name, each in self._adversaries().items()}
        known = {name: config for name, config in losses.items() if config is not None}
        if known:
            # A file of weights holds arrays alone.
            store[_LOSSES] = np.frombuffer(json.dumps(known).encode(), "uint8")

    def load_own_variables(self, store: Any) -> None:
        """Loads what `save_own_variables` saved.

        Averages that the file holds are kept from then on, as if `generator_ema` had been given to `compile`,
        unless that was `None`. A model that is not compiled learns what its scores stand for.

        Raises:
            ValueError: If the model keeps averages and the file holds none.
        """
        if _MOMENTUM in store:
            self._take_average(float(np.asarray(store[_MOMENTUM])))
        for name, variable in self._own_variables():
            if name not in store:
                raise ValueError(
                    "Invalid file of weights. Expected the averaged weights that `generator_ema` asks for "
                    f"(load the file before `compile`, and they start there). Received: no {name!r}"
                )
            variable.assign(store[name])
        if _LOSSES in store:
            for name, config in json.loads(np.asarray(store[_LOSSES]).tobytes()).items():
                self._adversaries()[name].take_loss_config(config)

    def _own_variables(self) -> list[tuple[str, keras.Variable]]:
        seeds = [(f"seed.{index}", state) for index, state in enumerate(seed_states(self))]
        return seeds + [(f"average.{index}", v) for index, v in enumerate(self._averages)]

    def _adversaries(self) -> dict[str, Adversary]:
        return {name: each for name, each in vars(self).items() if isinstance(each, Adversary)}


def _is_local(filepath: Any) -> bool:
    return isinstance(filepath, str | os.PathLike) and "://" not in str(filepath)


class _Memory(io.BytesIO):
    """A file in memory, which tells Keras its format by its name."""

    def __init__(self, name: Any) -> None:
        super().__init__()
        self._name = str(name)

    def __str__(self) -> str:
        return self._name
