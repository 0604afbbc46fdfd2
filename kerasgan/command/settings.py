"""The settings of a run: everything that `kerasgan train` chose. Their file starts the same run again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from kerasgan.arguments import counted
from kerasgan.command.errors import CommandError
from kerasgan.files import replacing

FILE_NAME = "settings.json"
_FORMAT = 1


@dataclasses.dataclass
class Settings:
    """The settings of a run. `choose` makes them, and `Settings.read` reads them from a file.

    Attributes:
        folder: The folder of pictures.
        pictures: How many pictures it has.
        size: Height and width.
        channels: 1, 3 or 4.
        class_names: The classes of a conditional model, or `None`.
        even_classes: Whether all classes are drawn equally often.
        network: A name in `kerasgan.command.game.NETWORKS`, or `None` for the unknown network of a model
            that the run starts from.
        filters: The filters of the generator, or `None` if they are unknown.
        start: The file and the fingerprint of the model that the run starts from, or `None`.
        freeze: How many stages of the discriminator are frozen.
        latent_size: How many numbers a latent point has.
        augmentation: `"none"`, `"diff_augment"` or `"adaptive"`.
        batch_size: Pictures in a step.
        steps: How many steps the run has.
        planned_steps: Over how many steps the learning rate falls.
        steps_per_section: Steps between two backups, grids and rows of the metrics.
        learning_rate: The first learning rate.
        final_learning_rate: The last learning rate.
        penalty: The weight of R1 and of R2.
        average: The decay of the average of the generator's weights.
        seed: The seed of everything random.
        export: The formats to export to.
        minutes: The planned length in minutes, if it decided the number of steps.
        seconds_per_step: The time of a step, as measured before the run.
        reading: Other arguments of `kerasgan.datasets.image_stream`.
    """

    folder: str
    pictures: int
    size: list[int]
    channels: int
    class_names: list[str] | None
    even_classes: bool
    network: str | None
    filters: int | None
    start: dict[str, str] | None
    freeze: int
    latent_size: int
    augmentation: str
    batch_size: int
    steps: int
    planned_steps: int
    steps_per_section: int
    learning_rate: float
    final_learning_rate: float
    penalty: float
    average: float
    seed: int
    export: list[str]
    minutes: float | None
    seconds_per_step: float | None
    reading: dict[str, Any]

    @property
    def sections(self) -> int:
        """How many sections the run has."""
        return -(-self.steps // self.steps_per_section)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of a sample."""
        return (self.size[0], self.size[1], self.channels)

    @property
    def network_text(self) -> str:
        """A text that describes the network."""
        if self.network is None:
            return "the network of the model that the run starts from"
        return f"{self.network}, {self.filters} filters"

    @property
    def frozen_text(self) -> str:
        """A text that says which part of the discriminator is frozen."""
        stages = counted(self.freeze, "first stage") if self.freeze else "nothing"
        return f"{stages} of the discriminator"

    def write(self, path: Path) -> None:
        """Writes the settings to a file. The file is whole or absent."""
        text = json.dumps({"format": _FORMAT, **dataclasses.asdict(self)}, indent=2)
        with replacing(path) as temporary:
            temporary.write_text(f"{text}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Settings:
        """Reads settings from a file.

        Raises:
            CommandError: If the file does not hold settings of this version.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(
                f"{path} cannot be read as the settings of a run: {error}"
            ) from error
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, dict) or values.pop("format", None) != _FORMAT:
            raise CommandError(
                f"{path} is not a settings file of this version of kerasgan. Start a new run with another "
                "--output."
            )
        if values.keys() != names:
            wrong = sorted(values.keys() ^ names)
            raise CommandError(
                f"{path}: these settings are unknown or missing: {', '.join(wrong)}."
            )
        return cls(**values)
