from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import keras

from kerasgan.core.finite_watch import FiniteWeights
from kerasgan.core.moving_average import Averages, MovingAverage
from kerasgan.core.turn import Turn


class Averaging(keras.Model):
    """The moving averages of a game's sub-models, which `generator_ema` asks for.

    Args:
        **kwargs: Those of `keras.Model`, and of the classes after this one.
    """

    _finite_weights: FiniteWeights | None
    train_function: Any
    test_function: Any
    predict_function: Any

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # In a namespace, out of sight of Keras's tracking, which is closed once a model is built. `refuses`
        # says that `compile` was told to keep no average, and so to take none from a file.
        self._averaging = SimpleNamespace(average=None, refuses=False)

    def turns(self) -> Sequence[Turn]:
        """Returns the turns of one round, in their order."""
        raise NotImplementedError

    def generating_models(self) -> Sequence[keras.Model]:
        """The sub-models that samples come out of, which `generator_ema` averages."""
        return next(turn.players for turn in self.turns() if turn.name == "generator")

    def judged_models(self) -> Sequence[keras.Model]:
        """This model, and the averages that are kept beside it."""
        average = self._average
        return [self] if average is None else [self, *average.models]

    def averaged(self, model: keras.Model, training: bool = False) -> keras.Model:
        """Returns the moving average of a sub-model: itself in training, and where no average is kept."""
        average = self._average
        return model if training or average is None else average.of(model)

    @property
    def averages(self) -> Averages:
        """The averaged sub-models by name, such as `averages.generator`, where `generator_ema` keeps them."""
        return Averages(self)

    def averages_in_place(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context in which the sub-models hold their averages, where any are kept."""
        average = self._average
        return contextlib.nullcontext() if average is None else average.in_place()

    def update_averages(self) -> None:
        """Takes the weights that a round has come to into the averages, where any are kept."""
        if self._average is not None:
            self._average.update()

    @property
    def _average(self) -> MovingAverage | None:
        return self._averaging.average

    @property
    def _averages(self) -> list[keras.Variable]:
        average = self._average
        return [] if average is None else average.variables

    @property
    def _momentum(self) -> float | None:
        average = self._average
        return None if average is None else average.momentum

    def _keep_average(self, generator_ema: Any) -> Any:
        """Keeps the average that `compile` is asked for: the one that there is, or a new one.

        Returns:
            What `compile` has to be given for the same average, when the model is loaded.
        """
        average, models = self._average, self.generating_models()
        if generator_ema is None or (average is not None and not average.is_of(models)):
            average = None
        if isinstance(generator_ema, str) and generator_ema == "keep":
            generator_ema = "keep" if average is None else average.momentum
        elif generator_ema is not None:
            new = MovingAverage(models, generator_ema)
            average = average or new
            average.momentum = new.momentum
        if average is not None:
            average.retake()
        self._averaging = SimpleNamespace(average=average, refuses=generator_ema is None)
        return generator_ema

    def _take_average(self, momentum: float) -> None:
        """Begins to keep averages that a file holds, unless there are some, or `compile` forbade it."""
        if self._average is not None or self._averaging.refuses:
            return
        with self.distribute_strategy.scope():
            self._averaging.average = MovingAverage(self.generating_models(), momentum)
        self._finite_weights = None
        # What was traced knows no average.
        self.train_function = self.test_function = self.predict_function = None
