"""One statement of the literature about a stochastic differential equation, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from derivations import MatrixSDE

__all__ = ["Case", "Covariation"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """df = drift dt + martingale, Itô, with mistakes that must be told from it.

    ``wrong`` maps a mistake in words to the drift that it gives, ``wrong_martingale`` likewise;
    ``sizes`` are those at which the statement is compared with a component-wise calculation
    (none: some function of time is left unspecified).
    """

    id: str
    source: str
    sde: MatrixSDE
    f: Any
    drift: Any
    martingale: Any
    wrong: Mapping[str, Any]
    wrong_martingale: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[Mapping[Any, int], ...] = ({},)
    values: Mapping[Any, Any] = field(default_factory=dict)
    assuming: tuple[Any, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Covariation:
    """d⟨f, g⟩ = rate dt."""

    id: str
    source: str
    sde: MatrixSDE
    f: Any
    g: Any
    rate: Any
    wrong: Mapping[str, Any]
    sizes: tuple[Mapping[Any, int], ...] = ({},)
    assuming: tuple[Any, ...] = ()
