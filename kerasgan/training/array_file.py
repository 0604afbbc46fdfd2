"""Named arrays in a file. A damaged file is refused."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kerasgan.files import replacing

# A new layout of the file gets a new number.
_FORMAT = 2
_TYPES = "types"


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes named arrays, of any dtype of a Keras variable, to a `.npz` file.

    Args:
        path: The file. It replaces the last one after it is complete.
        arrays: The arrays, by name.
    """
    # NumPy's files do not support bfloat16. It is stored as bytes, with its name.
    foreign = {name: each.dtype.name for name, each in arrays.items() if each.dtype.isbuiltin == 2}
    stored = {
        name: each.view(f"u{each.dtype.itemsize}") if name in foreign else each
        for name, each in arrays.items()
    }
    header = {_TYPES: np.array(json.dumps(foreign)), "format": np.array(_FORMAT)}
    with replacing(path) as temporary:
        np.savez(temporary, **header, **stored)  # type: ignore[arg-type]


def read_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Reads a file of `write_arrays`.

    Raises:
        ValueError: If the file is damaged, or was not written by `write_arrays`. The message names the file.
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as members:
            arrays = dict(members)
        if int(arrays.pop("format", 0)) != _FORMAT:
            raise ValueError("it was written by another version of kerasgan")
        for name, kind in json.loads(str(arrays.pop(_TYPES))).items():
            arrays[name] = arrays[name].view(kind)
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        # NumPy's own message would advise to run code from an unknown file.
        reason = "" if "pickle" in str(error) else f" ({error})"
        raise ValueError(
            f"Invalid file '{path}'. Expected the state of a training run. Received: a file that is damaged "
            f"or something else{reason}. Put an intact copy in its place, or delete it to train from the "
            "start."
        ) from None
    return arrays
