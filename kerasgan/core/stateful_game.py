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
    """Sets a game up once all constructors have run, with the arguments that it was made with."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        game = super().__call__(*args, **kwargs)
        game.begin(args, kwargs)
        return game


class StatefulGame(keras.Model, metaclass=_Game):
    """What a game consists of, and all that training changes: its state.

    Args:
        seed: Where the game's random draws start. Defaults to `None`, as `keras.utils.set_random_seed`
            decides.
        normalization: What the data were normalized by; see the attribute. Defaults to `None`.
        **kwargs: Those of `keras.Model`: `name`, `dtype`.

    Attributes:
        seed: The seed that the game was made with.
        seed_generator: What training draws from.
        order_seed_generator: What the order of the data follows from.
        evaluation_seed_generator: What an evaluation draws from, the same each time.
        compiled_game: What `compile` made.
        graphs: Graphs of the game's uses, each built at its first call.
        kept: What the game keeps out of sight of Keras's tracking.
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

    # What a game consists of.

    def add_players(self, **players: keras.Model) -> None:
        """Takes sub-models up, each under the name of its argument.

        Raises:
            TypeError: If one is not a `keras.Model`.
        """
        for name, player in players.items():
            setattr(self, name, check_model(name, player))
            self.kept.players.append(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Sets an attribute; a player stays the one that the game was made with."""
        kept = self.__dict__.get("kept")
        if kept is not None and name in kept.players:
            raise AttributeError(
                f"`{name}` is a part of this game, whose optimizers and graphs know its weights. Expected a "
                f"new game, such as `{type(self).__name__}(…, {name}=…)`, or `{name}.set_weights(…)`. "
                f"Received: {value!r}"
            )
        if name == "normalization":
            # Before Keras takes a layer, which is refused, for a part of the model.
            object.__setattr__(self, name, value)
            return
        super().__setattr__(name, value)

    @property
    def normalization(self) -> Normalization | None:
        """What the data were normalized by, such as `dataset.normalization`; `None` where it is not known.

        Training takes normalized data, and does not use it. `generate(…, normalized=False)` inverts it, and
        pictures of samples are drawn by it. It is saved with the model, and may be set at any time.
        """
        return self.kept.normalization

    @normalization.setter
    def normalization(self, value: Normalization | None) -> None:
        self.kept.normalization = None if value is None else check_fitted(value)

    def without_tracking(self, model: keras.Model) -> Callable[[], keras.Model]:
        """Returns a model on weights that the game has already, so that Keras does not count them twice."""
        return lambda: model

    def setup(self) -> None:
        """Works out what the sub-models take and give, once all constructors have run."""

    @abstractmethod
    def call_specification(self) -> Any:
        """Returns the specification of what a call of the model takes."""

    @abstractmethod
    def generating_models(self) -> Sequence[keras.Model]:
        """The sub-models that samples come out of, which `generator_ema` averages."""

    def begin(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Sets the game up and builds it; the metaclass calls it once."""
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
        """Returns the arguments that make an equal game: those it was made with, as they are now."""
        attributes = vars(self)
        return {name: attributes.get(name, value) for name, value in self.kept.arguments.items()}

    @property
    def adversaries(self) -> Sequence[Adversary]:
        """The game's adversaries."""
        return self.kept.adversaries

    @property
    def graphs(self) -> dict[str, Any]:
        """Graphs of the game's uses, each built at its first call."""
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
        """What Keras does not save of the state, by name: seeds, and averages of weights."""
        seeds = [(f"seed.{index}", state) for index, state in enumerate(seed_states(self))]
        averages = enumerate(self._average_variables)
        return seeds + [(f"average.{index}", each) for index, each in averages]

    def judged_models(self) -> Sequence[keras.Model]:
        """This model, and the averages that are kept beside it."""
        average = self.kept.average
        return [self] if average is None else [self, *average.models]

    def averaged(self, model: keras.Model, training: bool = False) -> keras.Model:
        """Returns the moving average of a sub-model: itself in training, and where no average is kept."""
        average = self.kept.average
        return model if training or average is None else average.of(model)

    def averages_in_place(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context in which the sub-models hold their averages, where any are kept."""
        average = self.kept.average
        return contextlib.nullcontext() if average is None else average.in_place()

    @property
    def averages(self) -> Averages:
        """The averaged sub-models by name, such as `averages.generator`, where `generator_ema` keeps them."""
        return Averages(self)

    @property
    def average_momentum(self) -> float | None:
        """The momentum of the averages; `None` where there are none."""
        average = self.kept.average
        return None if average is None else average.momentum

    def update_averages(self) -> None:
        """Takes the weights that a round has come to into the averages, where any are kept."""
        if self.kept.average is not None:
            self.kept.average.update()

    def keep_average(self, generator_ema: Any) -> Any:
        """Keeps the average that `compile` is asked for: the one that there is, or a new one.

        Returns:
            What `compile` has to be given for the same average, when the model is loaded.
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
        """Begins to keep averages that a file holds, unless there are some, or `compile` forbade it."""
        if self.kept.average is not None or self.kept.refuses_averages:
            return
        with self.distribute_strategy.scope():
            self.kept.average = MovingAverage(self.generating_models(), momentum)
        self.forget_graphs()
        # What was traced knows no average.
        self.train_function = self.test_function = self.predict_function = None

    @property
    def _average_variables(self) -> list[keras.Variable]:
        average = self.kept.average
        return [] if average is None else average.variables

    def check_weights(self) -> None:
        """Raises a `FloatingPointError` where a weight or an average of weights is not finite."""
        if self.kept.finite_weights is None:
            watched = [*self.weights, *self._average_variables]
            self.kept.finite_weights = FiniteWeights(watched)
        self.kept.finite_weights.check(self)

    def forget_graphs(self) -> None:
        """Lets graphs be built anew, after what they use has changed."""
        self.kept.graphs.clear()
        self.kept.finite_weights = None

    # What is logged.

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What the turns log, and the metrics of an evaluation."""
        compiled = self.compiled_game
        return [*super().metrics, *compiled.turn_logs, *compiled.metrics]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order."""
        names = {metric.name for metric in self.metrics}
        logged = list(self.evaluation_logs())
        # The order in which Keras makes a list of them.
        own = [metric.name for metric in self.metrics if metric.name in logged]
        return [*own, *sorted(name for name in logged if name not in names)]

    def training_logs(self) -> dict[str, Any]:
        """Returns the running mean of everything that the turns log."""
        logs = self.compiled_game.turn_logs
        return {name: mean for log in logs for name, mean in log.result().items()}

    def evaluation_logs(self) -> dict[str, Any]:
        """Returns the running means and the metrics; NaN for those that wait for the end of the data."""
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

        Keras's logs are running means, once for each execution; these are the values themselves. Those of
        the last execution are kept, so a callback that asks after every execution misses none.

        Args:
            cursor: What the last call returned. `None` (the default) starts from now.

        Returns:
            `(updates, cursor)`: for each turn's name a dictionary of arrays, one value per update, and the
            cursor for the next call.
        """
        logs = {log.name: log for log in self.compiled_game.turn_logs}
        now = {name: log.number_of_updates for name, log in logs.items()}
        start = now if cursor is None else cursor
        return {name: log.since(start[name]) for name, log in logs.items()}, now


class Kept:
    """What a game keeps out of sight of Keras's tracking."""

    def __init__(self) -> None:
        self.arguments: dict[str, Any] = {}
        self.players: list[str] = []
        self.graphs: dict[str, Any] = {}
        self.finite_weights: FiniteWeights | None = None
        self.adversaries: list[Adversary] = []
        self.average: MovingAverage | None = None
        # Whether `compile` was told to keep no average, and so to take none from a file.
        self.refuses_averages = False
        # The layers that sub-models share, and that a file was loaded with once.
        self.loadable: tuple[str, ...] = ()
        # What the data were normalized by.
        self.normalization: Normalization | None = None
        # What was played for, as a file says it.
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
