"""The only package that uses a framework's gradients, replicas and graphs.

Each file is one thing that the package needs from a framework:

- `gradients`: the gradient of a function with respect to variables and to inputs;
- `second_derivatives`: gradients of gradients, and `recurrence` for layers without them;
- `graphs`: a function as a graph;
- `execution`: several steps of a loop;
- `replicas`: which replica this is;
- `devices`: the devices that it runs on;
- `logits`: the tensor that a sigmoid was applied to.

For another Keras backend, these files have to be rewritten.
"""

from kerasgan.backend.devices import HOST_TYPES, has_accelerator, is_deterministic
from kerasgan.backend.engine import check_engine
from kerasgan.backend.execution import execution
from kerasgan.backend.gradients import input_gradient, value_and_gradients
from kerasgan.backend.graphs import compiled
from kerasgan.backend.logits import ends_in_sigmoid, logits_of, recorded_operations
from kerasgan.backend.recurrence import cudnn_layers, leave_cudnn
from kerasgan.backend.replicas import (
    after,
    all_replicas_mean,
    all_replicas_sum,
    all_rows_mean,
    assign_on_replicas,
    draw_rows,
    first_row,
    gather_rows,
    gradients_of_rows,
    is_chief,
    is_first_replica,
    number_of_replicas,
    number_of_workers,
    parts_of_means,
    roll_rows,
    run_on_replicas_if,
    step_logs,
)
from kerasgan.backend.second_derivatives import (
    exact_moments,
    operations_without_gradient,
    undifferentiable_operations,
)
from kerasgan.backend.streams import (
    dataset_rounds,
    is_endless,
    is_tensorflow_dataset,
    number_of_elements,
)

__all__ = [
    "HOST_TYPES",
    "after",
    "all_replicas_mean",
    "all_replicas_sum",
    "all_rows_mean",
    "assign_on_replicas",
    "check_engine",
    "compiled",
    "cudnn_layers",
    "dataset_rounds",
    "draw_rows",
    "ends_in_sigmoid",
    "exact_moments",
    "execution",
    "first_row",
    "gather_rows",
    "gradients_of_rows",
    "has_accelerator",
    "input_gradient",
    "is_chief",
    "is_deterministic",
    "is_endless",
    "is_first_replica",
    "is_tensorflow_dataset",
    "leave_cudnn",
    "logits_of",
    "number_of_elements",
    "number_of_replicas",
    "number_of_workers",
    "operations_without_gradient",
    "parts_of_means",
    "recorded_operations",
    "roll_rows",
    "run_on_replicas_if",
    "step_logs",
    "undifferentiable_operations",
    "value_and_gradients",
]
