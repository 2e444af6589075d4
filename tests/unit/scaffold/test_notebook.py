"""New notebooks: clean by marimo's and daglab's rules, and with what was typed as it was typed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daglab.notebook.cells import parse_notebook
from daglab.notebook.convert import to_ipynb
from daglab.scaffold.notebook import ExploredAsset, render_exploration, render_notebook, variable_name

EVIL = '{{7*7}} {% raw %} "quoted" \'single\' """ \\ \n# ///\nimport os; os.abort() <script>alert(1)</script> $x$'


def exploration(asset: ExploredAsset) -> tuple[str, list[str]]:
    text = render_exploration(asset)
    return text, [cell.code for cell in parse_notebook(text, Path("explore.py")).cells]


def test_an_exploration_tells_of_its_asset() -> None:
    asset = ExploredAsset("sales/orders", "Orders in euros.\n\nOne row each.", ["raw/orders", "raw/rates"])
    text, codes = exploration(asset)
    assert codes[0] == "import daglab\nimport marimo as mo"
    markdown = to_ipynb(codes[1])
    assert markdown.cell_type == "markdown"
    assert markdown.source.splitlines() == [
        "# sales/orders", "", "Orders in euros.", "One row each.", "", "Made from:", "", "- raw/orders", "- raw/rates",
    ]  # fmt: skip
    assert codes[2:] == ['orders = daglab.load_asset("sales/orders")', "orders"]
    assert "tool.daglab" not in text


def test_one_without_description_and_upstream() -> None:
    text, codes = exploration(ExploredAsset("feed", partitioned=True))
    assert to_ipynb(codes[1]).source == "# feed"
    assert codes[2].splitlines()[1:] == ['feed = daglab.load_asset("feed")']
    assert "\n\n\n\n" not in text


def loaded_key(codes: list[str]) -> object:
    (assignment,) = ast.parse(codes[2]).body
    assert isinstance(assignment, ast.Assign) and isinstance(assignment.value, ast.Call)
    return ast.literal_eval(assignment.value.args[0])


def test_what_looks_like_code_stays_text() -> None:
    text, codes = exploration(ExploredAsset(EVIL, EVIL, [EVIL]))
    assert len(codes) == 4
    assert loaded_key(codes) == EVIL
    assert "49" not in text
    assert "<script>" not in to_ipynb(codes[1]).source.replace("\\<script\\>", "")
    assert "7\\*7" in to_ipynb(codes[1]).source


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(min_size=1, max_size=30), st.text(max_size=60))
def test_any_text_gives_a_notebook(key: str, description: str) -> None:
    _, codes = exploration(ExploredAsset(key, description, [key]))
    assert loaded_key(codes) == key
    assert len(codes) == 4 and to_ipynb(codes[1]).cell_type == "markdown"


@pytest.mark.parametrize(
    ("text", "name"),
    [("orders", "orders"), ("daily revenue", "daily_revenue"), ("2026", "value_2026"), ("_x", "x"), ("", "value"),
     ("list", "value_list"), ("class", "value_class"), ("mo", "value_mo"), ("Größe", "Groe"), ("日", "value")],
)  # fmt: skip
def test_names_of_variables(text: str, name: str) -> None:
    assert variable_name(text) == name


@pytest.mark.parametrize("template", ["explore", "asset", "blank"])
def test_they_are_clean(tmp_path: Path, template: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["daglab[dagster]", "marimo"]\n')
    path = tmp_path / "new.py"
    asset = ExploredAsset("sales/orders", "Orders.", ["raw/orders"])
    path.write_text(render_exploration(asset) if template == "explore" else render_notebook(template, "new orders"))  # type: ignore[arg-type]
    for command in (["marimo", "check", "--strict", "new.py"], ["daglab", "pair", "new.py"], ["daglab", "check"]):
        done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    formatted = subprocess.run([sys.executable, "-m", "ruff", "format", "--check", "new.py"], cwd=tmp_path)
    assert formatted.returncode == 0
