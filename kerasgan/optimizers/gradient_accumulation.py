from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.backend import (
    all_replicas_mean,
    assign_on_replicas,
    number_of_replicas,
    run_on_replicas_if,
)
from kerasgan.registry import deserialize


@keras.saving.register_keras_serializable(package="kerasgan")
class GradientAccumulation(keras.optimizers.Optimizer):
    """Collects the gradients of several updates, and lets an optimizer take one step with their mean.

    Keras's optimizers can do that too, but they sum over replicas inside a condition, where replicas cannot
    communicate. Here the replicas' gradients are added up first, and the condition is checked for all
    replicas at once.

    Args:
        inner_optimizer: The optimizer. It must not accumulate gradients itself.
        steps: How many updates make one step.
        name: A name. Defaults to `"gradient_accumulation"`.

    Example:

    >>> variable = keras.Variable([4.0])
    >>> optimizer = GradientAccumulation(keras.optimizers.SGD(1.0), steps=2)
    >>> optimizer.build([variable])
    >>> for gradient in (1.0, 2.0):
    ...     optimizer.apply([keras.ops.array([gradient])], [variable])
    ...     print(float(variable[0]))
    4.0
    2.5
    """

    def __init__(
        self,
        inner_optimizer: keras.optimizers.Optimizer,
        steps: int,
        name: str = "gradient_accumulation",
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.steps = steps

    @classmethod
    def instead_of(cls, optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
        """Returns this wrapper if an optimizer accumulates gradients; otherwise, the optimizer itself."""
        steps = optimizer.gradient_accumulation_steps
        if not steps:
            return optimizer
        plain = {**optimizer.get_config(), "gradient_accumulation_steps": None}
        return cls(type(optimizer).from_config(plain), steps)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Creates the variables that hold the collected gradients."""
        self.inner_optimizer.build(variables)
        self._gathered = [
            self.add_variable_from_reference(variable, name="gathered") for variable in variables
        ]
        super().build(variables)

    @property
    def variables(self) -> list[Any]:
        """The variables of the wrapper and of the optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """How many steps the optimizer has taken."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    def scale_loss(self, loss: Any) -> Any:
        """Returns a loss as the optimizer scales it."""
        return self.inner_optimizer.scale_loss(loss)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Collects gradients, and takes a step if there are enough."""
        variables = (
            self._trainable_variables if trainable_variables is None else trainable_variables
        )
        known = [index for index, gradient in enumerate(grads) if gradient is not None]
        gathered = [self._gathered[self._get_variable_index(variables[index])] for index in known]
        sums = [
            total + number_of_replicas() * all_replicas_mean(ops.convert_to_tensor(grads[index]))
            for index, total in zip(known, gathered, strict=True)
        ]
        is_complete = ops.equal(ops.mod(self._iterations + 1, self.steps), 0)

        def step(*sums: Any) -> None:
            # The optimizer adds up the gradients of the replicas, so each passes its share.
            means = [each / (self.steps * number_of_replicas()) for each in sums]
            self.inner_optimizer.apply(means, [variables[index] for index in known])

        run_on_replicas_if(is_complete, step, *sums)
        assign_on_replicas(gathered, [ops.where(is_complete, 0.0, each) for each in sums])
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list: Any) -> None:
        """Lets the optimizer write the averages that it keeps."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal optimizer."""
        return {
            "inner_optimizer": keras.saving.serialize_keras_object(self.inner_optimizer),
            "steps": self.steps,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: Any = None
    ) -> GradientAccumulation:
        """Makes the optimizer that a result of `get_config` describes."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            inner = deserialize(config["inner_optimizer"])
        return cls(inner, config["steps"], config["name"])
