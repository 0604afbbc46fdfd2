"""Numbers that change along a curve as training goes on.

A schedule is a `keras.optimizers.schedules.LearningRateSchedule`: a function of the number of updates. Those
of Keras, of a subclass of yours and `Cosine` do alike.
"""

from kerasgan.schedules.cosine import Cosine
from kerasgan.schedules.scheduled import (
    Schedule,
    from_config,
    is_schedule,
    number_or_schedule,
    to_config,
    value_at,
)

__all__ = [
    "Cosine",
    "Schedule",
    "from_config",
    "is_schedule",
    "number_or_schedule",
    "to_config",
    "value_at",
]
