"""Experiments with quick settings, and their verdicts by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verify.experiments.command import Report
from verify.experiments.experiment import Experiment, Finding
from verify.verdict import Status

Numbers = Mapping[str, Any]


def quickly(experiment: Experiment, **changed: Any) -> Experiment:
    """With its quick settings, and these."""
    settings = {**experiment.settings, **experiment.quick, **changed}
    return Experiment(**{**vars(experiment), "settings": settings})


def statuses(findings: Sequence[Finding]) -> dict[str, Status]:
    return {finding.name: finding.status for finding in findings}


def judged(report: Report, numbers: Sequence[Numbers], **changed: Any) -> dict[str, Status]:
    """The verdicts on other numbers, with other settings."""
    settings = {**report.experiment.settings, **changed}
    return statuses(report.experiment.judge(numbers, settings))
