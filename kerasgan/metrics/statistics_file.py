"""Files with statistics of real samples, and a description of what they depend on."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from kerasgan.files import replacing

_IDENTITY = "identity"


def digest(x: np.ndarray) -> str:
    """Returns a digest of an array: of its shape, its dtype and its values."""
    state = hashlib.sha256(f"{x.shape} {x.dtype.str}".encode())
    state.update(np.ascontiguousarray(x).data)
    return state.hexdigest()


def write_statistics(
    path: str | os.PathLike[str], arrays: dict[str, np.ndarray], identity: dict[str, Any]
) -> None:
    """Writes statistics with what they depend on."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{_IDENTITY: np.asarray(json.dumps(identity))}, **arrays)  # type: ignore[arg-type]


def read_statistics(
    path: str | os.PathLike[str], identity: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Reads statistics.

    Args:
        path: The file.
        identity: The values that the file's description must have. It may have more.

    Raises:
        FileNotFoundError: If there is no file.
        ValueError: If it is no file of statistics, or its description has other values.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            "Invalid value for argument `real_statistics`. Expected a file that `precompute` wrote. "
            f"Received: {path}, which does not exist"
        )
    try:
        with np.load(path, allow_pickle=False) as loaded:
            arrays = dict(loaded)
        written = json.loads(str(arrays.pop(_IDENTITY)))
    except (ValueError, OSError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(
            "Invalid value for argument `real_statistics`. Expected a file that `precompute` wrote. "
            f"Received: {path}, which cannot be read as one ({error})"
        ) from error
    expected = json.loads(json.dumps(identity))
    for name, value in expected.items():
        if written.get(name) != value:
            raise ValueError(
                f"Invalid value for argument `real_statistics`. Expected statistics with {name}={value!r}. "
                f"Received: {path}, with {name}={written.get(name)!r}; name another file, or delete it"
            )
    return arrays
