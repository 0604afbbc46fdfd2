from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops


class Saving(keras.Model):
    """What Keras's saving leaves out of a game: how it was compiled, and every seed.

    A file that Keras writes holds a model's configuration, weights and one optimizer. Several optimizers
    come back only if the model can compile itself as before; random draws go on where they stopped only if
    the states of all seed generators are stored.
    """

    def _compiled_with(self) -> Mapping[str, Any]:
        """Returns the arguments that `compile` was called with."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Saving:
        """Makes the model that `get_config` described."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cls(**keras.saving.deserialize_keras_object(config))

    def get_compile_config(self) -> dict[str, Any]:
        """Returns what `compile` was called with."""
        serialize = keras.saving.serialize_keras_object
        return {name: serialize(value) for name, value in self._compiled_with().items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as `get_compile_config` describes."""
        deserialize = keras.saving.deserialize_keras_object
        self.compile(**{name: deserialize(value) for name, value in config.items()})

    def save_own_variables(self, store: Any) -> None:
        """Saves the state of every seed generator, the sub-models' too, which Keras leaves out."""
        super().save_own_variables(store)
        for index, state in enumerate(self._seed_states()):
            store[f"seed.{index}"] = ops.convert_to_numpy(state)

    def load_own_variables(self, store: Any) -> None:
        """Loads what `save_own_variables` saved."""
        for index, state in enumerate(self._seed_states()):
            state.assign(store[f"seed.{index}"])

    def _seed_states(self) -> list[keras.Variable]:
        weights = {id(weight) for weight in self.weights}
        return [variable for variable in self.variables if id(variable) not in weights]
