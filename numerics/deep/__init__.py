"""Deep ReLU networks: training in NumPy, ranks of gradients modulo a prime, PyTorch as an extra.

`numerics.deep.torch_nets` is the one module that imports PyTorch, and none imports it at the top.
"""

from numerics.deep.network import (
    Layers,
    Training,
    error_rate,
    gradients,
    relative_rank,
    sgd,
    start,
)

__all__ = [
    "Layers",
    "Training",
    "error_rate",
    "gradients",
    "relative_rank",
    "sgd",
    "start",
]
