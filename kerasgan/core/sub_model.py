"""How a game calls its sub-models: with which parts of its data, in which order and by which names."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras

from kerasgan.arguments import counted, invalid
from kerasgan.core.class_labels import label_ranges
from kerasgan.part import Part, same_shapes, shapes_of
from kerasgan.tensors import at_least_float32

# Whether layers of sub-models compute as in training, even if a use asks for inference.
_AS_IN_TRAINING = contextvars.ContextVar("as_in_training", default=False)


@contextlib.contextmanager
def as_in_training(training: bool) -> Iterator[None]:
    """Lets layers compute as in training, with the batch's statistics. Averaged weights stay in use."""
    token = _AS_IN_TRAINING.set(training)
    try:
        yield
    finally:
        _AS_IN_TRAINING.reset(token)


def check_model(argument: str, model: Any) -> keras.Model:
    """Returns a sub-model, or raises if it is not a `keras.Model`."""
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"Invalid value for argument `{argument}`. Expected a `keras.Model`. "
            f"Received: {argument}={model!r} of type {type(model).__name__}"
        )
    return model


def inputs_of(argument: str, model: keras.Model) -> Any:
    """Returns the structure of a built model's inputs, with the shape and dtype of each.

    Raises:
        ValueError: If the model is not built, so that it does not know its inputs.
    """
    if getattr(model, "inputs", None):
        structure = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
        return _map(
            lambda item: keras.KerasTensor(item.shape, item.dtype, name=item.name), structure
        )
    shapes = (model.get_build_config() or {}).get("input_shape") if model.built else None
    if shapes is None:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model that knows its input shape: call it "
            f"on an example once, or give it a `keras.Input`. Received: {model.name!r}, not built"
        )
    return _of_shapes(shapes)


def part_of_inputs(argument: str, model: keras.Model) -> Part:
    """Returns all inputs of a built model as one part."""
    return part_of(_named(inputs_of(argument, model)))


def one_input(argument: str, model: keras.Model) -> Part:
    """Returns the only input of a built model as a part, or raises if it has several."""
    named = _named(inputs_of(argument, model))
    if len(named) != 1:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a model with one input. "
            f"Received: {model.name!r} with {counted(len(named), 'input')}"
        )
    return part_of(named)


def split_inputs(
    argument: str, model: keras.Model, first_names: Sequence[str] | None = None
) -> tuple[Part, Part | None]:
    """Returns two parts: the first inputs of a model, and its other inputs.

    Args:
        argument: The argument that the model came in.
        model: A built model.
        first_names: The names of the first inputs. Defaults to `None`: only one input comes first.

    Returns:
        `(first, others)`; `others` is `None` if there are no others.

    Raises:
        ValueError: If the model has no inputs of these names.
    """
    named = _named(inputs_of(argument, model))
    names = [next(iter(named))] if first_names is None else list(first_names)
    if not set(names) <= set(named):
        expected = f"a prior for inputs among {list(named)}, those of {model.name!r}"
        raise invalid("prior", names, expected)
    first = {name: named[name] for name in named if name in names}
    others = {name: named[name] for name in named if name not in names}
    if not others:
        return part_of(first), None
    ranges = label_ranges(model, list(named))
    if len(others) == 1:
        own = ranges.get(next(iter(others)))
        ranges = {} if own is None else {"": own}
    return part_of(first), replace(part_of(others), ranges=ranges)


def part_of(named: Mapping[str, keras.KerasTensor]) -> Part:
    """Returns the part of some named tensors. If there is only one, it is the part without a name."""
    return Part(next(iter(named.values())) if len(named) == 1 else dict(named))


class SubModel:
    """A sub-model, as a function of parts of the game's data.

    The tensors of all parts are passed to the model's inputs in order. If the model's inputs are a
    dictionary, or if it has fewer inputs than there are tensors, it gets them by name.

    Args:
        game: The game. Its attribute of the name `argument` is the model. A call of the model on shapes
            builds it.
        argument: The argument that the model came in.
        parts: The parts that it takes. `None` stands for a part that the game does not have.
        description: A name of the parts, for error messages.
        hint: Text to add to the error if the model does not accept the parts. Defaults to no text.

    Raises:
        ValueError: If the model does not accept the parts.
    """

    def __init__(
        self,
        game: Any,
        argument: str,
        parts: Sequence[Part | None],
        description: str,
        hint: str = "",
    ) -> None:
        self.argument = argument
        self.model: keras.Model = getattr(game, argument)
        self.parts = parts
        self._averaged = game.averaged
        model = self.model
        self._order: list[int] | None = None
        given = [leaf for part in parts if part is not None for leaf in part.leaves]
        self.tensors = given
        names = [
            name
            for part in parts
            if part is not None
            for name in (part.names or [getattr(part.specification, "name", "")])
        ]
        if model.built or getattr(model, "inputs", None):
            self._structure = inputs_of(argument, model)
            self._order = self._matched(names)
        else:
            self._structure = given[0] if len(given) == 1 else given
        shapes = [tuple(leaf.shape) for leaf in given]
        taken = _map(lambda item: tuple(item.shape), self._structure)
        refused = (
            f"Invalid value for argument `{argument}`. Expected a model that accepts {description} of "
            f"shape {shapes[0] if len(shapes) == 1 else shapes}. Received: {model.name!r}, which takes "
            f"{taken}{hint}"
        )
        packed = self._packed(given)
        # Keras checks only ranks.
        if not all(map(_can_be, _shapes(packed), _shapes(self._structure))):
            raise ValueError(refused)
        try:
            self.output = model(packed, training=False)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{refused}: {error}") from error

    def _matched(self, names: list[str]) -> list[int]:
        """Returns the number of the tensor that each input of the model gets."""
        inputs = list(_named(self._structure))
        by_name = isinstance(self._structure, Mapping) and set(inputs) <= set(names)
        if len(inputs) == len(names) and not by_name:
            return list(range(len(names)))
        # The model must take the first part. It may leave out the others.
        first = len(self.parts[0].leaves) if self.parts[0] is not None else 0
        if by_name or len(inputs) == first or set(inputs[first:]) <= set(names):
            positions = {name: number for number, name in enumerate(names)}
            return [
                number if number < first and not by_name else positions[name]
                for number, name in enumerate(inputs)
            ]
        raise ValueError(
            f"Invalid value for argument `{self.argument}`. Expected a model with "
            f"{counted(len(names), 'input')}, or with names among {names}. "
            f"Received: {self.model.name!r} with {counted(len(inputs), 'input')}, {inputs}"
        )

    def __call__(self, *values: Any, training: bool, model: keras.Model | None = None) -> Any:
        """Returns the model's output for the parts, in at least float32, the game's precision.

        Args:
            *values: A value for each part; `None` for a part that the game does not have.
            training: Whether this is a step of training. In inference, the averaged model is called, if there
                is one.
            model: Another model with the same inputs, to call instead. Defaults to `None`.
        """
        output = self.as_it_is(*values, training=training, model=model)
        return keras.tree.map_structure(at_least_float32, output)

    def as_it_is(self, *values: Any, training: bool, model: keras.Model | None = None) -> Any:
        """Returns the model's output for the parts, in the model's own precision."""
        tensors = [
            tensor
            # A game without conditions passes `None` for them.
            for part, value in zip(self.parts, values, strict=False)
            if part is not None
            for tensor in part.flat(value)
        ]
        model = model or self._averaged(self.model, training)
        return model(self._packed(tensors), training=training or _AS_IN_TRAINING.get())

    def of_tensors(self, tensors: Sequence[Any]) -> Any:
        """Returns the model's output for the tensors of all parts, in inference, without averages."""
        return self.model(self._packed(tensors), training=False)

    def _packed(self, tensors: Sequence[Any]) -> Any:
        ordered = tensors if self._order is None else [tensors[number] for number in self._order]
        return _pack(self._structure, iter(ordered))

    def reproducing(self, part: Part) -> SubModel:
        """Returns the sub-model itself, or raises if its outputs do not have the shapes of a part."""
        if not same_shapes(self.output_part(), part):
            raise ValueError(
                f"Invalid value for argument `{self.argument}`. Expected outputs of shape "
                f"{shapes_of(part)}. Received: {self.model.name!r} with outputs of shape "
                f"{shapes_of(self.output_part())}"
            )
        return self

    def output_part(self) -> Part:
        """Returns the model's output as a part: one tensor, or several by name.

        Raises:
            ValueError: If the model has several outputs without names.
        """
        if isinstance(self.output, keras.KerasTensor):
            return Part(keras.KerasTensor(self.output.shape, keras.config.floatx()))
        if isinstance(self.output, Mapping):
            floatx = keras.config.floatx()
            return Part(
                {n: keras.KerasTensor(each.shape, floatx) for n, each in self.output.items()}
            )
        raise ValueError(
            f"Invalid value for argument `{self.argument}`. Expected a model with one output, or with a "
            f"dictionary of outputs. Received: {self.model.name!r} with "
            f"{counted(len(keras.tree.flatten(self.output)), 'output')}"
        )


def swapped_hint(generator: keras.Model, discriminator: keras.Model) -> str:
    """Returns a hint for an error, if a generator and a discriminator seem to be swapped."""
    made, taken = getattr(discriminator, "outputs", None), getattr(generator, "inputs", None)
    if not made or not taken or not _can_be(tuple(made[0].shape), tuple(taken[0].shape)):
        return ""
    return (
        f". The two seem to be swapped: {discriminator.name!r} makes what {generator.name!r} takes"
    )


def _can_be(received: tuple[int | None, ...], expected: tuple[int | None, ...]) -> bool:
    """Tells whether Keras accepts one shape for another: it can add or remove a last axis of 1."""
    longer, shorter = sorted((received, expected), key=len, reverse=True)
    if len(longer) == len(shorter) + 1 and longer[-1] in (1, None):
        longer = longer[:-1]
    return len(longer) == len(shorter) and all(
        a is None or b is None or a == b for a, b in zip(longer, shorter, strict=True)
    )


def _shapes(structure: Any) -> list[tuple[int | None, ...]]:
    return [tuple(item.shape) for _, item in _items(structure, "tensor")]


def _named(structure: Any) -> dict[str, keras.KerasTensor]:
    """Returns the tensors of a structure by name: the keys of a dictionary, or the tensors' own names."""
    return dict(_items(structure, ""))


def _items(structure: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(structure, Mapping):
        for key, each in structure.items():
            yield from _items(each, str(key))
    elif isinstance(structure, (list, tuple)):
        for each in structure:
            yield from _items(each, "")
    else:
        yield name or structure.name, structure


def _map(function: Any, structure: Any) -> Any:
    return _pack(structure, iter([function(each) for _, each in _items(structure, "")]))


def _pack(structure: Any, tensors: Iterator[Any]) -> Any:
    """Returns tensors in the form of a structure. Unlike in Keras, a dictionary keeps its own order."""
    if isinstance(structure, Mapping):
        return {key: _pack(each, tensors) for key, each in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_pack(each, tensors) for each in structure]
    return next(tensors)


def _of_shapes(shapes: Any) -> Any:
    if isinstance(shapes, Mapping):
        return {key: _of_shapes(each) for key, each in shapes.items()}
    if isinstance(shapes[0], (list, tuple, Mapping)):
        return [_of_shapes(each) for each in shapes]
    return keras.KerasTensor((None, *shapes[1:]), keras.config.floatx())
