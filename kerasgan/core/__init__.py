"""The game: turns, the optimizers behind one face, and the model that plays."""

from kerasgan.core.adversarial_model import AdversarialModel
from kerasgan.core.optimizers import Optimizers
from kerasgan.core.turn import Minibatch, Outcome, Turn, Weighted
from kerasgan.core.turn_log import TurnLog

__all__ = ["AdversarialModel", "Minibatch", "Optimizers", "Outcome", "Turn", "TurnLog", "Weighted"]
