from __future__ import annotations

import contextlib
import io
import json
import os
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.arguments import invalid
from kerasgan.backend import is_chief
from kerasgan.core.adversary import restored
from kerasgan.core.setting import serialized
from kerasgan.core.shared_layers import check_shared, shared_layers
from kerasgan.core.stateful_game import StatefulGame
from kerasgan.files import replacing
from kerasgan.registry import deserialize

_MOMENTUM = "averages.momentum"
_LOSS = "loss"
_FROZEN = "frozen"


class SavedGame(StatefulGame):
    """Saves what Keras does not save of a game: how it was compiled, and every seed.

    A file that Keras writes holds a model's configuration, its weights and one optimizer. Several optimizers
    can be restored only if the model can compile itself as before. Random draws continue where they stopped
    only if the states of all seed generators are stored.

    Keras also writes in place. Here, a file is written next to its final path and then renamed. So a full
    disk or a killed process leaves the last file usable.

    If several workers train a model together, only the chief writes. On the others, saving does nothing.
    """

    def save(self, filepath: Any, overwrite: bool = True, **arguments: Any) -> None:
        """Saves the model like `keras.Model.save`, but an old file stays until the new one is complete.

        Args:
            filepath: Where to save, ending in `.keras`.
            overwrite: As in Keras. Defaults to `True`.
            **arguments: As in Keras. With `zipped=False`, the folder is written in place.

        Raises:
            ValueError: If `filepath` ends in `.h5`, or if sub-models share layers in a way that would make
                the file impossible to load.
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
        if shared and shared != self.kept.loadable:
            check_shared(self, shared)
            self.kept.loadable = shared
        if not overwrite or arguments.get("zipped") is False or not _is_local(filepath):
            super().save(filepath, overwrite=overwrite, **arguments)
            return
        with replacing(filepath) as temporary:
            super().save(temporary, **arguments)

    def save_weights(self, filepath: Any, overwrite: bool = True, **arguments: Any) -> None:
        """Saves weights, optimizers and seeds like `keras.Model.save_weights`, but atomically.

        Args:
            filepath: Where to save, ending in `.weights.h5`.
            overwrite: As in Keras. Defaults to `True`.
            **arguments: As in Keras. With `max_shard_size`, the files are written in place.

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
        # If the disk is full, HDF5 ends the whole process while it writes. So it writes to memory.
        memory = _Memory(filepath)
        super().save_weights(memory, **arguments)
        with replacing(filepath) as temporary:
            temporary.write_bytes(memory.getbuffer())

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, except for its weights."""
        serialize = keras.saving.serialize_keras_object
        arguments = {name: serialized(value) for name, value in self.init_arguments().items()}
        config = {**arguments, "name": self.name, "dtype": serialize(self.dtype_policy)}
        # Left out if there is none, as in files of 0.1.
        if self.normalization is not None:
            config["normalization"] = serialize(self.normalization)
        frozen = self._frozen_layers()
        if frozen:
            config[_FROZEN] = frozen
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> SavedGame:
        """Makes the model that a result of `get_config` describes."""
        frozen = config.get(_FROZEN, {})
        config = {name: value for name, value in config.items() if name != _FROZEN}
        with keras.saving.custom_object_scope(custom_objects or {}):
            game = cls(**deserialize(config))
        for player, places in frozen.items():
            for place, layer in enumerate(getattr(game, player)._flatten_layers()):
                layer.trainable = place not in places
        return game

    def _frozen_layers(self) -> dict[str, list[int]]:
        """Returns the places of each player's frozen layers: a subclassed model does not save them."""
        layers = {name: getattr(self, name)._flatten_layers() for name in self.kept.players}
        places = {
            name: [place for place, layer in enumerate(found) if not layer.trainable]
            for name, found in layers.items()
        }
        return {name: each for name, each in places.items() if each}

    def get_compile_config(self) -> dict[str, Any]:
        """Returns what `compile` was called with."""
        arguments = dict(self.compiled_game.arguments)
        if arguments and self.average_momentum is not None:
            arguments["generator_ema"] = self.average_momentum
        return {name: serialized(value) for name, value in arguments.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as `get_compile_config` describes."""
        with restored():
            self.compile(**{name: deserialize(value) for name, value in config.items()})

    def save_own_variables(self, store: Any) -> None:
        """Saves what Keras leaves out: the state of every seed, the averages, and the loss."""
        super().save_own_variables(store)
        for name, variable in self.named_seeds_and_averages():
            store[name] = ops.convert_to_numpy(variable)
        for index, variable in enumerate(self.compiled_game.variables_of_settings):
            store[f"setting.{index}"] = ops.convert_to_numpy(variable)
        if self.average_momentum is not None:
            store[_MOMENTUM] = np.array(self.average_momentum)
        loss = self.compiled_game.settings.get("loss", self.kept.loss_of_file)
        # A loss that the user wrote may have no configuration.
        with contextlib.suppress(ValueError, TypeError, NotImplementedError):
            if loss is not None:
                # A file of weights can hold only arrays.
                text = json.dumps(keras.saving.serialize_keras_object(loss))
                store[_LOSS] = np.frombuffer(text.encode(), "uint8")

    def load_own_variables(self, store: Any) -> None:
        """Loads what `save_own_variables` saved.

        If the file holds averages, the model keeps averages from then on, as if you had given `generator_ema`
        to `compile`. It does not if you gave `generator_ema=None`. A model that is not compiled learns from
        the file what its scores mean.

        Raises:
            ValueError: If the model keeps averages and the file holds none.
        """
        if _MOMENTUM in store:
            self.take_average(float(np.asarray(store[_MOMENTUM])))
        for name, variable in self.named_seeds_and_averages():
            if name not in store:
                raise ValueError(
                    "Invalid file of weights. Expected the averaged weights that `generator_ema` asks for "
                    f"(load the file before `compile`, and they start there). Received: no {name!r}"
                )
            variable.assign(store[name])
        for index, variable in enumerate(self.compiled_game.variables_of_settings):
            if f"setting.{index}" in store:
                variable.assign(store[f"setting.{index}"])
        if _LOSS in store and not self.compiled_game.settings:
            # A process that only judges or samples may not have the user's own loss.
            with contextlib.suppress(ValueError, TypeError):
                config = json.loads(np.asarray(store[_LOSS]).tobytes())
                self.kept.loss_of_file = losses.get(config)


def _is_local(filepath: Any) -> bool:
    return isinstance(filepath, str | os.PathLike) and "://" not in str(filepath)


class _Memory(io.BytesIO):
    """A file in memory with a name, from which Keras knows the format."""

    def __init__(self, name: Any) -> None:
        super().__init__()
        self._name = str(name)

    def __str__(self) -> str:
        return self._name
