from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras

from kerasgan.arguments import invalid, non_negative_integer, positive_integer
from kerasgan.callbacks._requirements import require_methods
from kerasgan.networks import GrowingNetwork


class ProgressiveGrowing(keras.callbacks.Callback):
    """Grows the players of a game together, level by level, and fades each new level in (Karras et al. 2018).

    The first level is played on its own for a while. Then the next level is faded in: its share of the
    outcome grows from 0 to 1, round by round. After that it is played on its own, and so on. The last level
    is played to the end. The growth depends only on how many rounds the model has been played, and the model
    saves that number. So a run that is loaded, or restored by `BackupAndRestore`, continues exactly where it
    was, in the middle of a fade-in too. A model that is fully grown stays so. Averages that `generator_ema`
    keeps grow with the players.

    The growth is set after each execution. With `steps_per_execution` above 1, it stays the same for that
    many rounds.

    Args:
        level_rounds: How many rounds each level is played on its own: one integer for all levels, or a list
            with one for each level but the last.
        fade_in_rounds: Over how many rounds each level after the first is faded in: one integer for all, or a
            list with one for each. 0 means no fade-in. Defaults to `None`: as many as the level before it was
            played on its own.

    Raises:
        ValueError: If a number is out of range; and in `fit`, if a list does not fit the number of levels, or
            a player cannot grow.
        TypeError: In `fit`, if the model is no game.

    Example:

    >>> growing = ProgressiveGrowing(level_rounds=[1000, 2000], fade_in_rounds=500)
    >>> [growing.growth_after(rounds, levels=3) for rounds in (999, 1250, 1500, 3750, 9999)]
    [0.0, 0.5, 1.0, 1.5, 2.0]
    """

    reads_logs = False

    def __init__(
        self,
        level_rounds: int | Sequence[int],
        fade_in_rounds: int | Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.level_rounds = _rounds("level_rounds", level_rounds, positive_integer)
        self.fade_in_rounds = (
            self.level_rounds
            if fade_in_rounds is None
            else _rounds("fade_in_rounds", fade_in_rounds, non_negative_integer)
        )
        self._players: list[GrowingNetwork] = []

    def growth_after(self, rounds: int, levels: int) -> float:
        """Returns how far players are grown.

        Args:
            rounds: How many rounds have been played.
            levels: How many levels the players have.

        Returns:
            The growth, in `[0, levels - 1]`.

        Raises:
            ValueError: If the schedule is for another number of levels.
        """
        alone = _for_each("level_rounds", self.level_rounds, levels - 1)
        fading = _for_each("fade_in_rounds", self.fade_in_rounds, levels - 1)
        for level in range(levels - 1):
            rounds -= alone[level]
            if rounds < 0:
                return float(level)
            if rounds < fading[level]:
                return level + rounds / fading[level]
            rounds -= fading[level]
        return float(levels - 1)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Finds the players and grows them as far as the rounds that have been played ask for.

        Raises:
            TypeError: If the model is no game.
            ValueError: If a player cannot grow, or the schedule is for another number of levels.
        """
        require_methods(self.model, "ProgressiveGrowing", ("turns", "averaged"))
        players = [player for turn in self.model.turns() for player in turn.players]
        for player in players:
            if not isinstance(player, GrowingNetwork):
                raise ValueError(
                    "`ProgressiveGrowing` needs players that can grow: each a "
                    "`kerasgan.networks.GrowingNetwork`, such as `ProgressiveGenerator` and "
                    f"`ProgressiveDiscriminator`. Received: {player.name!r} of type "
                    f"{type(player).__name__}"
                )
        levels = {player.name: player.levels for player in players}
        if len(set(levels.values())) > 1:
            raise ValueError(
                "`ProgressiveGrowing` needs players of equal numbers of levels. "
                f"Received: levels={levels}"
            )
        # The averages too, which would be one round behind.
        averages = [self.model.averaged(player) for player in players]
        self._players = list({id(player): player for player in [*players, *averages]}.values())
        self._grow()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Grows the players for the next round."""
        self._grow()

    def _grow(self) -> None:
        for player in self._players:
            player.growth = self.growth_after(self.model.optimizer.rounds, player.levels)


def _rounds(
    name: str, value: int | Sequence[int], check: Callable[[str, Any], int]
) -> int | list[int]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [check(name, each) for each in value]
    return check(name, value)


def _for_each(name: str, value: int | list[int], count: int) -> list[int]:
    numbers = [value] * count if isinstance(value, int) else value
    if len(numbers) != count:
        raise invalid(name, value, f"an integer, or {count} for {count + 1} levels")
    return numbers
