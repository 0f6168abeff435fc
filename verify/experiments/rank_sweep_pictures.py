"""Pictures of rank against batch size, learning rate and weight decay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.network import Array
from verify.experiments import style
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.experiments.rank_sweep_judge import mean_rank, seed_values, test_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_means", "pictures"]

DECAY, NONE, UPDATES = (style.COLOURS[name] for name in ("vermilion", "blue", "green"))
Value = Callable[[Mapping[str, Any]], float]


def pictures(
    name: str,
    runs: Sequence[Numbers],
    settings: Settings,
    findings: Sequence[Finding],
    about: str,
) -> dict[str, Figure]:
    """Ranks, and test errors, of the same runs."""
    claim = "Mean rank of the trained layers against batch size, learning rate and weight decay"
    error = "Test error of the same networks"
    means = [finding for finding in findings[:-1] if not finding.name.endswith("each layer")]
    rows = (
        (name, mean_rank, "mean rank of the layers but the last", claim, means),
        (f"{name}-test-error", test_error, "test error", error, findings[-1:]),
    )
    found = {}
    for stem, value, label, title, shown in rows:
        drawn = style.figure(12.6, 6.4)
        panels = drawn.subplots(1, 3, sharey=True)
        _sweeps(panels, runs, settings, value)
        panels[0].set_ylabel(label)
        low, high = panels[0].get_ylim()
        panels[0].set_ylim(min(0.0, low), high + 0.22 * (high - min(0.0, low)))
        style.caption(drawn, claim=title, about=about, verdicts=style.judged(shown))
        found[stem] = drawn
    found[f"{name}-layers"] = _layers(runs, settings, findings, about)
    return found


def _layers(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding], about: str
) -> Figure:
    """The rank of each layer in the sweeps with decay, batches at equal epochs."""
    base, batches, steps = settings["base"], settings["batches"], settings["steps"]
    epochs = [{"batch": b, "updates": base["updates"] * base["batch"] // b} for b in batches]
    drawn = style.figure(12.6, 6.4)
    panels = drawn.subplots(1, 3, sharey=True)
    sweeps = (
        ("batch size, equal epochs", batches, epochs),
        ("learning rate μ", steps, [{"step": mu} for mu in steps]),
        ("decay λ", settings["decays"], [{"decay": lam} for lam in settings["decays"]]),
    )
    layers = len(settings["widths"]) - 1
    for axes, (label, places, hows) in zip(panels, sweeps, strict=True):
        for layer, shade in enumerate(style.shades(layers)):
            values = [
                seed_values(runs, lambda run, at=layer: run["ranks"][at], **{**base, **how})
                for how in hows
            ]
            draw_means(axes, values, shade, f"layer {layer + 1}")
        axes.set_xticks(range(len(places)), [f"{x:g}" for x in places])
        axes.set_xlabel(label)
        axes.set_xlim(-0.3, len(places) - 0.7)
        axes.set_ylim(0, None)
    panels[0].set_ylabel("rank of the layer")
    panels[0].legend(loc="lower right", fontsize=8.5)
    shown = [finding for finding in findings if finding.name.endswith("each layer")]
    claim = "Rank of each layer against batch size, learning rate and weight decay"
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(shown))
    return drawn


def _sweeps(panels: Any, runs: Sequence[Numbers], settings: Settings, value: Value) -> None:
    """A panel for batch size, one for the learning rate, one for decay."""
    base = settings["base"]
    batches, steps = settings["batches"], settings["steps"]
    epochs = [{"batch": b, "updates": base["updates"] * base["batch"] // b} for b in batches]
    decay, none = f"λ = {base['decay']:g}", {"decay": 0.0}
    lines = (
        (0, batches, epochs, DECAY, f"{decay}, equal epochs"),
        (0, batches, [{"batch": b} for b in batches], UPDATES, f"{decay}, equal updates"),
        (0, batches, [{**how, **none} for how in epochs], NONE, "λ = 0, equal epochs"),
        (1, steps, [{"step": mu} for mu in steps], DECAY, decay),
        (1, steps, [{"step": mu, **none} for mu in steps], NONE, "λ = 0"),
        (2, settings["decays"], [{"decay": lam} for lam in settings["decays"]], DECAY, ""),
    )
    for panel, places, hows, colour, label in lines:
        values = [seed_values(runs, value, **{**base, **how}) for how in hows]
        draw_means(panels[panel], values, colour, label)
        panels[panel].set_xticks(range(len(places)), [f"{x:g}" for x in places])
    for axes, label in zip(panels, ("batch size", "learning rate μ", "decay λ"), strict=True):
        axes.set_xlabel(label)
        axes.set_xlim(-0.3, axes.get_xlim()[1] + 0.2)
    for axes in panels[:2]:
        axes.legend(loc="upper left", fontsize=8.5)


def draw_means(axes: Axes, values: Sequence[Array], colour: Any, label: str) -> None:
    """Means over the seeds at 0, 1, …, with bars from the least to the largest."""
    middle = np.array([x.mean() for x in values])
    reach = [middle - [x.min() for x in values], [x.max() for x in values] - middle]
    axes.errorbar(
        range(len(values)), middle, yerr=reach, color=colour, marker="o", ms=5, lw=1.5, capsize=4,
        label=label or None,
    )  # fmt: skip
