"""Where SGD ends on the orbit, for several covariances of data and noise, with and without decay.

The two-layer linear net |U W x − y|² with d_x = d_y = d, Σ_x = diag(φ, …, φ, 1, …, 1) and noise
Σ_r; one pair of singular vectors of V lies in each half, at random there.  The
equilibrium tr(Σ_r) WΣ_xW' = tr(Σ_x) U'Σ_rU balances the norms, |U| = |W|, if both covariances are
multiples of I, and in general not; weight decay γ pulls towards balance with −4γD.  The flattest
point of the orbit is d WΣ_xW' = tr(Σ_x) U'U, where tr H is least: the equilibrium of isotropic
noise.  For other noise the equilibrium is sharper, so that from the flattest point tr H grows.

What is simulated, tr H by second differences of the loss, is compared with the flow along the orbit
in the judge; steps of finite size move the ends by order η, which a run at twice the step shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from verify.experiments.data_covariance_figures import covariance_figure
from verify.experiments.data_covariance_judge import judge
from verify.experiments.data_covariance_paths import simulate
from verify.experiments.experiment import Experiment, Finding, Numbers, Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["experiment"]


def experiment() -> Experiment:
    """The experiment; standard settings take some twenty seconds on two cores."""
    return Experiment(
        id="data-covariance",
        title="Norms and sharpness of a two-layer linear net by the covariance of its data",
        source="seed 003, figure on data covariance, weight decay and sharpening",
        claim="SGD ends with balanced norms for isotropic inputs and not in general, gradient "
        "descent with weight decay always; tr H falls under isotropic noise and can grow under "
        "another, as predicted.",
        settings=MappingProxyType(
            {
                "dimension": 4,
                # Of V where norms are looked at, and where tr H is.
                "singular_values": [1.0, 0.2],
                "sharp_values": [1.0, 0.4],
                "repeats": 3,
                # Of Σ_x and of Σ_r, unequal and neither d: which stands where shows.
                "inputs_trace": 6.0,
                "noise_trace": 2.5,
                "covariances": [0.2, 0.5, 1.0, 2.0, 5.0],
                "noise_ratio": 30.0,
                "decay": 0.002,
                "step": 0.0015,
                "time": 600.0,
                "marks": 60,
                "turn": 1.4,
                # That of the run that is to flatten, far from balance.
                "unbalanced": 2.0,
                # The weights that gradient descent starts from, over those of the start on the
                # orbit: there it has no gradient and would keep anything.
                "off": 0.8,
            }
        ),
        quick=MappingProxyType(
            {
                "covariances": [0.2, 1.0, 5.0],
                "step": 0.003,
                "time": 450.0,
                "decay": 0.004,
                "repeats": 10,
            }
        ),
        simulate=simulate,
        judge=judge,
        draw=draw,
        seeds=8,
    )


def draw(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding]
) -> Mapping[str, Figure]:
    """Norms against φ, and tr H in time."""
    about = (
        f"d = {settings['dimension']}, h = 2, η = {settings['step']:g}, b = 1, "
        f"γ = {settings['decay']:g}, t up to {settings['time']:g}; Σₓ ∝ diag(φ, φ, 1, 1); uneven "
        f"noise ∝ diag({settings['noise_ratio']:g}, {settings['noise_ratio']:g}, 1, 1); "
        f"{len(runs)} seeds; gradient descent from {settings['off']:g} of the weights"
    )
    return {"data-covariance": covariance_figure(runs, settings, findings, about)}
