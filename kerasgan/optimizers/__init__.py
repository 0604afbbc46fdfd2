"""The optimizers of a game behind one face, what goes around an optimizer, and averages of weights."""

from kerasgan.optimizers.gradient_accumulation import GradientAccumulation
from kerasgan.optimizers.loss_scale_optimizer import LossScaleOptimizer
from kerasgan.optimizers.moving_average import Averages, MovingAverage
from kerasgan.optimizers.optimizers import Optimizers

__all__ = ["Averages", "GradientAccumulation", "LossScaleOptimizer", "MovingAverage", "Optimizers"]
