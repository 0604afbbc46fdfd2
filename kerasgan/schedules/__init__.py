"""Numbers that change along a curve during training.

A schedule is a `keras.optimizers.schedules.LearningRateSchedule`: a function of the number of updates. You
can use `Cosine`, the schedules of Keras, or a subclass of yours.
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
