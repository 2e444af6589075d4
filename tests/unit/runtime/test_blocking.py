"""Blocking checks inside one notebook: what depends on the checked asset waits for them."""

from __future__ import annotations

from typing import Any

HEADER = """
[tool.daglab.assets.a]
[tool.daglab.assets.b]
[tool.daglab.assets.other]
[tool.daglab.checks.good]
asset = "a"
blocking = true
[tool.daglab.checks.fine]
asset = "b"
blocking = true
"""
CELLS = (("make", "a = 1"), ("below", "b = a + 1"), ("judge", "good = a == WANTED"), "fine = b == 2", "other = 5")


def test_a_failed_blocking_check_keeps_its_dependants_from_running(runs: Any, write_notebook: Any) -> None:
    result = runs(write_notebook(HEADER, "WANTED = 2", *CELLS), ok=False)
    assert sorted(runs.materialized()) == ["a", "other"]
    assert [(check.check_name, check.passed) for check in result.get_asset_check_evaluations()] == [("good", False)]
    description = runs.failure().user_failure_data.description
    assert description.startswith("a blocking check failed")
    assert "'b' (for 'good')" in description
    assert runs.states("a")["below"] == "cancelled"


def test_a_blocking_check_that_passes_runs_before_the_dependants(runs: Any, write_notebook: Any) -> None:
    result = runs(write_notebook(HEADER, "WANTED = 1", *CELLS))
    assert sorted(runs.materialized()) == ["a", "b", "other"]
    assert all(check.passed for check in result.get_asset_check_evaluations())
    ran = [line for line in runs.lines() if ": run in" in line]
    assert [name for line in ran for name in ("make", "judge", "below") if f"'{name}'" in line] == [
        "make",
        "judge",
        "below",
    ]


def test_an_asset_in_a_disabled_cell_names_the_cell(runs: Any, write_notebook: Any) -> None:
    path = write_notebook("[tool.daglab.assets.a]", "x = 1", ("make", "a = x"))
    text = path.read_text()
    head, mark, tail = text.partition("def make")
    before, _, _ = head.rpartition("@app.cell")
    path.write_text(f"{before}@app.cell(disabled=True)\n{mark}{tail}")
    runs(path, ok=False)
    assert "cell 'make' (nb.py:" in runs.failure().user_failure_data.description
    assert "is disabled, which leaves 'a' without a value" in runs.failure().user_failure_data.description
