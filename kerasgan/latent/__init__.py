"""Tools of the latent space, each of which also draws what it finds; `python -m kerasgan.latent --help`."""

from kerasgan.latent.interpolation import (
    interpolate,
    linear_interpolation,
    spherical_interpolation,
)
from kerasgan.latent.inversion import Inversion, invert
from kerasgan.latent.neighbours import Neighbours, nearest_neighbours
from kerasgan.latent.truncation import truncate, truncated_draws

__all__ = [
    "Inversion",
    "Neighbours",
    "interpolate",
    "invert",
    "linear_interpolation",
    "nearest_neighbours",
    "spherical_interpolation",
    "truncate",
    "truncated_draws",
]
