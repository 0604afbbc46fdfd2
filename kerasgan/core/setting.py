"""The arguments of a game's `compile`. Each is declared once, with its default, check and description."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import keras

from kerasgan import augmentation, losses, penalties, registry
from kerasgan.arguments import positive_integer

Check = Callable[[str, Any], Any]


class Setting:
    """An argument of `compile`, as an attribute of the class of a game.

    A class lists its settings in its body. `compile` then takes them as keyword arguments and checks them.
    They appear in its signature and in `help()`, and are saved with the model. The attribute of a game holds
    the value that the game was compiled with, or the default before `compile`. A subclass removes a setting
    with `name = None`.

    Args:
        default: The default.
        check: A function of the name and the value. It returns the value to keep, or raises an error.
            Defaults to `None`: every value is accepted.
        description: What the setting is, and its unit. The default is added in `help()`.

    Example:

    >>> from kerasgan.arguments import non_negative_number
    >>> class Weighted(kerasgan.GAN):
    ...     term_weight = kerasgan.core.Setting(2.0, non_negative_number, "The term's weight.")
    >>> "term_weight=2.0" in str(inspect.signature(Weighted.compile))
    True
    """

    def __init__(self, default: Any, check: Check | None = None, description: str = "") -> None:
        self.default = default
        self.check = check
        self.description = description
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Stores the attribute's name."""
        self.name = name

    def __get__(self, game: Any, owner: type | None = None) -> Any:
        """Returns the value that a game was compiled with. On the class, returns the setting itself."""
        return self if game is None else game.settings[self.name]

    def __set__(self, game: Any, value: Any) -> None:
        """Raises an error, because only `compile` sets it."""
        # A Keras model sets its own `loss` to `None`, which means nothing here.
        if value is None:
            return
        raise AttributeError(
            f"`{self.name}` is what the game was compiled with. Expected `compile({self.name}=...)`. "
            f"Received: {self.name}={value!r}"
        )

    def checked(self, game: Any, value: Any) -> Any:
        """Returns the value to keep, or raises an error."""
        return value if self.check is None else self.check(self.name, value)


class OptimizerSetting(Setting):
    """The optimizer of a turn. The attribute is called `<turn>_optimizer`.

    Args:
        description: Which players it is for. Defaults to no text.
    """

    def __init__(self, description: str = "") -> None:
        text = (
            "A Keras optimizer, or the name of one. Defaults to `None`: Adam with a learning rate of 2e-4 "
            "and `beta_1=0.5`."
        )
        super().__init__(None, description=f"{description} {text}".strip())

    @property
    def turn(self) -> str:
        """The name of the turn."""
        return self.name.removesuffix("_optimizer")


class LossSetting(Setting):
    """The adversarial loss of both players, by name or as an object."""

    def __init__(self, default: str = "non_saturating", description: str | None = None) -> None:
        super().__init__(
            default,
            lambda name, value: losses.get(value),
            description
            or (
                "The loss of both players: a name such as `'non_saturating'`, `'hinge'` or `'relativistic'`, "
                "a `kerasgan.losses.AdversarialLoss`, or a function of `(real_scores, fake_scores)`."
            ),
        )


class PenaltiesSetting(Setting):
    """Terms that are added to the turns' losses."""

    def __init__(self, description: str | None = None) -> None:
        super().__init__(
            (),
            description=description
            or "One or several penalties, by name or as `kerasgan.penalties.Penalty` objects.",
        )

    def checked(self, game: Any, value: Any) -> Any:
        """Returns the penalties, or raises if one is not a penalty or the game has no turn for it."""
        if value == ():
            return ()
        return penalties.get_all(value, [turn.name for turn in game.turns()])


class AugmentationSetting(Setting):
    """Random transformations of real and generated pictures, before the discriminator sees them."""

    def __init__(self) -> None:
        super().__init__(
            None,
            description=(
                "Random transformations of pictures before the discriminator sees them, in training only: "
                "`'diff_augment'`, `'adaptive'`, a `kerasgan.augmentation.Augmentation`, or a Keras layer "
                "that transforms pictures. Use it if you have only a few thousand pictures or fewer."
            ),
        )

    def checked(self, game: Any, value: Any) -> Any:
        """Returns the augmentation, built for the game's pictures. Raises if samples are not pictures."""
        if value is None:
            return None
        found = augmentation.get(value)
        samples = game.samples.specification
        shape = tuple(samples.shape[1:]) if isinstance(samples, keras.KerasTensor) else None
        if shape is None or len(shape) != 3 or None in shape:
            raise ValueError(
                f"Invalid value for argument `{self.name}`. Expected None, since the samples are no pictures "
                f"(height, width, channels) of one size. Received: samples of shape {shape}"
            )
        if found.follows_signs and game.adversary.energy is not None:
            raise ValueError(
                f"Invalid value for argument `{self.name}`. Expected one that follows no signs of scores, "
                f"such as 'diff_augment', as energies have none. Received: {type(found).__name__}"
            )
        found.build(shape)
        return found


def steps_setting() -> Setting:
    """Returns the setting `discriminator_steps`, the k of Goodfellow et al. 2014."""
    return Setting(
        1,
        positive_integer,
        "How many steps the discriminator takes for each step of the generator (k in the paper). Each step "
        "uses a new minibatch.",
    )


def settings_of(kind: type) -> dict[str, Setting]:
    """Returns the settings of a class: optimizers first, and the base classes' before its own."""
    found: dict[str, Setting | None] = {}
    for each in reversed(kind.__mro__):
        for name, value in vars(each).items():
            if isinstance(value, Setting):
                found[name] = value
            elif name in found:
                # If a subclass has another attribute of this name, it does not have the setting.
                found.pop(name)
    given = [each for each in found.values() if each is not None]
    given.sort(key=lambda each: not isinstance(each, OptimizerSetting))
    return {each.name: each for each in given}


def signature_of(settings: Mapping[str, Setting], common: Mapping[str, Any]) -> inspect.Signature:
    """Returns the signature of `compile`: optimizers by position, everything else by keyword."""
    parameter = inspect.Parameter
    names = [parameter("self", parameter.POSITIONAL_OR_KEYWORD)]
    for name, setting in settings.items():
        by_position = isinstance(setting, OptimizerSetting)
        kind = parameter.POSITIONAL_OR_KEYWORD if by_position else parameter.KEYWORD_ONLY
        names.append(parameter(name, kind, default=setting.default))
    names += [
        parameter(name, parameter.KEYWORD_ONLY, default=value) for name, value in common.items()
    ]
    return inspect.Signature(names)


def documentation_of(settings: Mapping[str, Setting], common: Mapping[str, str]) -> str:
    """Returns the docstring of `compile`."""
    lines = ["Prepares the game.", "", "Args:"]
    texts = {
        name: setting.description
        if isinstance(setting, OptimizerSetting)
        else f"{setting.description} Defaults to {shown(setting.default)}."
        for name, setting in settings.items()
    }
    for name, text in {**texts, **common}.items():
        lines += textwrap.wrap(
            f"{name}: {text}",
            110,
            initial_indent=" " * 4,
            subsequent_indent=" " * 8,
            break_long_words=False,
        )
    lines += [
        "",
        "Raises:",
        "    ValueError: If a name is unknown, a number is out of range, or the turns' objectives cannot be",
        "        computed on batches of the model's shapes.",
        "    TypeError: If an argument is unknown or of another kind.",
    ]
    return "\n".join(lines)


def shown(default: Any) -> str:
    """Returns a default in the words of a docstring."""
    return "none" if default in ((), None) else f"`{default!r}`"


def serialized(value: Any) -> Any:
    """Returns the form in which a file keeps a setting."""
    if isinstance(value, (list, tuple)):
        return [serialized(each) for each in value]
    if registry.is_function(value):
        return registry.serialize_function(value)
    return keras.saving.serialize_keras_object(value)
