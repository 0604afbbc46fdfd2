"""Exports a game's functions as signatures of a SavedModel, or as an ONNX or LiteRT file."""

from kerasgan.exporting.export import CONVERTERS, check_unused, export_game
from kerasgan.exporting.signature import Signature

__all__ = ["CONVERTERS", "Signature", "check_unused", "export_game"]
