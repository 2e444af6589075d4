"""Each refusal, by a real build that must fail and leave no artifact."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daglab.cli.app import run
from daglab.notebook.codes import MEANINGS
from daglab.pair import create_pair, unpair
from tests.integration.hatch_daglab.building import build, configure, notebook, tiny_project

NUMBERS = "src/tiny/notebooks/numbers.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path / "project")


def write(root: Path, text: str, name: str = NUMBERS) -> None:
    (root / name).write_text(text)


def second(root: Path, **given: str) -> None:
    write(root, notebook(**given), "src/tiny/notebooks/second.py")


def half(root: Path, source: str) -> None:
    """An .ipynb half whose one cell was edited after the last sync."""
    create_pair(root / NUMBERS)
    path = (root / NUMBERS).with_suffix(".ipynb")
    document = json.loads(path.read_text())
    document["cells"][0]["source"] = [source]
    path.write_text(json.dumps(document))


TOKEN = "ghp" + "_" + "aB3dE6gH9j" * 4  # put together here: no scanner of this repository needs to wonder


def printed(root: Path, text: str, options: str = 'outputs = "keep"') -> None:
    """A half in sync whose one cell has printed ``text``."""
    create_pair(root / NUMBERS)
    path = (root / NUMBERS).with_suffix(".ipynb")
    document = json.loads(path.read_text())
    document["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [text]}]
    path.write_text(json.dumps(document))
    configure(root, "external", f"{options}\nexternal")


def changed(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """A half in sync of which more than sources was edited."""
    create_pair(root / NUMBERS)
    path = (root / NUMBERS).with_suffix(".ipynb")
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def link(root: Path, name: str) -> None:
    """A link to a file outside the project."""
    outside = root.parent / Path(name).name
    outside.write_text(notebook(assets="b") if name.endswith(".py") else '{"cells": []}')
    (root / name).symlink_to(outside)


def conflict(root: Path) -> None:
    half(root, "numbers = 5")
    write(root, notebook("numbers = 6"))


def headed(root: Path, *lines: str) -> None:
    """The notebook with more lines in its header."""
    write(root, notebook().replace("# ///\n", "".join(f"# {line}\n" for line in lines) + "# ///\n"))


REFUSALS: dict[str, Callable[[Path], object]] = {
    "MB001 syntax error": lambda root: write(root, notebook("numbers = (", "x = 1")),
    "MB002 double definition": lambda root: write(root, notebook("numbers = 1", "numbers = 2")),
    "MB003 cycle": lambda root: write(root, notebook("numbers = x", "x = numbers")),
    "MB004 setup reads a cell": lambda root: write(
        root,
        notebook("setup = x", "x = 1\nnumbers = 1")
        .replace("@app.cell\ndef _(x):\n", "with app.setup:\n")
        .replace("    return\n", "", 1),
    ),
    "MB005 break outside of a loop": lambda root: write(
        root, notebook("numbers = 1").replace("    numbers = 1\n", "    numbers = 1\n    break\n")
    ),
    "DL100 header is no TOML": lambda root: write(root, notebook().replace('"tiny/numbers"', "tiny/numbers")),
    "DL101 unknown header key": lambda root: write(root, notebook().replace("# key", "# kee")),
    "DL102 wrong value": lambda root: write(root, notebook().replace('"tiny/numbers"', "3")),
    "DL103 one key for two variables": lambda root: headed(root, "[tool.daglab.assets.other]", 'key = "tiny/numbers"'),
    "DL104 two roles": lambda root: headed(root, "[tool.daglab.checks.numbers]", 'asset = "numbers"'),
    "DL200 notebook is no text": lambda root: (root / NUMBERS).write_bytes(notebook("numbers = 'ü'").encode("latin-1")),
    "DL200 link to nothing": lambda root: (root / "src/tiny/notebooks/gone.py").symlink_to(root / "nothing.py"),
    "DL200 link to nothing under a hook's option": lambda root: (
        (root / "src/tiny/notebooks/gone.py").symlink_to(root / "nothing.py"),
        configure(root, "external", 'notebooks = ["src/tiny"]\nexternal'),
    ),
    "DL201 undefined variable": lambda root: write(root, notebook("number = 1")),
    "DL202 crowded cell": lambda root: write(root, notebook("numbers = x = 1")),
    "DL203 crowded cell of an input": lambda root: write(
        root, notebook("numbers = raw", inputs="raw/x").replace("raw = 3", "raw = more = 3")
    ),
    "DL204 param": lambda root: write(root, notebook().replace("[tool.daglab]", '[tool.daglab]\n# params = ["p"]')),
    "DL205 undeclared load": lambda root: write(root, notebook("numbers = daglab.load_asset('x')", "import daglab")),
    "DL206 partition of no partitions": lambda root: write(
        root, notebook("numbers = partition_key", "partition_key = ''")
    ),
    "DL207 partitions that nothing reads": lambda root: headed(root, "[tool.daglab.partitions]", 'static = ["a"]'),
    "DL208 param that nothing reads": lambda root: write(
        root, notebook("numbers = 1", "p = 1").replace("[tool.daglab]", '[tool.daglab]\n# params = ["p"]')
    ),
    "DL211 what it is made from changed in a cell left out": lambda root: write(
        root, notebook("rows = [1]", "rows.append(2)", "numbers = list(rows)")
    ),
    "DL210 asset changed elsewhere": lambda root: write(root, notebook("numbers = [1]", "numbers.append(2)")),
    "DL300 one key twice": lambda root: second(root, assets="tiny/numbers"),
    "DL301 input that nothing provides": lambda root: second(root, assets="b", inputs="nowhere"),
    "DL302 dependency missing": lambda root: second(root, assets="b", head='# dependencies = ["polars"]'),
    "DL303 runtime missing": lambda root: configure(root, "daglab[dagster]", "daglab"),
    "DL304 cycle of notebooks": lambda root: (
        write(root, notebook("numbers = raw", inputs="tiny/second")),
        write(
            root, notebook("numbers = raw", assets="tiny/second", inputs="tiny/numbers"), "src/tiny/notebooks/second.py"
        ),
    ),
    "DL310 half out of sync": lambda root: half(root, "numbers = 5"),
    "DL310 halves in conflict": conflict,
    "DL311 half missing": lambda root: configure(root, "external", 'missing_ipynb = "error"\nexternal'),
    "DL312 half is no notebook": lambda root: write(root, "{}", NUMBERS.replace(".py", ".ipynb")),
    "DL312 half is no text": lambda root: (root / NUMBERS.replace(".py", ".ipynb")).write_bytes(b"\xff"),
    "DL312 half cannot be read": lambda root: (root / NUMBERS.replace(".py", ".ipynb")).mkdir(),
    "DL312 notebook of no pair is no JSON": lambda root: write(root, "{", "src/tiny/lone.ipynb"),
    "DL312 notebook of no pair leads nowhere": lambda root: (root / "src/tiny/lone.ipynb").symlink_to(
        root / "no.ipynb"
    ),
    "DL320 notebook from outside": lambda root: link(root, "src/tiny/notebooks/o.py"),
    "DL320 Jupyter notebook from outside": lambda root: link(root, "src/tiny/lone.ipynb"),
    "DL320 path that leaves the project": lambda root: configure(root, "external", 'notebooks = [".."]\nexternal'),
    "DL320 name that leaves the package": lambda root: write(root, notebook(assets="b"), "src/tiny/..\\..\\evil.py"),
    "DL330 secret in the source": lambda root: write(root, notebook(f"numbers = '{TOKEN}'")),
    "DL330 secret in a package's folder called build": lambda root: (
        (root / "src/tiny/build").mkdir(),
        write(root, notebook(f"numbers = '{TOKEN}'", assets="b"), "src/tiny/build/b.py"),
    ),
    "DL330 secret in metadata of a half": lambda root: changed(
        root, lambda document: document["metadata"].update(papermill={"parameters": {"token": TOKEN}})
    ),
    "DL330 secret in metadata of a cell": lambda root: changed(
        root, lambda document: document["cells"][0]["metadata"].update(note=TOKEN)
    ),
    "DL330 secret in an attachment": lambda root: changed(
        root, lambda document: document["cells"][0].update(attachments={"a.txt": {"text/plain": TOKEN}})
    ),
    "DL331 secret in an output": lambda root: printed(root, TOKEN),
    "DL332 large output": lambda root: printed(root, "x" * 6_000_000),
    "DL322 no folder": lambda root: configure(root, "external", "notebooks = []\nexternal"),
    "DL322 folder missing": lambda root: configure(root, "external", 'notebooks = ["src/tiny/nb"]\nexternal'),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_refused_by_build_and_by_check(
    what: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    REFUSALS[what](project)
    built = build(project, tmp_path / "out")
    code = what.split()[0]
    assert (built.status, built.artifacts) == (1, []), built.said
    line, *_ = [line for line in built.said.splitlines() if f" {code} " in line]
    assert line.endswith(")") or code == "DL102", "there is no remedy, and the message doesn't say what is expected"
    assert "Traceback" not in built.said

    assert run(["check", str(project)]) == 7
    assert line.split(": ", 1)[1] in capsys.readouterr().out


def test_every_code_that_a_build_may_give_is_tried() -> None:
    elsewhere = {"DL321"}  # below
    not_of_builds = {"DL323", "DL340", "DL341", "DL342"}
    assert {what.split()[0] for what in REFUSALS} | elsewhere | not_of_builds == set(MEANINGS)


def test_a_notebook_in_no_package(project: Path, tmp_path: Path) -> None:
    (project / "books").mkdir()
    write(project, notebook(assets="b"), "books/b.py")
    configure(project, "external", 'notebooks = ["books", "src"]\nexternal')
    built = build(project, tmp_path / "out")
    assert (built.status, "books/b.py:1: DL321" in built.said) == (1, True), built.said


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_what_leads_out_of_the_project_is_refused_once(project: Path, tmp_path: Path, target: str) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    write(shared, notebook(f"numbers = '{TOKEN}'", assets="b"), "o.py")
    write(shared, '{"cells": []}', "o.ipynb")
    write(shared, "", "data.csv")
    (project / "src/tiny/linked").symlink_to(shared)
    (project / "src/tiny/data.csv").symlink_to(shared / "data.csv")
    (project / "src/tiny/gone.csv").symlink_to("nothing.csv")
    built = build(project, tmp_path / "out", target)
    assert (built.status, built.artifacts) == (1, []), built.said
    assert [line for line in built.said.splitlines() if " DL" in line] == [
        "src/tiny/data.csv:1: DL320 src/tiny/data.csv leads outside the project (copy it instead of linking it)",
        "src/tiny/gone.csv:1: DL320 src/tiny/gone.csv is a link that leads nowhere (mend or remove it)",
        "src/tiny/linked:1: DL320 src/tiny/linked leads outside the project (copy it instead of linking it)",
    ]


def test_notebooks_that_only_the_build_finds_are_checked(project: Path, tmp_path: Path) -> None:
    (project / "more").mkdir()
    write(project, notebook("numbers = 1", "numbers = 2", assets="b"), "more/b.py")
    (project / "src/tiny/linked").symlink_to(project / "more")
    (project / "src/tiny/.hidden").mkdir()
    write(project, notebook(f"numbers = '{TOKEN}'", assets="c"), "src/tiny/.hidden/c.py")
    said = build(project, tmp_path / "out").said
    assert "src/tiny/linked/b.py:21: MB002" in said
    assert "src/tiny/.hidden/c.py:" in said
    assert " DL330 " in said


@pytest.mark.parametrize("ignored", [True, False])
def test_an_input_from_a_notebook_that_the_wheel_does_not_carry(project: Path, tmp_path: Path, ignored: bool) -> None:
    (project / "examples").mkdir()
    write(project, notebook(assets="ex/x"), "examples/x.py")
    write(project, notebook("numbers = raw", assets="ex/y", inputs="ex/x"), "examples/y.py")
    second(project, assets="b", inputs="ex/x")
    if ignored:
        configure(project, '["raw/*"]', '["ex/*"]')
    built = build(project, tmp_path / "out")
    assert built.status == (0 if ignored else 1), built.said
    said = (
        "src/tiny/notebooks/second.py:4: DL301 nothing in the wheel makes the asset 'ex/x': examples/x.py is in none "
        'of its packages (move that into one. Or, if other code provides it: external = ["ex/x"])'
    )
    assert [line for line in built.said.splitlines() if " DL" in line] == ([] if ignored else [said])


def test_a_project_without_any_notebook(project: Path, tmp_path: Path) -> None:
    """As `daglab init` leaves it: a build passes, and tells; one with a notebook whose header is missing does not."""
    (project / NUMBERS).unlink()
    built = build(project, tmp_path / "out")
    assert built.status == 0, built.said
    assert "daglab: no notebooks yet" in built.said
    assert [path.suffix for path in built.artifacts] == [".whl"]
    write(project, "import marimo\n\napp = marimo.App()\n")
    built = build(project, tmp_path / "again")
    assert built.status == 1
    assert "pyproject.toml:13: DL322" in built.said


def test_all_findings_are_told_at_once(project: Path, tmp_path: Path) -> None:
    write(project, notebook("numbers = 1", "numbers = 2", inputs="nowhere").replace("# key", "# kee"))
    second(project, assets="b", inputs="nowhere", head='# dependencies = ["polars"]')
    configure(project, "daglab[dagster]", "daglab")
    said = build(project, tmp_path / "out").said
    assert [code for code in ("MB002", "DL101", "DL301", "DL302", "DL303") if f" {code} " in said] == [
        *("MB002", "DL101", "DL301", "DL302", "DL303")
    ]
    assert "the build is refused because of 5 findings" in said


def lone(root: Path, text: str, *, printed: str = "", options: str = "") -> None:
    """A Jupyter notebook of no pair."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": [printed]}] if printed else []
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": text, "outputs": outputs}
    document = {"cells": [{**cell, "execution_count": None}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    write(root, json.dumps(document), "src/tiny/lone.IPYNB")
    configure(root, "external", f"{options}\nexternal")


LONE: dict[str, Callable[[Path], object]] = {
    "DL330 a GitHub token stands in the source of cell 1": lambda root: lone(root, f"t = '{TOKEN}'"),
    "DL331 a GitHub token stands in an output": lambda root: lone(root, "", printed=TOKEN, options='outputs = "keep"'),
    "DL332 an output of cell 1": lambda root: lone(root, "", printed="x" * 6_000_000, options='outputs = "keep"'),
}


@pytest.mark.parametrize("what", LONE)
def test_a_jupyter_notebook_of_no_pair(
    what: str, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    LONE[what](project)
    built = build(project, tmp_path / "out", "sdist")
    assert (built.status, built.artifacts) == (1, [])
    assert f"src/tiny/lone.IPYNB:1: {what}" in built.said
    assert TOKEN not in built.said
    assert run(["check", str(project)]) == 7
    assert f"src/tiny/lone.IPYNB:1: {what}" in capsys.readouterr().out
    configure(project, "external", f'ignore = ["{what.split()[0]}"]\nexternal')
    assert run(["check", str(project)]) == 0


def test_an_sdist_is_refused_too(project: Path, tmp_path: Path) -> None:
    second(project, assets="tiny/numbers")
    built = build(project, tmp_path / "out", "sdist")
    assert (built.status, built.artifacts) == (1, [])


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("externl = []", "no option 'externl' (did you mean 'external'?)"),
        ("html = 1", "html: true or false is wanted, not 1"),
        ('missing_ipynb = "never"', "missing_ipynb: 'generate' or 'error' is wanted"),
    ],
)
def test_options(project: Path, tmp_path: Path, option: str, says: str) -> None:
    configure(project, 'external = ["raw/*"]', option)
    built = build(project, tmp_path / "out")
    assert built.status == 1
    assert says in built.said
    assert "Traceback" not in built.said


STREAM = {"output_type": "stream", "name": "stdout", "text": "\ud800"}
FORCED = '[tool.hatch.build.targets.wheel.force-include]\n"../LICENSE" = "tiny/LICENSE"\n'
ACCEPTED: dict[str, Callable[[Path], object]] = {
    "external inputs": lambda root: second(root, assets="b", inputs="raw/anything"),
    "an input from another notebook": lambda root: second(root, assets="b", inputs="tiny/numbers"),
    "names with shell characters": lambda root: write(root, notebook(assets="b"), "src/tiny/`id`; $(id) -x.py"),
    "keys with template syntax": lambda root: second(root, assets="b{{7*7}} 'quoted'"),
    "an ignored code": lambda root: (
        second(root, assets="b", inputs="nowhere"),
        configure(root, "external", 'ignore = ["DL301"]\nexternal'),
    ),
    "an ignored line": lambda root: write(
        root, notebook("numbers = [1]", "numbers.append(2)  # daglab: ignore[DL210]")
    ),
    "a half in sync": lambda root: create_pair(root / NUMBERS),
    "a half that is no pair by decision": lambda root: (create_pair(root / NUMBERS), unpair(root / NUMBERS)),
    "a base64 image and a hash": lambda root: write(
        root,
        notebook(
            f"numbers = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ/{TOKEN}'",
            f"_x = '{'0af' * 20}'",
            "_y = 'b1f8a7e2-5c3d-4e6f-8a9b-0c1d2e3f4a5b'",
        ),
    ),
    "a byte order mark and what no UTF-8 can hold": lambda root: (
        changed(root, lambda document: document["cells"][0].update(outputs=[STREAM])),
        (root / "src/tiny/lone.ipynb").write_text(json.dumps({"cells": [{"source": "x = '\ud800'"}]}), "utf-8-sig"),
        (half := (root / NUMBERS).with_suffix(".ipynb")).write_text(half.read_text("utf-8"), "utf-8-sig"),
        configure(root, "external", 'outputs = "keep"\nhtml = true\nexternal'),
    ),
    "a notebook of another kernel": lambda root: write(
        root, '{"cells": [], "metadata": {"kernelspec": {"name": "ir", "language": "R"}}}', "src/tiny/lone.ipynb"
    ),
    "a file that its owner has taken from outside": lambda root: (
        (root.parent / "LICENSE").write_text("free"),
        configure(root, "[tool.hatch.build.hooks", f"{FORCED}\n[tool.hatch.build.hooks"),
    ),
    "a secret on an ignored line": lambda root: write(root, notebook(f"numbers = '{TOKEN}'  # daglab: ignore[DL330]")),
    "a secret in an output that is stripped": lambda root: printed(root, TOKEN, 'outputs = "strip"'),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_not_refused(what: str, project: Path, tmp_path: Path) -> None:
    ACCEPTED[what](project)
    built = build(project, tmp_path / "out")
    assert built.status == 0, built.said
    assert ("findings ignored: 1" in built.said) == ("ignored" in what)
    assert run(["check", str(project)]) == 0
