"""Callbacks: what is written down and drawn while a game is trained."""

from kerasgan.callbacks.image_grid import image_grid, save_image
from kerasgan.callbacks.probability_logger import ProbabilityLogger
from kerasgan.callbacks.sample_grid import SampleGrid

__all__ = ["ProbabilityLogger", "SampleGrid", "image_grid", "save_image"]
