from __future__ import annotations

import contextlib
import inspect
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import random_seed
from kerasgan.core.adversary import Adversary
from kerasgan.core.compiled import Compiled
from kerasgan.core.sub_model import check_model
from kerasgan.datasets.normalization import Normalization, check_fitted
from kerasgan.optimizers import Averages, MovingAverage
from kerasgan.seeds import seed_states
from kerasgan.training import FiniteWeights


class _Game(type(keras.Model)):  # type: ignore[misc]
    """Sets a game up after all constructors have run, with the arguments of its constructor."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        game = super().__call__(*args, **kwargs)
        game.begin(args, kwargs)
        return game


class StatefulGame(keras.Model, metaclass=_Game):
    """The parts of a game, and its state: everything that training changes.

    Args:
        seed: An integer, the seed of the game's random draws. Defaults to `None`:
            `keras.utils.set_random_seed` decides the seed.
        normalization: How the data were normalized. See the attribute. Defaults to `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Attributes:
        seed: The seed that the game was made with.
        seed_generator: The generator of seeds for training.
        order_seed_generator: The generator of seeds for the order of the data.
        evaluation_seed_generator: The generator of seeds for evaluations. The draws are the same in each.
        compiled_game: The results of `compile`.
        graphs: The graphs of the game's uses. Each is built at its first call.
        kept: Values that Keras must not track.
    """

    def __init__(
        self, seed: int | None = None, normalization: Normalization | None = None, **kwargs: Any
    ) -> None:
        seed = random_seed(seed)
        super().__init__(**kwargs)
        self.seed = seed
        self.order_seed_generator = keras.random.SeedGenerator(seed)
        self.evaluation_seed_generator = keras.random.SeedGenerator(0)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.compiled_game = Compiled()
        self.kept = Kept()
        self.normalization = normalization

    # The parts of a game.

    def add_players(self, **players: keras.Model) -> None:
        """Registers sub-models, each under the name of its argument.

        Raises:
            TypeError: If one is not a `keras.Model`.
        """
        for name, player in players.items():
            setattr(self, name, check_model(name, player))
            self.kept.players.append(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets an attribute. A player cannot be replaced by another one."""
        kept = self.__dict__.get("kept")
        if kept is not None and name in kept.players:
            raise AttributeError(
                f"`{name}` is a part of this game, whose optimizers and graphs know its weights. Expected a "
                f"new game, such as `{type(self).__name__}(…, {name}=…)`, or `{name}.set_weights(…)`. "
                f"Received: {value!r}"
            )
        if name == "normalization":
            # A layer is refused here, before Keras can make it a part of the model.
            object.__setattr__(self, name, value)
            return
        super().__setattr__(name, value)

    @property
    def normalization(self) -> Normalization | None:
        """How the data were normalized, such as `dataset.normalization`; `None` if that is not known.

        Training takes normalized data and does not use it. `generate(…, normalized=False)` inverts the
        normalization, and pictures of samples are drawn with it. It is saved with the model, and you can set
        it at any time.
        """
        return self.kept.normalization

    @normalization.setter
    def normalization(self, value: Normalization | None) -> None:
        self.kept.normalization = None if value is None else check_fitted(value)

    def without_tracking(self, model: keras.Model) -> Callable[[], keras.Model]:
        """Wraps a model of weights that the game has already, so that Keras does not count them twice."""
        return lambda: model

    def setup(self) -> None:
        """Finds out what the sub-models take and return. Called after all constructors have run."""

    @abstractmethod
    def call_specification(self) -> Any:
        """Returns the specification of the model's input."""

    @abstractmethod
    def generating_models(self) -> Sequence[keras.Model]:
        """The sub-models that make samples. `generator_ema` averages their weights."""

    def begin(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Sets the game up and builds it. The metaclass calls this once."""
        signature = inspect.signature(type(self).__init__)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                arguments.pop(parameter.name, None)
        arguments.pop("self")
        self.kept.arguments = arguments
        self.setup()
        self(self.call_specification())

    def init_arguments(self) -> dict[str, Any]:
        """Returns the arguments that make an equal game, each with its present value."""
        attributes = vars(self)
        return {name: attributes.get(name, value) for name, value in self.kept.arguments.items()}

    @property
    def adversaries(self) -> Sequence[Adversary]:
        """The game's adversaries."""
        return self.kept.adversaries

    def differentiated_twice(self) -> list[keras.Model]:
        """Returns the discriminators that a penalty needs second derivatives of.

        Do not make this a property. Keras would save the discriminators under its name.
        """
        return [
            adversary.discriminator.model
            for adversary in self.adversaries
            if any(penalty.needs_second_derivatives for penalty in adversary.penalties)
        ]

    @property
    def graphs(self) -> dict[str, Any]:
        """The graphs of the game's uses. Each is built at its first call."""
        return self.kept.graphs

    # The state.

    @property
    def seed_generators(self) -> list[keras.random.SeedGenerator]:
        """The game's own generators of seeds."""
        return [self.order_seed_generator, self.evaluation_seed_generator, self.seed_generator]

    def state(self) -> list[keras.Variable]:
        """Every variable that training changes: weights, optimizers, averages, seeds, running means."""
        variables = [*self.variables, *self._average_variables, *self.compiled_game.variables]
        return list({id(variable): variable for variable in variables}.values())

    def named_seeds_and_averages(self) -> list[tuple[str, keras.Variable]]:
        """The part of the state that Keras does not save, by name: seeds, and averages of weights."""
        seeds = [(f"seed.{index}", state) for index, state in enumerate(seed_states(self))]
        averages = enumerate(self._average_variables)
        return seeds + [(f"average.{index}", each) for index, each in averages]

    def judged_models(self) -> Sequence[keras.Model]:
        """This model, and its averages, if it keeps any."""
        average = self.kept.average
        return [self] if average is None else [self, *average.models]

    def averaged(self, model: keras.Model, training: bool = False) -> keras.Model:
        """Returns a sub-model's moving average; in training or without averages, the sub-model."""
        average = self.kept.average
        return model if training or average is None else average.of(model)

    def averages_in_place(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context in which the sub-models hold their averages, if any are kept."""
        average = self.kept.average
        return contextlib.nullcontext() if average is None else average.in_place()

    @property
    def averages(self) -> Averages:
        """The averaged sub-models by name, such as `averages.generator`, if `generator_ema` is on."""
        return Averages(self)

    @property
    def average_momentum(self) -> float | None:
        """The momentum of the averages; `None` if there are none."""
        average = self.kept.average
        return None if average is None else average.momentum

    def update_averages(self) -> None:
        """Adds the weights after a round to the averages, if any are kept."""
        if self.kept.average is not None:
            self.kept.average.update()

    def keep_average(self, generator_ema: Any) -> Any:
        """Keeps an average as `compile` asks for: the existing one, or a new one.

        Returns:
            The value of `generator_ema` that gives the same average when the model is loaded.
        """
        average, models = self.kept.average, self.generating_models()
        if generator_ema is None or (average is not None and not average.is_of(models)):
            average = None
        if isinstance(generator_ema, str) and generator_ema == "keep":
            generator_ema = "keep" if average is None else average.momentum
        elif generator_ema is not None:
            if not models:
                raise ValueError(
                    "Invalid value for argument `generator_ema`. Expected None, since no turn of "
                    f"`{type(self).__name__}` is called 'generator': say in `generating_models` which "
                    f"sub-models make samples. Received: generator_ema={generator_ema!r}"
                )
            new = MovingAverage(models, generator_ema)
            average = average or new
            average.momentum = new.momentum
        if average is not None:
            average.retake()
        self.kept.average = average
        self.kept.refuses_averages = generator_ema is None
        return generator_ema

    def take_average(self, momentum: float) -> None:
        """Starts to keep a file's averages, unless there are some already or `compile` forbids it."""
        if self.kept.average is not None or self.kept.refuses_averages:
            return
        with self.distribute_strategy.scope():
            self.kept.average = MovingAverage(self.generating_models(), momentum)
        self.forget_graphs()
        # Functions that were traced before do not use the average.
        self.train_function = self.test_function = self.predict_function = None

    @property
    def _average_variables(self) -> list[keras.Variable]:
        average = self.kept.average
        return [] if average is None else average.variables

    def check_weights(self) -> None:
        """Raises a `FloatingPointError` if a weight or an average of weights is not finite."""
        if self.kept.finite_weights is None:
            watched = [*self.weights, *self._average_variables]
            self.kept.finite_weights = FiniteWeights(watched)
        self.kept.finite_weights.check(self)

    def forget_graphs(self) -> None:
        """Makes graphs be built again, after something that they use has changed."""
        self.kept.graphs.clear()
        self.kept.finite_weights = None

    # What is logged.

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The logs of the turns, and the metrics of an evaluation."""
        compiled = self.compiled_game
        return [*super().metrics, *compiled.turn_logs, *compiled.metrics]

    @property
    def metrics_names(self) -> list[str]:
        """The names of the values that `evaluate` returns, in the same order."""
        names = {metric.name for metric in self.metrics}
        logged = list(self.evaluation_logs())
        # Keras lists them in this order.
        own = [metric.name for metric in self.metrics if metric.name in logged]
        return [*own, *sorted(name for name in logged if name not in names)]

    def training_logs(self) -> dict[str, Any]:
        """Returns the running mean of everything that the turns log."""
        logs = self.compiled_game.turn_logs
        return {name: mean for log in logs for name, mean in log.result().items()}

    def evaluation_logs(self) -> dict[str, Any]:
        """Returns the running means and the metrics; NaN for a metric that needs all of the data first."""
        logs = self.training_logs()
        for metric in self.compiled_game.metrics:
            placeholder: Callable[[], Any] | None = getattr(metric, "placeholder", None)
            value = metric.result() if placeholder is None else placeholder()
            logs.update(value if isinstance(value, dict) else {metric.name: value})
        return logs

    def updates_since(
        self, cursor: Mapping[str, int] | None = None
    ) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, int]]:
        """Returns the logged values of every single update, turn by turn.

        Keras's logs are running means, and there is one for each execution. These are the values themselves.
        The values of the last execution are kept. So a callback that calls this after every execution misses
        none.

        Args:
            cursor: The cursor that the last call returned. Defaults to `None`: start from now.

        Returns:
            `(updates, cursor)`: a dictionary of arrays for each turn's name, with one value per update; and
            the cursor for the next call.
        """
        logs = {log.name: log for log in self.compiled_game.turn_logs}
        now = {name: log.number_of_updates for name, log in logs.items()}
        start = now if cursor is None else cursor
        return {name: log.since(start[name]) for name, log in logs.items()}, now


class Kept:
    """Values of a game that Keras must not track."""

    def __init__(self) -> None:
        self.arguments: dict[str, Any] = {}
        self.players: list[str] = []
        self.graphs: dict[str, Any] = {}
        self.finite_weights: FiniteWeights | None = None
        self.adversaries: list[Adversary] = []
        self.average: MovingAverage | None = None
        # Whether `compile` was told to keep no average. Then none is taken from a file.
        self.refuses_averages = False
        # The layers that sub-models share, after one check that a file with them can be loaded.
        self.loadable: tuple[str, ...] = ()
        # How the data were normalized.
        self.normalization: Normalization | None = None
        # The loss of the game, as a file says.
        self.loss_of_file: Any = None
        self._defaults: dict[str, Any] = {}

    def defaults(self, game: Any) -> Mapping[str, Any]:
        """Returns the defaults of a game's settings."""
        if not self._defaults:
            for name, setting in type(game).settings_by_name.items():
                self._defaults[name] = setting.checked(game, setting.default)
        if self.loss_of_file is not None:
            return {**self._defaults, "loss": self.loss_of_file}
        return self._defaults
