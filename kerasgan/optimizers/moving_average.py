from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import number
from kerasgan.backend import assign_on_replicas
from kerasgan.precision import full_precision


class MovingAverage:
    """Copies of models whose weights are exponential moving averages of the models' own (Yazıcı et al. 2018).

    The average is `a_t = a_{t-1} + r_t (w_t - a_{t-1})` with `r_t = (1 - m) / (1 - m^t)`. This rate corrects
    the bias to the first value, as Adam does. So at any time the weights from before training do not count.
    Layers' statistics are averaged too.

    Args:
        models: The models to average.
        momentum: The number `m`, between 0 and 1. The average looks back over about `1 / (1 - m)` rounds.

    Raises:
        ValueError: If the momentum is not between 0 and 1.
    """

    def __init__(self, models: Sequence[keras.Model], momentum: float) -> None:
        self.momentum = number(
            "generator_ema",
            momentum,
            "a number between 0 and 1, 'keep' or None",
            lambda given: 0 < given < 1,
        )
        self._pairs = [(model, _copy(model)) for model in models]
        self._updates = keras.Variable(
            0, dtype="int", trainable=False, aggregation="only_first_replica", name="updates"
        )
        self._is_in_place = False

    def retake(self) -> None:
        """Copies the models' present weights, if nothing is averaged yet."""
        if not int(ops.convert_to_numpy(self._updates)):
            for original, average in self._pairs:
                average.set_weights(original.get_weights())

    def is_of(self, models: Sequence[keras.Model]) -> bool:
        """Tells whether these are the models that are averaged."""
        own = [id(original) for original, _ in self._pairs]
        return own == [id(model) for model in models]

    @property
    def variables(self) -> list[keras.Variable]:
        """The averages, the copies' seeds, and how many rounds were averaged."""
        return [self._updates, *(v for _, average in self._pairs for v in average.variables)]

    @property
    def models(self) -> list[keras.Model]:
        """The copies."""
        return [average for _, average in self._pairs]

    def of(self, model: keras.Model) -> keras.Model:
        """Returns the average of a model, or the model itself if it is not averaged."""
        averages = {id(original): average for original, average in self._pairs}
        return model if self._is_in_place else averages.get(id(model), model)

    def update(self) -> None:
        """Adds the models' present weights to the averages."""
        self._updates.assign_add(1)
        weight_of_start = ops.power(self.momentum, ops.cast(self._updates, full_precision()))
        rate = (1.0 - self.momentum) / (1.0 - weight_of_start)
        pairs = [
            (mean, weight)
            for original, average in self._pairs
            for mean, weight in zip(average.weights, original.weights, strict=True)
        ]
        # A variable of integers, such as a counter, has no average. It is copied.
        values = [
            mean + ops.cast(rate, mean.dtype) * (weight - mean)
            if keras.backend.is_float_dtype(mean.dtype)
            else ops.convert_to_tensor(weight)
            for mean, weight in pairs
        ]
        assign_on_replicas([mean for mean, _ in pairs], values)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Puts the averages into the models themselves, inside a context."""
        kept = [original.get_weights() for original, _ in self._pairs]
        try:
            self._is_in_place = True
            for original, average in self._pairs:
                original.set_weights(average.get_weights())
            yield
        finally:
            self._is_in_place = False
            for (original, _), weights in zip(self._pairs, kept, strict=True):
                original.set_weights(weights)


class Averages:
    """The averaged sub-models of a game, by the names that the game gives the sub-models.

    Each is a Keras model of its own, so you can write `gan.averages.generator.save("generator.keras")`. They
    are in a namespace of their own. If they were attributes of the game, Keras would save them as sub-models.

    Args:
        model: The game.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> keras.Model:
        if name.startswith("_"):
            raise AttributeError(name)
        original = getattr(self._model, name, None)
        average = self._model.averaged(original)
        if average is not original:
            return average
        kept = [each for each in dir(self) if not each.startswith("_")]
        advice = (
            f"There are those of {kept}." if kept else "`compile(generator_ema=0.999)` keeps one."
        )
        raise AttributeError(f"{self._model.name!r} has no average of {name!r}. {advice}")

    def __dir__(self) -> list[str]:
        return [
            name
            for name, value in vars(self._model).items()
            if isinstance(value, keras.Model) and self._model.averaged(value) is not value
        ]


def _copy(model: keras.Model) -> Any:
    # This copies the user's own model, so it is safe to take over its functions.
    configuration = keras.saving.serialize_keras_object(model)
    copy: Any = keras.saving.deserialize_keras_object(configuration, safe_mode=False)
    if not copy.built:
        copy.build(model.input_shape)
    copy.set_weights(model.get_weights())
    return copy
