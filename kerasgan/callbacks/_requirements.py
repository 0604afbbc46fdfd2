"""What callbacks require of a model."""

from __future__ import annotations

from typing import Any


def require_methods(model: Any, callback: str, methods: tuple[str, ...]) -> None:
    """Raises when `model` lacks one of the `methods` that `callback` needs."""
    missing = [method for method in methods if not callable(getattr(model, method, None))]
    if missing:
        raise TypeError(
            f"`{callback}` needs a kerasgan model, one with the methods "
            f"{', '.join(f'`{method}`' for method in methods)}. "
            f"Received: {type(model).__name__} without "
            f"{', '.join(f'`{method}`' for method in missing)}"
        )
