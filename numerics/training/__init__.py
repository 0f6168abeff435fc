"""The real algorithms beside the SDEs: gradient descent and its stochastic kin."""

from numerics.training.algorithms import (
    Algorithm,
    Sampling,
    draws,
    gradient_descent,
    label_noise,
    minibatch,
    noisy_residual,
)
from numerics.training.determinant import log_det_change, squared_singular_values
from numerics.training.problem import Problem, problem
from numerics.training.run import TrainingRun, gaussian_start, run, start_state, stepper

__all__ = [
    "Algorithm",
    "Problem",
    "Sampling",
    "TrainingRun",
    "draws",
    "gaussian_start",
    "gradient_descent",
    "label_noise",
    "log_det_change",
    "minibatch",
    "noisy_residual",
    "problem",
    "run",
    "squared_singular_values",
    "start_state",
    "stepper",
]
