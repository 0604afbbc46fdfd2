"""Decodes the pictures of a data set once, into a file that is used until the pictures change."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kerasgan.datasets.picture_header import (
    PictureError,
    PictureHeader,
    PictureRangeError,
    unreadable,
)
from kerasgan.datasets.picture_recipe import raise_faults, tried
from kerasgan.datasets.picture_size import MOST_CROPS
from kerasgan.datasets.picture_sources import PictureSources
from kerasgan.datasets.picture_store import PictureStore, load_index, save_index
from kerasgan.datasets.picture_writer import PictureWriter
from kerasgan.files import replacing

Progress = Callable[[int, int], Any]
_BYTES = {"uint8": 1, "uint16": 2, "float32": 4}


@dataclasses.dataclass(frozen=True, eq=False)
class CachedPictures:
    """The pictures of a data set, and what was found when they were decoded.

    Args:
        store: The pictures.
        kept: The numbers of the sources' items from which they were read.
        faults: What is wrong with the other items.
        different: How many different pictures there are.
        brightest: The largest value in files of more than 8 bits, as a share of white. `None` if there are no
            such files.
        deep: How many files have more than 8 bits.
    """

    store: PictureStore
    kept: np.ndarray
    faults: tuple[PictureError, ...]
    different: int
    brightest: float | None
    deep: int


def cached_pictures(
    sources: PictureSources,
    cache: str | os.PathLike[str] | None,
    on_error: str,
    progress: Progress | None = None,
) -> CachedPictures:
    """Returns pictures from the cache. Decodes them into it first, if they are not there or have changed.

    Args:
        sources: Where the pictures come from.
        cache: The cache's folder. `None` for one in the machine's folder for temporary files.
        on_error: `"raise"` or `"skip"`.
        progress: A function that is called with how many pictures are done and how many there are.

    Raises:
        ValueError: If files cannot be read and `on_error` is `"raise"`, no file can be read, or the cache's
            disk is too small.
    """
    folder = _own_temporary_folder() if cache is None else Path(cache)
    folder.mkdir(parents=True, exist_ok=True)
    key, state = sources.key(), sources.state()
    index, pixels = (folder / f"pictures-{key}-{state}.{ending}" for ending in ("npz", "pixels"))
    if not (index.is_file() and pixels.is_file()):
        _decode(sources, index, pixels, on_error, progress)
        for old in folder.glob(f"pictures-{key}-*"):
            if old not in (index, pixels):
                with contextlib.suppress(OSError):  # Another process may use it.
                    old.unlink()
    store, kept, facts = load_index(index, pixels)
    faults = tuple(
        _fault(is_range, sources.items[n][part], why)
        for is_range, n, part, why in facts.pop("faults")
    )
    if faults and on_error != "skip":
        raise_faults(faults, len(sources.items))
    return CachedPictures(store, kept, faults, **facts["found"])


def _decode(
    sources: PictureSources,
    index: Path,
    pixels: Path,
    on_error: str,
    progress: Progress | None,
) -> None:
    items, count = sources.items, len(sources.items)
    headers = sources.headers()
    faults = {n: found for n, found in enumerate(headers) if isinstance(found, PictureError)}
    sound = {n: found for n, found in enumerate(headers) if not isinstance(found, PictureError)}
    if not sound:
        raise_faults(list(faults.values()), count, can_skip=False)
    shapes = list(sound.values())
    sources = dataclasses.replace(sources, items=[items[n] for n in sound])
    sources = sources.with_size(shapes)
    dtype = sources.dtype(shapes)
    _check_space(pixels.parent, sources, shapes, dtype)
    size = sources.recipes[0].size
    is_cropped = sources.recipes[0].resize == "random_crop"
    kept: list[int] = []
    brightest, deep = None, 0
    with replacing(pixels) as temporary:
        results = tried(sources.read, sources.items, sources.max_pixels)
        with temporary.open("wb") as file, contextlib.closing(results):
            writer = PictureWriter(file, size, sources.channels, dtype, is_cropped)
            for n, result in zip(sound, results, strict=True):
                if isinstance(result, PictureError):
                    faults[n] = result
                else:
                    picture, share = result
                    writer.add(picture)
                    kept.append(n)
                    if share is not None:
                        brightest, deep = max(brightest or 0.0, share), deep + 1
                if progress is not None:
                    progress(len(kept) + len(faults), count)
            store = writer.finish(pixels)
        listed = [faults[n] for n in sorted(faults)]
        if listed and (on_error != "skip" or not kept):
            raise_faults(listed, count, can_skip=bool(kept))
    facts = {
        # By numbers: the folder may go by another path next time.
        "faults": [
            (isinstance(fault, PictureRangeError), n, items[n].index(fault.path), fault.why)
            for n, fault in sorted(faults.items())
        ],
        "found": {"different": writer.different, "brightest": brightest, "deep": deep},
    }
    with replacing(index) as temporary:
        save_index(temporary, store, np.array(kept), facts)


def _fault(is_range: bool, path: Path, why: str) -> PictureError:
    return PictureRangeError(f"{path} {why}", path, why) if is_range else unreadable(path, why)


def _check_space(
    folder: Path,
    sources: PictureSources,
    headers: Sequence[Sequence[PictureHeader]],
    dtype: str,
) -> None:
    """Raises where the cache's disk has too little room."""
    height, width = size = sources.recipes[0].size
    pixels = height * width * len(headers)
    if sources.recipes[0].resize == "random_crop":
        shapes = (found[0].height / height / (found[0].width / width) for found in headers)
        pixels = sum(max(size) ** 2 * min(MOST_CROPS, max(shape, 1 / shape)) for shape in shapes)
    needed = int(pixels * sum(sources.channels) * _BYTES[dtype])
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ValueError(
            f"Invalid value for argument `cache`. Expected a folder on a disk with {needed / 1e6:,.0f} MB of "
            f"room for the pictures. Received: {folder}, whose disk has {free / 1e6:,.0f} MB"
        )


def _own_temporary_folder() -> Path:
    """Returns a folder for temporary files that no other user of the machine can write to."""
    user = os.getuid() if hasattr(os, "getuid") else getpass.getuser()
    folder = Path(tempfile.gettempdir()) / f"kerasgan-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and (folder.is_symlink() or folder.stat().st_uid != os.getuid()):
        raise ValueError(
            "Invalid value for argument `cache`. Expected a folder of your own, since another user's lies at "
            f"{folder}. Received: cache=None"
        )
    return folder
