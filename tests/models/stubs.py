"""Writes `kerasgan/models/__init__.pyi`, in which editors find every argument of `compile` and of every use.

Both are made when a class is made, where an editor that does not run the code cannot see them.
`python tests/models/stubs.py` writes the file; a test compares it with the classes.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import kerasgan
from kerasgan.core.use import Use

PATH = Path(kerasgan.__file__).parent / "models" / "__init__.pyi"

HEAD = """# Written by `python tests/models/stubs.py`.
# mypy: disable-error-code="override"
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasgan.core import AdversarialModel, GenerativeModel

"""


def stubs() -> str:
    """Returns the text of the file."""
    names = sorted(kerasgan.models.__all__)
    kinds = [getattr(kerasgan, name) for name in names]
    # A class after those that it is made of.
    kinds.sort(key=lambda kind: (len(kind.__mro__), kind.__name__))
    return HEAD + "\n".join(class_stub(kind) for kind in kinds)


def class_stub(kind: type) -> str:
    """Returns a class with the signatures of its methods."""
    bases = [base.__name__ for base in kind.__mro__[1:] if base.__name__ in BASES]
    lines = [f"class {kind.__name__}({bases[0]}):"]
    made = inspect.signature(kind.__init__)
    lines += [
        f"    {each.name}: {each.annotation}"
        for each in made.parameters.values()
        if each.name not in ("self", "kwargs", "energy", "features")
        and own(kind, "__init__")
        and not own(kind, each.name)
    ]
    if own(kind, "__init__"):
        lines.append(method("__init__", made, "None"))
    lines.append(method("compile", inspect.signature(kind.compile), "None"))
    for name, each in vars(kind).items():
        if isinstance(each, Use):
            lines.append(use_stub(name, each))
        elif inspect.isfunction(each) and not name.startswith("_") and name != "compile":
            lines.append(method(name, inspect.signature(each), None))
        elif isinstance(each, property):
            kind_of = inspect.signature(each.fget).return_annotation
            lines += ["    @property", f"    def {name}(self) -> {plain(kind_of)}: ..."]
    return "\n".join(lines) + "\n"


BASES = {*kerasgan.models.__all__, "AdversarialModel", "GenerativeModel"}


KNOWN = {
    "Any",
    "Callable",
    "None",
    "bool",
    "dict",
    "float",
    "int",
    "keras.Model",
    "np.ndarray",
    "str",
    "tuple",
}


def own(kind: type, name: str) -> bool:
    return name in vars(kind)


def method(name: str, signature: inspect.Signature, returns: str | None) -> str:
    """Returns a method; on one line, since nobody reads the file."""
    parameters, starred = [], False
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            parameters.append("*")
            starred = True
        annotation = "" if each.name == "self" else f": {plain(each.annotation)}"
        default = "" if each.default is each.empty else f" = {each.default!r}"
        star = "**" if each.kind is each.VAR_KEYWORD else ""
        parameters.append(f"{star}{each.name}{annotation}{default}")
    result = plain(signature.return_annotation) if returns is None else returns
    return f"    def {name}({', '.join(parameters)}) -> {result}: ..."


def use_stub(name: str, each: Use) -> str:
    """Returns a use as it is called with arrays."""
    if each._with_arrays is not None:
        return method(name, inspect.signature(each._with_arrays), None)
    returns = (
        "Any" if isinstance(each.returns, str) or callable(each.returns) else "tuple[Any, ...]"
    )
    return method(name, inspect.signature(each), returns)


def plain(annotation: Any) -> str:
    """Returns an annotation whose names the file imports; others are `Any`."""
    if annotation is inspect.Parameter.empty:
        return "Any"
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "Any")
    words = set(re.findall(r"[A-Za-z_.]+", text))
    return text if words <= KNOWN else "Any"


if __name__ == "__main__":
    PATH.write_text(stubs(), encoding="utf-8")
