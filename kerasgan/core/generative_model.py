from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasgan.arguments import positive_integer
from kerasgan.core.adversarial_model import AdversarialModel
from kerasgan.core.use import fresh_seed, seed_of, use, uses_of
from kerasgan.part import Part


class GenerativeModel(AdversarialModel, abstract=True):
    """A game that makes samples from latent samples, which it draws at random.

    A subclass sets the part `latent`, and defines `sample_latent` and `generate_from` as uses. It then gets
    `generate`, the signatures of an export, and the latent tools.

    Attributes:
        latent: The `kerasgan.core.Part` of latent samples.

    Raises:
        TypeError: If a class that is not abstract does not define `sample_latent` or `generate_from` as a
            use. This is raised when the class is defined.
    """

    serving_default = "generate_from"

    latent: Part

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        """Checks that no use is missing."""
        super().__init_subclass__(abstract=abstract, **kwargs)
        missing = [name for name in ("sample_latent", "generate_from") if name not in uses_of(cls)]
        if missing and not abstract:
            raise TypeError(
                f"`{cls.__name__}` has no use {missing}. Expected a `GenerativeModel` to define "
                "`sample_latent` and `generate_from`, each with the decorator `kerasgan.core.use`. If the "
                "game draws no latent samples, subclass `AdversarialModel` instead."
            )

    @abstractmethod
    def sample_latent(self, count: Any, seed: Any, condition: Any = None) -> Any:
        """Draws latent samples."""

    @abstractmethod
    def generate_from(self, latent: Any, condition: Any = None) -> Any:
        """Turns latent samples into samples."""

    def traced(self, name: str, seed: Any) -> Callable[..., Any]:
        """Returns a use as a differentiable function of tensors.

        Args:
            name: The name of the use.
            seed: The seed for layers that draw noise.
        """
        return uses_of(type(self))[name].with_tensors(self, seed)

    def latent_priors(self) -> Any:
        """Returns the prior of latent samples, or a dictionary of priors by name."""
        return self.prior

    @use(returns="samples")
    def generate(self, count: Any, seed: Any, condition: Any = None) -> Any:
        """Generates samples."""
        return self.generate_from(self.sample_latent(count, seed, condition), condition)

    @generate.arrays  # type: ignore[no-redef]
    def generate(
        self,
        count: int,
        condition: Any = None,
        seed: int | None = None,
        batch_size: int = 256,
        training: bool = False,
        normalized: bool = True,
    ) -> np.ndarray:
        """Generates samples.

        Args:
            count: How many.
            condition: In a game with conditions, one for each sample, or a single one for all samples.
                Defaults to `None`.
            seed: With an integer, you get the same samples each time. If layers of the generator draw noise,
                that holds only for the same `batch_size`. Defaults to `None`: you get new samples.
            batch_size: How many to generate at once. Defaults to 256.
            training: Whether layers compute as in training: batch normalization uses the statistics of each
                batch, and dropout is active. pix2pix samples in this way, with `batch_size=1`. The model
                itself does not change. Defaults to `False`.
            normalized: Whether to return samples as the networks make them. With `False`, the model's
                `normalization` brings them to the units of the data, images to uint8. Defaults to `True`.

        Returns:
            Array `(count, *sample_shape)`.

        Raises:
            ValueError: If `count` is not a positive integer, if a condition is missing or not expected, or if
                `normalized` is `False` and the model has no `normalization`.
        """
        if not normalized:
            inverse = self.inverse_normalization()
            return inverse(self.generate(count, condition, seed, batch_size, training))
        count = positive_integer("count", count)
        seed = fresh_seed() if seed is None else seed_of(seed)
        conditions = self.checked_condition(condition, count)
        if count <= batch_size:
            # Everything in one graph: for a few samples, the calls themselves would take most of the time.
            at_once = uses_of(type(self))["generate"].in_one_graph(self)
            given = self.given_to("generate", conditions)
            return at_once(count, seed=seed, training=training, **given)
        latent = self.drawn(count, conditions, seed)
        return self.made_of(latent, conditions, batch_size, seed, training)

    def drawn(self, count: int, conditions: Any, seed: int) -> Any:
        """Returns the latent samples that `generate` uses, as arrays."""
        return self.sample_latent(count, seed=seed, **self.given_to("sample_latent", conditions))

    def made_of(
        self, latent: Any, conditions: Any, batch_size: int, seed: int, training: bool = False
    ) -> Any:
        """Turns latent samples into samples, as arrays."""
        generate_from: Any = self.generate_from
        given = self.given_to("generate_from", conditions)
        return generate_from(latent, batch_size=batch_size, seed=seed, training=training, **given)

    def given_to(self, name: str, conditions: Any) -> dict[str, Any]:
        """Returns the conditions as keyword arguments of a use, or no arguments if it takes none."""
        takes = uses_of(type(self))[name].takes(self, "condition")
        return {"condition": conditions} if takes and conditions is not None else {}
