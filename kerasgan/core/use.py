"""Uses of a game: one definition for both the method on arrays and the exported signature."""

from __future__ import annotations

import contextvars
import functools
import inspect
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import non_negative_integer, positive_integer
from kerasgan.backend import compiled
from kerasgan.core.sub_model import as_in_training
from kerasgan.exporting.signature import Signature
from kerasgan.part import Part, rows_of
from kerasgan.seeds import noise_of, seed_states, seeded_by

# Inside a use, another use is called with tensors, as a plain function.
_WITH_TENSORS = contextvars.ContextVar("with_tensors", default=False)
Returns = str | Sequence[str] | Callable[[Any], str]
_COUNT = keras.KerasTensor((), "int32")
_SEED = keras.KerasTensor((), "int64")


def use(
    returns: Returns, without_noise: str = "", judges: bool = False, **parts: str | None
) -> Callable[[Callable[..., Any]], Any]:
    """Makes a method of a game a use: something that users and exports can call.

    You write the method once, for a batch of tensors. Users call it with arrays of any number of rows. An
    export has a signature of the same name. Each parameter has the name of an attribute of the game that
    holds a `Part`: `samples`, `condition`, `latent` or `codes`. If the game's part is `None`, the parameter
    is left out; it must be optional.

    A method that draws at random has the parameters `count`, the number of rows, and `seed`, a
    `SeedGenerator`. Users give an integer as `seed`.

    Calls with arrays also take `batch_size`, the number of rows at once, `seed`, for layers that draw noise,
    and `training`. With `training=True`, layers compute as in training: batch normalization uses the
    statistics of each batch, and dropout is active. The model itself does not change.

    Args:
        returns: The name of what the method returns, or the names if it returns several values; or a function
            of the game that returns these.
        without_noise: The attribute of a sub-model. If its layers draw noise, an export leaves the use out.
            Defaults to `""`, no sub-model.
        judges: Whether the result depends on what a discriminator's scores mean. If the loss is not known,
            because the game was never compiled, an export leaves the use out. Defaults to `False`.
        **parts: The attribute of the game, for a parameter of another name; `None` for a parameter that users
            and exports do not give.

    Example:

    >>> class Mirrored(kerasgan.GAN):
    ...     @kerasgan.core.use(returns="samples")
    ...     def mirror(self, samples):
    ...         return -samples
    """
    return lambda function: Use(function, returns, without_noise, judges, parts)


class Use:
    """A method of a game that is a use. See `use`."""

    def __init__(
        self,
        function: Callable[..., Any],
        returns: Returns,
        without_noise: str,
        judges: bool,
        parts: Mapping[str, str | None],
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = function.__name__
        self.returns = returns
        self.without_noise = without_noise
        self.judges = judges
        given = list(inspect.signature(function).parameters)[1:]
        self.arguments = [name for name in given if name != "seed"]
        self.draws = "count" in given
        self.attributes = {
            name: attribute
            for name in given
            if name not in ("count", "seed") and (attribute := parts.get(name, name)) is not None
        }
        self._with_arrays: Callable[..., Any] | None = None
        # The signature that `help()` and editors show.
        self.__signature__ = _signature_with_arrays(function)

    def arrays(self, function: Callable[..., Any]) -> Use:
        """Sets another function for calls with arrays, if taking them in batches is not enough."""
        self._with_arrays = function
        self.__signature__ = inspect.signature(function)
        functools.update_wrapper(self, function)
        return self

    def __get__(self, game: Any, owner: type | None = None) -> Any:
        """Returns the use, bound to a game."""
        if game is None:
            return self
        if _WITH_TENSORS.get():
            return functools.partial(self.function, game)
        if self._with_arrays is not None:
            return functools.partial(self._with_arrays, game)
        return _WithArrays(self, game)

    def __call__(self, game: Any, *values: Any, **named: Any) -> Any:
        """Calls the use of a game through its class, as in `GAN.generate(gan, 5)`."""
        return self.__get__(game, type(game))(*values, **named)

    def takes(self, game: Any, parameter: str) -> bool:
        """Tells whether the use of a game takes a part as an argument."""
        attribute = self.attributes.get(parameter)
        return attribute is not None and getattr(game, attribute) is not None

    def in_one_graph(self, game: Any) -> Callable[..., Any]:
        """Returns the use of a game for arrays of one batch, without what `arrays` has set."""
        return _WithArrays(self, game)

    def is_exported_by(self, game: Any) -> bool:
        """Tells whether the export of a game has a signature for the use."""
        if self.judges and not all(each.knows_scores for each in game.adversaries):
            return False
        return not (self.without_noise and seed_states(getattr(game, self.without_noise)))

    def parts(self, game: Any) -> dict[str, Part]:
        """Returns the parts of a game that the use takes, by parameter."""
        found = {name: getattr(game, each) for name, each in self.attributes.items()}
        return {name: part.batch() for name, part in found.items() if part is not None}

    def inputs(self, game: Any) -> dict[str, keras.KerasTensor]:
        """Returns the specification of each tensor that the use takes, by name."""
        inputs = {"count": _COUNT, "seed": _SEED} if self.draws else {}
        for name, part in self.parts(game).items():
            inputs.update(_by_name(name, part.specification))
        return inputs

    def signature(self, game: Any) -> Signature:
        """Returns the use as a function of named tensors, for an export."""

        def function(**tensors: Any) -> dict[str, Any]:
            return self.outputs(game, tensors, tensors.get("seed"))

        return Signature(function, self.inputs(game))

    def outputs(
        self, game: Any, tensors: Mapping[str, Any], seed: Any = None, batch: Any = 0
    ) -> dict[str, Any]:
        """Returns the outputs for a batch of tensors, by name.

        Args:
            game: The game.
            tensors: The tensors by the names of `inputs`.
            seed: The seed of random draws. Defaults to `None`: the present states are used and go on.
            batch: The number of the batch within a call, so that each batch gets different noise. Defaults to
                0.
        """
        values: dict[str, Any] = {}
        for name, part in self.parts(game).items():
            keys = _by_name(name, part.specification)
            values[name] = part.packed([tensors[key] for key in keys])
            if self.draws:
                values[name] = part.map(lambda x: _for_each(x, tensors["count"]), values[name])
        if self.draws:
            values.update(count=tensors["count"], seed=game.seed_generator)
        own = [game.seed_generator.state] if self.draws else []
        token = _WITH_TENSORS.set(True)
        try:
            with seeded_by(seed, own, noise_of(game), batch):
                given = self.function(game, **values)
        finally:
            _WITH_TENSORS.reset(token)
        names = self.names(game)
        each = [given] if isinstance(names, str) else given
        named = {}
        for name, value in zip([names] if isinstance(names, str) else names, each, strict=True):
            named.update(_by_name(name, value))
        return {name: as_float(tensor) for name, tensor in named.items()}

    def with_tensors(self, game: Any, seed: Any) -> Callable[..., Any]:
        """Returns the use of a game as a plain function of tensors. Its noise follows from a seed."""

        def function(*values: Any) -> Any:
            token = _WITH_TENSORS.set(True)
            try:
                with seeded_by(seed, [], noise_of(game)):
                    return self.function(game, *values)
            finally:
                _WITH_TENSORS.reset(token)

        return function

    def names(self, game: Any) -> str | Sequence[str]:
        """Returns the name of the method's result, or the names of its results."""
        return self.returns(game) if callable(self.returns) else self.returns

    def returned(self, game: Any, outputs: Mapping[str, Any]) -> Any:
        """Brings named outputs into the form in which the method returns them."""
        names = self.names(game)
        if isinstance(names, str):
            return _value(names, outputs)
        return tuple(_value(name, outputs) for name in names)


class _WithArrays:
    """A use of a game, called with arrays."""

    def __init__(self, use: Use, game: Any) -> None:
        self._use = use
        self._game = game
        functools.update_wrapper(self, use.function)
        own = _signature_with_arrays(use.function)
        self.__signature__ = own.replace(parameters=list(own.parameters.values())[1:])

    def __call__(
        self,
        *values: Any,
        batch_size: int = 256,
        seed: Any = None,
        training: bool = False,
        **named: Any,
    ) -> Any:
        use, game = self._use, self._game
        batch_size = positive_integer("batch_size", batch_size)
        given = _bound(use, values, named)
        seed = fresh_seed() if seed is None else seed_of(seed)
        if use.draws:
            count = positive_integer("count", given.pop("count", None))
            arrays = checked_parts(game, use.parts(game), given, count)
            drawn = {"count": count, "seed": seed, **arrays}
            return use.returned(game, self._play(drawn, seed, 0, training))
        arrays = checked_parts(game, use.parts(game), given)
        rows = len(rows_of(arrays))
        batches = []
        for number, first in enumerate(range(0, max(rows, 1), batch_size)):
            rows_of_batch = slice(first, first + batch_size)
            part = {name: array[rows_of_batch] for name, array in arrays.items()}
            batches.append(self._play(part, seed, number, training))
        joined = {name: [batch[name] for batch in batches] for name in batches[0]}
        return use.returned(
            game,
            {
                name: each[0] if len(each) == 1 else np.concatenate(each)
                for name, each in joined.items()
            },
        )

    def _play(
        self, tensors: Mapping[str, Any], seed: int, batch: int, training: bool
    ) -> dict[str, np.ndarray]:
        """Computes one batch, in a graph that is built once."""
        use, game = self._use, self._game
        key = (use.name, bool(training))
        if key not in game.graphs:
            names = list(use.inputs(game))

            def function(seed: Any, batch: Any, *inputs: Any) -> dict[str, Any]:
                with as_in_training(training):
                    return use.outputs(game, dict(zip(names, inputs, strict=True)), seed, batch)

            specifications = [_SEED, _SEED, *use.inputs(game).values()]
            game.graphs[key] = names, compiled(function, specifications)
        names, graph = game.graphs[key]
        outputs = graph(seed, batch, *(tensors[name] for name in names))
        return {name: ops.convert_to_numpy(tensor) for name, tensor in outputs.items()}


@functools.cache
def _signature_with_arrays(function: Callable[..., Any]) -> inspect.Signature:
    """Returns the signature of a use for its users."""
    own = inspect.signature(function)
    kind = inspect.Parameter.KEYWORD_ONLY
    added = [
        inspect.Parameter("batch_size", kind, default=256, annotation="int"),
        inspect.Parameter("seed", kind, default=None, annotation="int | None"),
        inspect.Parameter("training", kind, default=False, annotation="bool"),
    ]
    names = [each for each in own.parameters.values() if each.name != "seed"]
    return own.replace(parameters=[*names, *added])


def checked_parts(
    game: Any, parts: Mapping[str, Part], given: Mapping[str, Any], count: int | None = None
) -> dict[str, np.ndarray]:
    """Returns arrays for the parts of a use, by the names of its inputs. Raises if they do not fit.

    Args:
        game: The game.
        parts: The parts, by argument.
        given: The value of each argument.
        count: How many rows there must be. Defaults to `None`: as many as the first part has.
    """
    arrays: dict[str, np.ndarray] = {}
    for name, value in given.items():
        if name not in parts and value is not None:
            raise _unfit(game, name, "none", value)
    for name, part in parts.items():
        value = given.get(name)
        if value is None and part.default is None:
            raise _unfit(game, name, _expected(name), value)
        if count is None:
            checked = part.arrays(name, value)
            count = len(rows_of(checked))
        else:
            checked = part.conditions(name, value, count)
        arrays.update(_by_name(name, part.map(_cast, checked, part.specification)))
    return arrays


def conditions_for(game: Any, condition: Any, count: int) -> Any:
    """Returns one condition for each of `count` samples, or `None` in an unconditional game.

    Raises:
        ValueError: If a condition is missing or not expected, or does not fit.
    """
    part = game.condition
    is_missing = condition is None and part is not None and part.default is None
    if is_missing or (condition is not None and part is None):
        raise _unfit(
            game, "condition", "none" if part is None else _expected("condition"), condition
        )
    return None if part is None else part.conditions("condition", condition, count)


def _unfit(game: Any, name: str, expected: str, value: Any) -> ValueError:
    received = "None" if value is None else str(type(value))
    return ValueError(
        f"Invalid value for argument `{name}`. Expected {expected} for `{type(game).__name__}`. "
        f"Received: {received}"
    )


def seed_of(seed: Any) -> int:
    """Returns a seed as an integer, or raises if it is not one."""
    return non_negative_integer("seed", seed)


def fresh_seed() -> int:
    """Returns a new seed, decided by `keras.utils.set_random_seed` as for a layer of Keras."""
    return random.getrandbits(31)


def as_float(tensor: Any) -> Any:
    """Returns a tensor in Keras's float type, for any precision of the model."""
    return ops.cast(tensor, keras.config.floatx())


@functools.cache
def uses_of(kind: type) -> dict[str, Use]:
    """Returns the uses of a class by name, the base classes' before its own."""
    names = [name for each in reversed(kind.__mro__) for name in vars(each)]
    found = {name: inspect.getattr_static(kind, name) for name in dict.fromkeys(names)}
    return {name: each for name, each in found.items() if isinstance(each, Use)}


def _bound(use: Use, values: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    names = use.arguments
    if len(values) > len(names) or set(named) - set(names):
        unknown = sorted(set(named) - set(names)) or f"{len(values)} positional arguments"
        raise TypeError(f"`{use.name}` takes the arguments {names}. Received: {unknown}")
    given = {**dict(zip(names, values, strict=False)), **named}
    # What is no part of the use from outside may come all the same, as in `generate`.
    known = {"count", *use.attributes}
    return {name: value for name, value in given.items() if value is not None and name in known}


def _expected(name: str) -> str:
    return "the condition of each sample" if name == "condition" else f"an array of {name}"


def _by_name(name: str, value: Any) -> dict[str, Any]:
    """Returns a value's tensors by name. For a dictionary, each name ends with the key."""
    if isinstance(value, Mapping):
        return {f"{name}_{key}": each for key, each in value.items()}
    return {name: value}


def _value(name: str, tensors: Mapping[str, Any]) -> Any:
    if name in tensors:
        return tensors[name]
    prefix = f"{name}_"
    return {
        key.removeprefix(prefix): each for key, each in tensors.items() if key.startswith(prefix)
    }


def _for_each(condition: Any, count: Any) -> Any:
    """Returns a condition for each of `count` samples, repeating a single one."""
    return ops.broadcast_to(condition, (count, *ops.shape(condition)[1:]))


def _cast(array: np.ndarray, specification: keras.KerasTensor) -> np.ndarray:
    return array.astype(specification.dtype, copy=False)
