from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from kerasgan.core.epoch_order import EpochOrder
from kerasgan.core.evaluation_data import held_out, most_rows
from kerasgan.core.finite_watch import check_evaluation
from kerasgan.core.listeners import Listeners, in_order
from kerasgan.core.monitors import prepare_monitors
from kerasgan.core.run_description import describe_fit
from kerasgan.core.seeds import seeded
from kerasgan.core.taking_up import take_up
from kerasgan.core.training_data import (
    as_array,
    check_array,
    check_conditions,
    check_element,
    checked,
    first_element,
    fits,
    is_array,
    rounds,
    split,
)
from kerasgan.datasets._arrays import check_resolution
from kerasgan.datasets.python_functions import PythonFunctions
from kerasgan.datasets.rounds import number_of_batches


class Fitting(keras.Model):
    """`fit` and `evaluate` of a game: the data are checked before any of them flow, and grouped into rounds.

    Args:
        seed: Where the order of the data starts. `None` leaves it to `keras.utils.set_random_seed`.
        **kwargs: Those of `keras.Model`.
    """

    conditional: bool = False
    steps_per_execution: int

    def __init__(self, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order_seed_generator = keras.random.SeedGenerator(seed)
        self.evaluation_seed_generator = keras.random.SeedGenerator(0)

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of real samples and of their conditions."""
        raise NotImplementedError

    def judged_models(self) -> Sequence[keras.Model]:
        """The models that an evaluation calls: this one, and averages that are kept beside it."""
        raise NotImplementedError

    def chosen_steps_per_execution(self, callbacks: Sequence[keras.callbacks.Callback]) -> int:
        """How many steps `fit` plays at once with these callbacks."""
        raise NotImplementedError

    def description(self) -> dict[str, Any]:
        """Describes the model and its compilation as JSON."""
        raise NotImplementedError

    @property
    def takes_conditions(self) -> bool:
        """Whether `y` belongs to the data: conditions of samples, or labels to learn."""
        return self.specification()[1] is not None

    @property
    def steps_per_round(self) -> int:
        """How many minibatches one round takes."""
        raise NotImplementedError

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        **arguments: Any,
    ) -> keras.callbacks.History:
        """Trains the game; as `keras.Model.fit`.

        Every step is one round. A turn that takes k steps in a round takes each on a minibatch of its own,
        of the size that was asked for, so a round uses k minibatches. An incomplete last round of arrays is
        left out; as the order is a new one in each epoch, no example stays out for good. That order follows
        from the model's seeds, which are saved with the model.

        Args:
            x: Real samples: an array, a `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of
                batches.
            y: Their conditions, for a conditional model and arrays.
            batch_size: Rows in a minibatch of arrays. Defaults to 32, or fewer where there are fewer.
            epochs: As in Keras. Defaults to 1.
            verbose: As in Keras. Defaults to `"auto"`.
            callbacks: As in Keras.
            validation_split: The share of arrays, from their end, to evaluate on. Defaults to 0.0.
            validation_data: Samples, or `(samples, conditions)`, to evaluate on after each epoch, arrays in
                batches of `validation_batch_size` or `batch_size`.
            shuffle: Whether to shuffle arrays. Defaults to `True`.
            **arguments: The others of `keras.Model.fit`, but for `sample_weight` and `class_weight`.

        Returns:
            The `History`.

        Raises:
            ValueError: If shapes do not fit, conditions are missing or surplus, numbers are not finite, or
                a round needs more examples than there are.
            FloatingPointError: If training meets a value that is not finite.
        """
        for name in ("sample_weight", "class_weight"):
            if arguments.get(name) is not None:
                raise ValueError(
                    f"Invalid value for argument `{name}`. Expected none: the examples of a game have equal "
                    f"weights. Received: {name} of type {type(arguments[name]).__name__}"
                )
        self._assert_compile_called("fit")
        x, y = as_array(x), as_array(y)
        self._check_data(x, y)
        if validation_split:
            x, y, validation_data = split(x, y, validation_split, validation_data)
        if isinstance(x, Iterator):
            x = checked(x, self.takes_conditions, self._sample_shape)
        to_validate = validation_data
        steps_per_epoch = arguments.get("steps_per_epoch")
        order = EpochOrder(self.order_seed_generator, shuffle, endless=steps_per_epoch is not None)
        replicas = self.distribute_strategy.num_replicas_in_sync
        with PythonFunctions() as functions:
            data = rounds(
                x, y, batch_size, self.steps_per_round, order, functions, order.endless, replicas
            )
            if validation_data is not None:
                held_out_x, held_out_y, weights = keras.utils.unpack_x_y_sample_weight(
                    validation_data
                )
                validation_data = self._held_out(
                    held_out_x,
                    held_out_y,
                    weights,
                    arguments.get("validation_batch_size") or batch_size,
                    arguments.get("validation_steps"),
                    functions,
                    argument="validation_data",
                )
            order.data = data
            callbacks, keepers = in_order(callbacks, order, self)
            prepare_monitors(callbacks, self.metrics, validates=validation_data is not None)
            if not isinstance(callbacks, keras.callbacks.CallbackList):
                steps = steps_per_epoch or number_of_batches(data)
                callbacks = Listeners(callbacks, verbose, model=self, epochs=epochs, steps=steps)
            first_batch = 0
            if keepers:
                given = {"batch_size": batch_size, "shuffle": shuffle, **arguments}
                description = {**self.description(), **describe_fit(x, y, to_validate, given)}
                run = (order, callbacks, validation_data, description, epochs, arguments)
                arguments["initial_epoch"], first_batch = take_up(keepers, self, *run)
            compiled_for = self.steps_per_execution
            steps = self.chosen_steps_per_execution(callbacks.callbacks)
            # A run is taken up between two executions.
            self.steps_per_execution = 1 if first_batch % steps else steps
            try:
                return super().fit(
                    data,
                    epochs=epochs,
                    verbose=verbose,
                    callbacks=callbacks,
                    validation_data=validation_data,
                    # The data set shuffles.
                    shuffle=False,
                    **arguments,
                )
            finally:
                self.steps_per_execution = compiled_for
                order.release()

    def _held_out(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int | None,
        steps: int | None,
        functions: PythonFunctions,
        argument: str = "x",
    ) -> Any:
        """Checks data to evaluate on, and returns them as Keras takes them: `data`, or `(data, y)`."""
        if sample_weight is not None:
            raise ValueError(
                "Invalid value for argument `sample_weight`. Expected none: the examples of a game have "
                f"equal weights. Received: sample_weight of type {type(sample_weight).__name__}"
            )
        x, y = as_array(x), as_array(y)
        self._check_data(x, y, argument)
        data, y = held_out(x, y, batch_size, steps, functions)
        counting = [metric for metric in self._compiled.metrics if hasattr(metric, "check_count")]
        rows = most_rows(x, batch_size, steps) if counting else None
        if rows is not None:
            for metric in counting:
                metric.check_count(rows, argument)
        return data if y is None else (data, y)

    def _check_data(self, x: Any, y: Any, argument: str = "x") -> None:
        if not is_array(x):
            element = first_element(x)
            if element is not None:
                check_element(element, self.takes_conditions, self._sample_shape, argument)
            return
        check_array(argument, x, self._sample_shape)
        if keras.config.floatx() != "float64":
            check_resolution(argument, x)
        if y is not None or self.takes_conditions:
            self._conditions(len(x), y, argument="y")

    def _conditions(self, count: int, condition: Any, argument: str = "condition") -> Any:
        """Returns one condition for each of `count` samples, or `None` in an unconditional game."""
        needed = self.takes_conditions if argument == "y" else self.conditional
        if needed != (condition is not None):
            expected = "the condition of each sample" if needed else "none"
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected {expected} for "
                f"`{type(self).__name__}`. Received: {'None' if condition is None else type(condition)}"
            )
        expected_condition = self.specification()[1]
        if condition is None or expected_condition is None:
            return None
        condition = np.asarray(condition)
        shape = tuple(expected_condition.shape[1:])
        if argument == "condition" and fits(condition.shape, shape):
            condition = np.broadcast_to(condition, (count, *condition.shape))
        return check_conditions(argument, condition, count, shape)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **arguments: Any,
    ) -> Any:
        """Evaluates the game on held-out data; as `keras.Model.evaluate`.

        The noise is the same in each evaluation, and evaluating changes nothing in training.

        Raises:
            ValueError: If shapes do not fit, conditions are missing or surplus, numbers are not finite, or a
                metric needs more samples than there are.
            FloatingPointError: If a turn's loss, or what it logs, is not finite.
        """
        self._assert_compile_called("evaluate")
        # Layers with noise of their own have seeds too.
        with seeded(self.judged_models(), seed=0), PythonFunctions() as functions:
            # In `fit` the data are prepared already.
            if not arguments.get("_use_cached_eval_dataset"):
                data = self._held_out(x, y, sample_weight, batch_size, steps, functions)
                x, y = data if isinstance(data, tuple) else (data, None)
            logs = super().evaluate(
                x,
                y,
                verbose=verbose,
                steps=steps,
                callbacks=callbacks,
                return_dict=True,
                **arguments,
            )
        check_evaluation(self, logs)
        return logs if return_dict else [logs[name] for name in self.metrics_names]

    def predict(self, *args: Any, **arguments: Any) -> Any:
        """Returns what a call of the model makes of inputs; as `keras.Model.predict`."""
        # Keras's function for this is made once, for one number of steps; `fit` may have set another.
        fitting, self.steps_per_execution = self.steps_per_execution, 1
        try:
            return super().predict(*args, **arguments)
        finally:
            self.steps_per_execution = fitting
