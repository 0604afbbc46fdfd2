"""Packages that only some uses need, and the extras of `setup.cfg` that install them."""

from __future__ import annotations

import importlib.util

# For each module: the package that has it, and the extra that installs the package.
PACKAGES = {
    "ai_edge_litert": ("ai-edge-litert", "export"),
    "matplotlib": ("matplotlib", "plot"),
    "onnx": ("onnx", "export"),
    "onnxruntime": ("onnxruntime", "export"),
    "sklearn": ("scikit-learn", "examples"),
    "tensorboard": ("tensorboard", "tracking"),
    "tf2onnx": ("tf2onnx", "export"),
}


def is_installed(module: str) -> bool:
    """Tells whether a module can be found, without importing it.

    Example:

    >>> is_installed("numpy"), is_installed("no_such_module")
    (True, False)
    """
    return importlib.util.find_spec(module) is not None


def advice(module: str) -> str:
    """Returns what to run to install a module of `PACKAGES`.

    Example:

    >>> print(advice("sklearn"))
    Install it with `pip install "kerasgan[examples]"`
    """
    return f'Install it with `pip install "kerasgan[{PACKAGES[module][1]}]"`'


def require(module: str, user: str, otherwise: str = "") -> None:
    """Raises an error that says what to run, if a module is not installed.

    Call it before the module is imported. A package that is installed but broken fails with its own error.

    Args:
        module: A module of `PACKAGES`.
        user: What needs it, as the subject of a sentence.
        otherwise: What to do instead of installing it. Defaults to `""`: nothing.

    Raises:
        ImportError: If the module is not installed.

    Example:

    >>> require("matplotlib", "The picture of the losses")  # nothing: it is installed
    """
    if not is_installed(module):
        raise ImportError(
            f"{user} needs the package {PACKAGES[module][0]!r}, which is not installed. "
            f"{advice(module)}{f', or {otherwise}' if otherwise else ''}.",
            name=module,
        )
