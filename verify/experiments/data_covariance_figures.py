"""The picture of `data_covariance`: norms against φ, sharpness in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from verify.experiments import style
from verify.experiments.data_covariance_judge import stated_norms, stated_sharpness
from verify.experiments.experiment import Finding, Numbers, Settings
from verify.verdict import Status

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["covariance_figure"]

SGD, GD = style.COLOURS["vermilion"], style.COLOURS["blue"]


def covariance_figure(
    runs: Sequence[Numbers], settings: Settings, findings: Sequence[Finding], about: str
) -> Figure:
    """Two panels of norms, without and with decay; one of tr H."""
    drawn = style.figure(12.4, 6.4)
    plain, decay, sharp = drawn.subplots(1, 3)
    decay.sharey(plain)
    _draw_norms(plain, runs, settings, "plain")
    _draw_norms(decay, runs, settings, "decay")
    plain.set_title("without weight decay", loc="left", fontsize=11)
    decay.set_title(f"with weight decay γ = {settings['decay']:g}", loc="left", fontsize=11)
    plain.set_ylabel("|U|² / |W|² at the end  (log scale)")
    plain.legend(loc="upper center", fontsize=8)
    _draw_sharpness(sharp, runs, settings)
    claim = (
        "SGD balances the norms for isotropic inputs, not in general; tr H falls or grows"
        if all(finding.status == Status.AGREES for finding in findings)
        else "Norms and sharpness of a two-layer linear net by the covariance of its data"
    )
    style.caption(drawn, claim=claim, about=about, verdicts=style.judged(findings))
    return drawn


def _draw_norms(axes: Axes, runs: Sequence[Numbers], settings: Settings, tag: str) -> None:
    phis, predicted = np.array(settings["covariances"]), stated_norms(runs, settings, tag)
    for i, run in enumerate(runs):
        for way, colour, mark, label in (
            ("gd", GD, "s", "gradient descent"),
            ("sgd", SGD, "o", "SGD"),
        ):
            ratio = np.exp(np.asarray(run[f"norms_{way}_{tag}"]))
            axes.plot(
                phis, ratio, mark, color=colour, ms=5, alpha=0.65, mec="none",
                label=label if i == 0 else None,
            )  # fmt: skip
        stated = np.exp(predicted[i])
        axes.plot(
            phis, stated, color=style.INK, lw=0.9, ls=style.DASHES,
            label="predicted for SGD, every seed" if i == 0 else None,
        )  # fmt: skip
    axes.axhline(1, color=style.GREY, lw=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(phis, [f"{phi:g}" for phi in phis])
    axes.minorticks_off()
    axes.set_ylim(0.2, 2.2)
    ticks = (0.25, 0.5, 0.7, 1.0, 1.4, 2.0)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlabel("φ, unevenness of the inputs")


def _draw_sharpness(axes: Axes, runs: Sequence[Numbers], settings: Settings) -> None:
    lines = {tag: stated_sharpness(runs, settings, tag) for tag in ("flattening", "sharpening")}
    for i, run in enumerate(runs):
        time = np.asarray(run["time"])
        for tag, colour, words in (
            ("flattening", style.COLOURS["vermilion"], "SGD, isotropic noise"),
            ("sharpening", style.COLOURS["purple"], "SGD, uneven noise"),
        ):
            line = lines[tag][i]
            base = line[0]
            label = words if i == 0 else None
            axes.plot(time, run[f"{tag}_sgd"] / base, color=colour, lw=1.4, alpha=0.7, label=label)
            label = "gradient descent" if i == 0 and tag == "flattening" else None
            gd = run[f"{tag}_gd"] / run[f"{tag}_gd"][0]
            axes.plot(time, gd, color=GD, lw=1.4, alpha=0.7, label=label)
            label = "predicted for SGD" if i == 0 and tag == "flattening" else None
            axes.plot(
                time, line / base, color=style.INK, lw=0.8, ls=style.DASHES,
                label=label,
            )  # fmt: skip
    axes.set_xlabel("time t = steps × η")
    axes.set_ylabel("tr H over that at the start")
    axes.set_title("sharpness", loc="left", fontsize=11)
    axes.legend(loc="center right", fontsize=8)
