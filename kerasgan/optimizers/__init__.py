"""Optimizers that games need and Keras lacks."""

from kerasgan.optimizers.scheduled_adam import ScheduledAdam

__all__ = ["ScheduledAdam"]
