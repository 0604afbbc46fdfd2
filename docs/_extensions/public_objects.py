"""The public objects of kerasgan: where each one is documented, and what a name in a docstring means."""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from types import ModuleType
from typing import Any

# An object that several packages export has its page in the first of them.
FOR_USERS = (
    "kerasgan",
    "kerasgan.networks",
    "kerasgan.losses",
    "kerasgan.penalties",
    "kerasgan.priors",
    "kerasgan.augmentation",
    "kerasgan.layers",
    "kerasgan.constraints",
    "kerasgan.schedules",
    "kerasgan.datasets",
    "kerasgan.callbacks",
    "kerasgan.metrics",
    "kerasgan.latent",
    "kerasgan.core",
    "kerasgan.optimizers",
    "kerasgan.models",
)
INSIDE = ("kerasgan.training", "kerasgan.exporting", "kerasgan.command", "kerasgan.backend")
PACKAGES = (*FOR_USERS, *INSIDE)


@functools.cache
def exports(package: str) -> dict[str, Any]:
    """Returns what a package exports, by name, without the packages below it."""
    module = importlib.import_module(package)
    named = {name: getattr(module, name) for name in module.__all__}
    return {name: each for name, each in named.items() if not isinstance(each, ModuleType)}


def has_page(thing: Any) -> bool:
    """Tells whether an object is a class or a function. Other values stand on the page of their package."""
    return inspect.isclass(thing) or inspect.isfunction(thing)


@functools.cache
def _homes() -> dict[int, tuple[str, str]]:
    found: dict[int, tuple[str, str]] = {}
    for package in PACKAGES:
        for name, thing in exports(package).items():
            if has_page(thing):
                found.setdefault(id(thing), (package, name))
    return found


def home(thing: Any) -> tuple[str, str] | None:
    """Returns the package and the name under which an object is documented, or `None`."""
    return _homes().get(id(thing))


@functools.cache
def members(kind: type) -> dict[str, type]:
    """Returns the documented members of a class, each with the class on whose page it stands.

    That is the class that defines it, or if that has no page, the first public class below it.

    A member is left out if Keras's own base class has it too and its docstring says no more than a line:
    `get_config`, `build` and the like do what Keras says.
    """
    foreign = [each for each in kind.__mro__ if not each.__module__.startswith("kerasgan.")]
    pages: dict[type, type] = {}
    for each in kind.__mro__:
        pages[each] = each if home(each) or not pages else list(pages.values())[-1]
    found: dict[str, type] = {}
    for owner in reversed(kind.__mro__):
        if owner in foreign:
            continue
        for name, value in vars(owner).items():
            text = _docstring(value)
            is_member = text is not None and not name.startswith("_")
            repeats = any(name in vars(each) for each in foreign) and "\n\n" not in (text or "")
            if is_member and not repeats:
                found[name] = pages[owner]
    return found


def _docstring(value: Any) -> str | None:
    value = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
    is_one = isinstance(value, (property, functools.cached_property)) or (
        callable(value) and not inspect.isclass(value)
    )
    return inspect.cleandoc(value.__doc__) if is_one and value.__doc__ else None


def target(name: str, package: str = "", owner: type | None = None) -> str | None:
    """Returns the documented object that a name in a docstring means, or `None`.

    Args:
        name: The name as it is written, such as `kerasgan.losses.Hinge`, `Hinge` or `fit`.
        package: The package of the docstring. Its functions need no prefix.
        owner: The class of the docstring. Its methods need no prefix.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*", name):
        return None
    if name in PACKAGES:
        return name
    first, *rest = name.removeprefix(f"{package}.").split(".")
    if name.startswith("kerasgan."):
        inside = [each for each in PACKAGES if name.startswith(f"{each}.")]
        package = max(inside, key=len, default="kerasgan")
        first, *rest = name.removeprefix(f"{package}.").split(".")
        found = exports(package).get(first)
    elif owner is not None and not rest and first in members(owner):
        found, rest = owner, [first]
    elif package and first in exports(package):
        found = exports(package)[first]
    else:
        found = _classes().get(first)
    if not rest:
        return _dotted(found)
    if len(rest) > 1 or not inspect.isclass(found) or rest[0] not in members(found):
        return None
    owner_name = _dotted(members(found)[rest[0]])
    return None if owner_name is None else f"{owner_name}.{rest[0]}"


@functools.cache
def _classes() -> dict[str, type]:
    """Returns the classes whose name alone says which one is meant."""
    found: dict[str, set[type]] = {}
    for package in PACKAGES:
        for name, thing in exports(package).items():
            if inspect.isclass(thing):
                found.setdefault(name, set()).add(thing)
    return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1}


def _dotted(thing: Any) -> str | None:
    found = home(thing)
    return None if found is None else ".".join(found)
