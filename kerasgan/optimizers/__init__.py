"""A game's optimizers as one object, wrappers of optimizers, and averages of weights."""

from kerasgan.optimizers.gradient_accumulation import GradientAccumulation
from kerasgan.optimizers.loss_scale_optimizer import LossScaleOptimizer
from kerasgan.optimizers.moving_average import Averages, MovingAverage
from kerasgan.optimizers.optimizers import Optimizers
from kerasgan.optimizers.scheduled_adam import ScheduledAdam

__all__ = [
    "Averages",
    "GradientAccumulation",
    "LossScaleOptimizer",
    "MovingAverage",
    "Optimizers",
    "ScheduledAdam",
]
