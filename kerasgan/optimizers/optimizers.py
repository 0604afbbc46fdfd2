from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="kerasgan")
class Optimizers(keras.optimizers.Optimizer):
    """The optimizers of all turns, as one optimizer for Keras.

    Keras's callbacks and its saving know only one optimizer for each model. This one represents all of them.
    Its variables are those of all optimizers. If you set its learning rate, the learning rate of every
    optimizer is scaled, so that their ratios stay the same. It never updates any weights itself.

    Args:
        optimizers: An optimizer for each turn, by the turn's name. The learning rate of the first one is the
            learning rate of the group.

    Raises:
        ValueError: If two turns have the same optimizer.

    Example:

    >>> group = Optimizers({"a": keras.optimizers.SGD(0.1), "b": keras.optimizers.SGD(0.4)})
    >>> group.learning_rate = 0.05
    >>> round(float(group["b"].learning_rate), 6)
    0.2
    """

    def __init__(self, optimizers: Mapping[str, keras.optimizers.Optimizer]) -> None:
        super().__init__(learning_rate=0.0, name="optimizers")
        if len({id(optimizer) for optimizer in optimizers.values()}) < len(optimizers):
            raise ValueError(
                "Invalid value for the optimizers. Expected an optimizer of its own for each turn. "
                f"Received: one object for several of {list(optimizers)}"
            )
        # Keras does not look into this mapping. This object saves the optimizers itself, by name.
        self._by_turn = MappingProxyType(dict(optimizers))
        rates = [_rate(optimizer) for optimizer in optimizers.values()]
        self._ratios = [rate / rates[0] if rates[0] else 1.0 for rate in rates]
        self.built = True

    def __getitem__(self, turn: str) -> keras.optimizers.Optimizer:
        """Returns the optimizer of a turn."""
        return self._by_turn[turn]

    def __contains__(self, turn: str) -> bool:
        """Tells whether there is a turn of this name."""
        return turn in self._by_turn

    @property
    def variables(self) -> list[Any]:
        """The number of rounds, and the variables of all optimizers."""
        own = [v for optimizer in self._by_turn.values() for v in optimizer.variables]
        return [self._iterations, *own]

    @property
    def rounds(self) -> int:
        """How many rounds were played. It does not depend on how many steps the optimizers took."""
        return int(keras.ops.convert_to_numpy(self._iterations))

    def count_round(self) -> None:
        """Counts a round."""
        self._iterations.assign_add(1)

    @property
    def iterations(self) -> Any:
        """The steps of the last turn's optimizer. Fewer than the rounds if it accumulates gradients."""
        return list(self._by_turn.values())[-1].iterations

    @property
    def learning_rate(self) -> Any:
        """The first optimizer's learning rate. Setting it keeps the ratios between all optimizers."""
        return next(iter(self._by_turn.values())).learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule) or callable(
            learning_rate
        ):
            raise TypeError(
                "Invalid value for argument `learning_rate`. Expected a number, which scales the learning "
                "rates of all turns; give a schedule to each turn's optimizer instead. "
                f"Received: learning_rate={learning_rate}"
            )
        for optimizer, ratio in zip(self._by_turn.values(), self._ratios, strict=True):
            optimizer.learning_rate = learning_rate * ratio

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Raises an error, because each turn applies its own optimizer."""
        raise TypeError(
            f"A game's optimizers are applied by its turns. Expected one of {list(self._by_turn)} by name, "
            "as `optimizers[name].apply(...)`."
        )

    def finalize_variable_values(self, var_list: Any) -> None:
        """Lets each optimizer that averages weights write its averages."""
        for optimizer in self._by_turn.values():
            optimizer.finalize_variable_values(_innermost(optimizer)._trainable_variables)

    def save_own_variables(self, store: Any) -> None:
        """Saves the number of rounds and every optimizer's variables, by turn."""
        store["rounds"] = keras.ops.convert_to_numpy(self._iterations)
        for turn, optimizer in self._by_turn.items():
            for index, variable in enumerate(optimizer.variables):
                store[f"{turn}.{index}"] = keras.ops.convert_to_numpy(variable)

    def load_own_variables(self, store: Any) -> None:
        """Loads what `save_own_variables` saved."""
        for turn, optimizer in self._by_turn.items():
            for index, variable in enumerate(optimizer.variables):
                variable.assign(store[f"{turn}.{index}"])
        # Files of 0.1 have no rounds. There, the steps of the last turn's optimizer are the rounds.
        has_rounds = "rounds" in store  # Keras's stores have another `get` than dictionaries.
        self._iterations.assign(store["rounds"] if has_rounds else self.iterations)

    def get_config(self) -> dict[str, Any]:
        """Returns the configuration of each optimizer, by turn."""
        serialize = keras.optimizers.serialize
        return {"optimizers": {turn: serialize(each) for turn, each in self._by_turn.items()}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Optimizers:
        """Makes the group that a result of `get_config` describes."""
        deserialize = keras.optimizers.deserialize
        return cls(
            {turn: deserialize(each, custom_objects) for turn, each in config["optimizers"].items()}
        )


def _innermost(optimizer: Any) -> Any:
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    return optimizer


def _rate(optimizer: keras.optimizers.Optimizer) -> float:
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))
