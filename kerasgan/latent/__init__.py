"""Tools for the latent space. Each can also draw its result. See `python -m kerasgan.latent --help`."""

from kerasgan.latent.interpolation import (
    interpolate,
    linear_interpolation,
    spherical_interpolation,
)
from kerasgan.latent.inversion import Inversion, invert
from kerasgan.latent.neighbors import Neighbors, nearest_neighbors
from kerasgan.latent.truncation import truncate, truncated_draws

__all__ = [
    "Inversion",
    "Neighbors",
    "interpolate",
    "invert",
    "linear_interpolation",
    "nearest_neighbors",
    "spherical_interpolation",
    "truncate",
    "truncated_draws",
]
