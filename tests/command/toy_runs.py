"""What the tests of the command train on."""

import contextlib
import os

import numpy as np
from PIL import Image

TOY = ["--size", "8", "--filters", "2", "--batch-size", "4", "--steps", "3"]


@contextlib.contextmanager
def inside(folder):
    """Makes a folder the current one."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def write_pictures(folder, count=12, shape=(9, 8, 3), seed=0):
    """Writes colored noise, each picture another."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for index in range(count):
        values = random.integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(values).save(folder / f"{index:02}.png")
    return folder
