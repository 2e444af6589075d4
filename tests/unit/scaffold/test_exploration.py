"""Explorations from the templates: clean, literal, and a project's own templates with faults told by file and line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daglab.notebook.cells import parse_notebook
from daglab.scaffold.exploration import FOLDER, render_from
from daglab.scaffold.notebook import ExploredAsset, ExploredJob
from daglab.scaffold.rendering import TemplateError

EVIL = '{{7*7}} {% raw %} "quoted" \'single\' """ \\ \n# ///\nimport os; os.abort() <script>alert(1)</script> $x$'
LONG = "warehouse/staging/" + "very_long_name_of_an_asset_" * 3
TARGETS = {
    "asset": ExploredAsset("sales/orders", "Orders.", ["raw/orders"]),
    "partitioned": ExploredAsset("by_region", partitioned=True),
    "external": ExploredAsset("vendor/feed", materializable=False),
    "job": ExploredJob("hello", "Says hello."),
    "long": ExploredAsset(LONG, partitioned=True),
    "long job": ExploredJob(LONG),
    "odd": ExploredAsset(EVIL, EVIL, [EVIL], partitioned=True),
}


@pytest.mark.parametrize("template", ["default", "minimal"])
@pytest.mark.parametrize("target", TARGETS)
def test_they_are_clean(tmp_path: Path, target: str, template: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["daglab[dagster]", "marimo"]\n')
    text = render_from(tmp_path, template, TARGETS[target], EVIL if target == "odd" else None)
    (tmp_path / "new.py").write_text(text)
    for command in (["marimo", "check", "--strict", "new.py"], ["daglab", "pair", "new.py"], ["daglab", "check"]):
        done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    lint = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E9,F,I", "new.py"]
    done = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("template", ["default", "minimal"])
@pytest.mark.parametrize("target", [ExploredAsset(EVIL, EVIL, [EVIL]), ExploredJob(EVIL, EVIL)])
def test_what_looks_like_code_stays_text(tmp_path: Path, target: ExploredAsset | ExploredJob, template: str) -> None:
    plain = type(target)("plain", "plain")
    text = render_from(tmp_path, template, target, EVIL)
    codes = [cell.code for cell in parse_notebook(text, Path("x.py")).cells]
    expected = parse_notebook(render_from(tmp_path, template, plain, "plain"), Path("x.py")).cells
    assert len(codes) == len(expected)
    assert not [code for code in codes if code.startswith("import os")]
    assert "49" not in text.replace("2,49", "")


def test_a_projects_own_template(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    ours = folder / "ours.py.j2"
    ours.write_text(
        "import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    key = {{ key | python }}\n    return\n"
    )
    assert 'key = "sales/orders"' in render_from(tmp_path, "ours", TARGETS["asset"], None)
    ours.write_text("import marimo\n\n{{ nothing_so_called }}\n")
    with pytest.raises(TemplateError, match=r"ours\.py\.j2:3: UndefinedError: 'nothing_so_called'"):
        render_from(tmp_path, "ours", TARGETS["asset"], None)
    ours.write_text("import marimo\n{% if %}\n")
    with pytest.raises(TemplateError, match=r"ours\.py\.j2:2: "):
        render_from(tmp_path, "ours", TARGETS["asset"], None)
    ours.write_text("\n\n\n{{ ''.__class__.__mro__ }}")
    with pytest.raises(TemplateError, match=r"ours\.py\.j2:4: SecurityError"):
        render_from(tmp_path, "ours", TARGETS["asset"], None)
    ours.write_text("print(1)\n")
    with pytest.raises(TemplateError, match="gives no marimo notebook"):
        render_from(tmp_path, "ours", TARGETS["asset"], None)


@pytest.mark.parametrize("name", ["our", "../secret", "/etc/passwd", ""])
def test_an_unknown_template(tmp_path: Path, name: str) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "ours.py.j2").write_text("")
    (tmp_path / ".daglab" / "secret.py.j2").write_text("import marimo\napp = marimo.App()\n")
    with pytest.raises(TemplateError) as caught:
        render_from(tmp_path, name, TARGETS["asset"], None)
    assert "ours" in caught.value.remedy
