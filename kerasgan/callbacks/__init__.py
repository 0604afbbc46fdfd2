"""Callbacks that log, draw, check, measure, grow and back up a game while it trains."""

from kerasgan.callbacks.anomaly_detection import AnomalyDetection
from kerasgan.callbacks.backup_and_restore import BackupAndRestore
from kerasgan.callbacks.diagnosis import Diagnosis
from kerasgan.callbacks.image_grid import image_grid, save_image
from kerasgan.callbacks.probability_logger import ProbabilityLogger
from kerasgan.callbacks.progressive_growing import ProgressiveGrowing
from kerasgan.callbacks.sample_grid import SampleGrid
from kerasgan.callbacks.tensor_board import TensorBoard

__all__ = [
    "AnomalyDetection",
    "BackupAndRestore",
    "Diagnosis",
    "ProbabilityLogger",
    "ProgressiveGrowing",
    "SampleGrid",
    "TensorBoard",
    "image_grid",
    "save_image",
]
