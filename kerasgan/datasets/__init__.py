"""Data to train on, as `tf.data`, with normalization that can be inverted."""

from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.digits import digits
from kerasgan.datasets.gaussian import gaussian
from kerasgan.datasets.gaussian_mixture import grid, grid_centers, ring, ring_centers
from kerasgan.datasets.image_folder import image_folder
from kerasgan.datasets.image_folder_report import ImageFolderReport, inspect_image_folder
from kerasgan.datasets.image_sequences import image_sequences
from kerasgan.datasets.image_stream import ImageStream, image_stream
from kerasgan.datasets.load import load
from kerasgan.datasets.mnist import fashion_mnist, mnist
from kerasgan.datasets.normalization import MinMax, Normalization, Tanh, ZScore
from kerasgan.datasets.npz import npz
from kerasgan.datasets.paired_image_stream import PairedImageStream, paired_image_stream
from kerasgan.datasets.partially_labeled import keep_labels, partially_labeled
from kerasgan.datasets.sine_waves import sine_wave, sine_waves, timegan_sines
from kerasgan.datasets.unpaired import unpaired

__all__ = [
    "Dataset",
    "ImageFolderReport",
    "ImageStream",
    "MinMax",
    "Normalization",
    "PairedImageStream",
    "Tanh",
    "ZScore",
    "digits",
    "fashion_mnist",
    "gaussian",
    "grid",
    "grid_centers",
    "image_folder",
    "image_sequences",
    "image_stream",
    "inspect_image_folder",
    "keep_labels",
    "load",
    "mnist",
    "npz",
    "paired_image_stream",
    "partially_labeled",
    "ring",
    "ring_centers",
    "sine_wave",
    "sine_waves",
    "timegan_sines",
    "unpaired",
]
