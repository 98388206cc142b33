"""What work will cost: prices of the settings on what a pipeline expects to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenuto.domain.costs import PriceTable, Usage
from tenuto.engines import registry as engines
from tenuto.engines.config import EngineConfig
from tenuto.pipelines import registry as pipelines


@dataclass(frozen=True)
class Estimate:
    """What a job will probably cost, and with which engine."""

    engine: str
    usages: tuple[Usage, ...]
    cost_micros: int
    warnings: tuple[str, ...] = ()
    unpriced: tuple[Usage, ...] = ()  # of paid engines, where no price tells what it costs


def is_unpriced(table: PriceTable, usage: Usage) -> bool:
    """Whether somebody takes money for it and no price says how much."""
    return table.price_of(usage.engine, usage.model) is None and engines.traits(usage.engine).paid


@dataclass(frozen=True)
class Pricing:
    """Estimates of jobs before they begin."""

    table: PriceTable
    config: EngineConfig

    def estimate(self, kind: str, options: Mapping[str, Any], duration_ms: int) -> Estimate:
        """What a job of full options will use and cost; without a price it costs nothing, and a paid engine says so."""
        usages = pipelines.pipeline(kind).expects(options, duration_ms, self.config)
        names = list(dict.fromkeys(usage.engine for usage in usages))
        unpriced = tuple(usage for usage in usages if is_unpriced(self.table, usage))
        told = dict.fromkeys(f"{usage.engine} with the model {usage.model or '(none)'}" for usage in unpriced)
        warnings = tuple(
            f"No price is set for the paid engine {name}, so its cost is not counted; set it with TENUTO_PRICES."
            for name in told
        )
        return Estimate(next(iter(names), ""), usages, self.table.estimate(usages), warnings, unpriced)
