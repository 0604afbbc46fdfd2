"""The files of a folder of images, and its sub-folders as classes."""

from __future__ import annotations

import collections
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

EXTENSIONS = frozenset(
    [
        ".avif",
        ".bmp",
        ".gif",
        ".jfif",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".pbm",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".tif",
        ".tiff",
        ".webp",
    ]
)


def list_images(path: str | os.PathLike[str], argument: str = "path") -> list[Path]:
    """Returns the images below a folder in the order of their names.

    Args:
        path: The folder. Links are followed; hidden files and folders are left out.
        argument: The argument's name, for errors. Defaults to `"path"`.

    Raises:
        FileNotFoundError: If there is no such folder.
        NotADirectoryError: If `path` is a file.
        ValueError: If the folder has no images, or a link in it leads to a folder that contains the link.
    """
    path = Path(path)
    expected = f"Invalid value for argument `{argument}`. Expected a folder of images. Received: "
    if not path.exists():
        raise FileNotFoundError(f"{expected}{path}, which does not exist")
    if not path.is_dir():
        raise NotADirectoryError(f"{expected}{path}, which is a file")
    files = list(_files(path, frozenset()))
    images = sorted(file for file in files if is_image(file))
    if not images:
        others = ""
        if files:
            others = f", but {listed(endings(files))}: save them as one of these types"
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected a folder with images "
            f"({', '.join(sorted(EXTENSIONS))}). Received: {path}, which has none{others}"
        )
    return images


def other_files(path: Path) -> collections.Counter[str]:
    """Returns how many files that are no images a folder holds, by their endings."""
    return endings(file for file in _files(path, frozenset()) if not is_image(file))


def is_image(file: Path) -> bool:
    """Tells whether a file's name ends as that of an image does."""
    return file.suffix.lower() in EXTENSIONS


def endings(files: Iterator[Path] | Sequence[Path]) -> collections.Counter[str]:
    """Counts the endings of files' names."""
    return collections.Counter(file.suffix.lower() or "without an ending" for file in files)


def listed(counts: collections.Counter[str], most: int = 8) -> str:
    """Returns counts as text, the most frequent first.

    Example:

    >>> listed(collections.Counter({".txt": 2, ".json": 11}))
    '11 .json, 2 .txt'
    """
    parts = [f"{count:,} {name}" for name, count in counts.most_common(most)]
    return ", ".join([*parts, *(["…"] if len(counts) > most else [])])


def classes_of(
    path: Path, files: Sequence[Path]
) -> tuple[np.ndarray, tuple[str, ...]] | tuple[None, None]:
    """Returns the labels of images and the names of the classes.

    Args:
        path: The folder.
        files: The images in it.

    Returns:
        Integers `(count,)`, and the names of the sub-folders in sorted order. Both are `None` if an image is
        in no sub-folder.
    """
    parents = [file.relative_to(path).parts[:-1] for file in files]
    if not all(parents):
        return None, None
    names = tuple(sorted({parts[0] for parts in parents}))
    labels = {name: label for label, name in enumerate(names)}
    return np.array([labels[parts[0]] for parts in parents], dtype=np.int32), names


def _files(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    here = folder.resolve()
    if here in above:
        raise ValueError(
            "Invalid value for argument `path`. Expected a folder without a link to a folder that it "
            f"lies in. Received: {folder}, which leads to {here}"
        )
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files(entry, above | {here})
        # A link to nothing is no file, and is not left out in silence either.
        elif entry.is_file() or entry.is_symlink():
            yield entry
