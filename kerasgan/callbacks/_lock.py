"""A lock that does not keep a callback from being copied."""

from __future__ import annotations

import threading
from typing import Any


class Lock:
    """A `threading.Lock` for `with`, whose copies are new locks.

    A search over hyperparameters (KerasTuner's) copies its callbacks for every trial.

    Example:

    >>> import copy
    >>> lock = Lock()
    >>> with lock, copy.deepcopy(lock):
    ...     pass
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type[Lock], tuple[Any, ...]]:
        return type(self), ()
