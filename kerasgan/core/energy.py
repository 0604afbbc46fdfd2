"""How a reconstruction's residual is reduced to one energy for each sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from kerasgan.penalties.penalty import flat


def _squared_residual(samples: Any, reconstruction: Any) -> Any:
    difference = ops.cast(reconstruction, "float32") - ops.cast(samples, "float32")
    return flat(ops.square(difference))


def _mean_square(samples: Any, reconstruction: Any) -> Any:
    return ops.mean(_squared_residual(samples, reconstruction), axis=1)


def _sum_square(samples: Any, reconstruction: Any) -> Any:
    return ops.sum(_squared_residual(samples, reconstruction), axis=1)


def _norm(samples: Any, reconstruction: Any) -> Any:
    # The square root has no finite gradient at a perfect reconstruction.
    return ops.sqrt(_sum_square(samples, reconstruction) + 1e-12)


ENERGIES: dict[str, Callable[[Any, Any], Any]] = {
    "mean_square": _mean_square,
    "norm": _norm,
    "sum_square": _sum_square,
}
