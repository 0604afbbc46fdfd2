"""The game: its turns, its losses and penalties, and the model that plays. Your own game needs no more."""

from kerasgan.core.adversarial_model import AdversarialModel
from kerasgan.core.adversary import Adversary
from kerasgan.core.generative_model import GenerativeModel
from kerasgan.core.output_range import output_range
from kerasgan.core.setting import (
    AugmentationSetting,
    LossSetting,
    OptimizerSetting,
    PenaltiesSetting,
    Setting,
    steps_setting,
)
from kerasgan.core.sub_model import (
    SubModel,
    one_input,
    part_of_inputs,
    split_inputs,
    swapped_hint,
)
from kerasgan.core.turn import Minibatch, Outcome, Turn, Weighted
from kerasgan.core.use import use
from kerasgan.optimizers import Optimizers
from kerasgan.part import Part
from kerasgan.training import TurnLog

__all__ = [
    "AdversarialModel",
    "Adversary",
    "AugmentationSetting",
    "GenerativeModel",
    "LossSetting",
    "Minibatch",
    "OptimizerSetting",
    "Optimizers",
    "Outcome",
    "Part",
    "PenaltiesSetting",
    "Setting",
    "SubModel",
    "Turn",
    "TurnLog",
    "Weighted",
    "one_input",
    "output_range",
    "part_of_inputs",
    "split_inputs",
    "steps_setting",
    "swapped_hint",
    "use",
]
