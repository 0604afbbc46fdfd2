"""Training: data and their order, the callbacks of the loop, logs, and checks during training."""

from kerasgan.training.acceleration import (
    MOST_STEPS,
    chosen_jit_compile,
    chosen_steps_per_execution,
)
from kerasgan.training.finite_watch import FiniteWeights
from kerasgan.training.fitting import evaluate, fit, predict
from kerasgan.training.run_description import describe_compilation, describe_model
from kerasgan.training.run_keeper import RunKeeper
from kerasgan.training.training_data import check_element
from kerasgan.training.turn_log import TurnLog

__all__ = [
    "MOST_STEPS",
    "FiniteWeights",
    "RunKeeper",
    "TurnLog",
    "check_element",
    "chosen_jit_compile",
    "chosen_steps_per_execution",
    "describe_compilation",
    "describe_model",
    "evaluate",
    "fit",
    "predict",
]
