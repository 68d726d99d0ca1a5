"""docs/monitoring.md names the metrics that there are."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

from steamship_engine.app.metrics import Metrics
from steamship_engine.app.process import look
from steamship_engine.runtime.port import RuntimeStats
from tests.services.pages import code, page, rows, section

PAGE = "docs/monitoring.md"


def _scraped() -> dict[str, set[str]]:
    """The name of every metric, and its labels."""
    metrics = Metrics()
    metrics.observe("gateway", "POST", 200, 0.1)
    found = {}
    for family in text_string_to_metric_families(metrics.text(RuntimeStats({}), {}, look())):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    return found


def test_every_metric_stands_there() -> None:
    """The table has each metric with its labels, and no other."""
    table = rows(section(PAGE, "## The numbers"))
    assert {name: set(code(row[1])) for row in table for name in code(row[0])} == _scraped()


def test_queries_ask_for_what_there_is() -> None:
    """Every metric in a query is one that is scraped."""
    asked = set(re.findall(r"steamship_\w+", section(PAGE, "## What to ask")))
    known = {name + end for name in _scraped() for end in ("", "_bucket")}
    assert asked
    assert asked <= known


def test_the_example_names_the_setting() -> None:
    """The page's variable is the engine's."""
    assert "STEAMSHIP_ENGINE_METRICS_KEY" in page(PAGE)
