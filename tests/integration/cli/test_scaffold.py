"""`daglab scaffold`: of a running Dagster and without one; the notebooks run, and `daglab clean` knows them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from daglab.processes import free_port
from tests.integration.cli.command import daglab, environment
from tests.integration.cli.conftest import copy_of_project
from tests.integration.client.calling import with_client
from tests.integration.conftest import RunningDagster

NOWHERE = f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """A project whose Dagster doesn't run."""
    folder = copy_of_project(tmp_path / "cells")
    (folder / "daglab.yaml").write_text(f"version: 1\nnotebooks_dir: explored\ndagster:\n  url: {NOWHERE}\n")
    return folder


def test_of_a_running_dagster_and_run_by_marimo(cells: RunningDagster, tmp_path: Path) -> None:
    done = daglab("run", "--url", cells.url, "-a", "raw/orders", cwd=cells.project)
    assert done.returncode == 0, done.stderr
    py = tmp_path / "look.py"
    told = ("--filename", str(py), "--title", "Three *orders*", "--json", "--url", cells.url)
    done = daglab("scaffold", "--asset", "raw/orders", *told, cwd=cells.project)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document == {
        "py": str(py), "ipynb": str(py.with_suffix(".ipynb")), "kind": "asset", "target": "raw/orders",
        "template": "default", "source": "dagster", "backups": [], "dry_run": False,
    }  # fmt: skip
    assert f"marimo edit {Path('..')}" in done.stderr
    export = [sys.executable, "-m", "marimo", "export", "html", str(py), "-o", str(tmp_path / "look.html")]
    variables = environment(DAGLAB_DAGSTER__URL=cells.url, DAGSTER_HOME=str(cells.home))
    done = subprocess.run(export, cwd=cells.project, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "look.html").read_text()
    assert f"answers at {cells.url}" in page
    assert "Valid." in page
    assert "Not loaded: unloadable" in page


def test_a_job_of_a_running_dagster(cells: RunningDagster, tmp_path: Path) -> None:
    py = tmp_path / "hello.py"
    arguments = ("--job", "hello", "--filename", str(py), "--url", cells.url)
    assert daglab("scaffold", *arguments, cwd=cells.project).returncode == 0
    export = [sys.executable, "-m", "marimo", "export", "html", str(py), "-o", str(tmp_path / "hello.html")]
    variables = environment(DAGLAB_DAGSTER__URL=cells.url, DAGSTER_HOME=str(cells.home))
    done = subprocess.run(export, cwd=cells.project, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Missing required config entry" in (tmp_path / "hello.html").read_text()
    done = daglab("scaffold", "--job", "helo", "--url", cells.url, cwd=cells.project)
    assert done.returncode == 1
    assert "did you mean 'hello'" in done.stderr
    done = daglab("scaffold", "--asset", "raw/order", "--url", cells.url, cwd=cells.project)
    assert done.returncode == 1
    assert "did you mean 'raw/orders'" in done.stderr


@pytest.mark.parametrize("template", ["default", "minimal"])
def test_a_partitioned_job_asks_for_its_partition(cells: RunningDagster, tmp_path: Path, template: str) -> None:
    """Told by the running Dagster, and without one by the code location; both notebooks are the same."""
    texts = []
    for url in (cells.url, NOWHERE):
        py = tmp_path / f"letters{len(texts)}.py"
        arguments = ("--job", "letters", "--filename", str(py), "--template", template, "--url", url)
        done = daglab("scaffold", *arguments, cwd=cells.project)
        assert done.returncode == 0, done.stderr
        texts.append(py.read_text())
    assert texts[0] == texts[1]
    assert 'partition = mo.ui.text(label="Partition")' in texts[0]
    assert "partition=partition.value" in texts[0]
    # with a partition typed in
    named = texts[0].replace('mo.ui.text(label="Partition")', 'mo.ui.text(value="a", label="Partition")')
    named = named.replace("mo.stop(not launch.value or bool(faults))", "").replace("mo.stop(not launch.value)", "")
    py.write_text(named)
    export = [sys.executable, "-m", "marimo", "export", "html", str(py), "-o", str(tmp_path / "letters.html")]
    variables = environment(DAGLAB_DAGSTER__URL=cells.url, DAGSTER_HOME=str(cells.home))
    done = subprocess.run(export, cwd=cells.project, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    run = with_client(cells.url, lambda c: c.runs(1, job="letters")).runs[0]
    assert (run.partition, run.status) == ("a", "SUCCESS")


def test_without_dagster(alone: Path) -> None:
    done = daglab("scaffold", "--asset", "by_region", "--json", cwd=alone)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    py = alone / "explored" / "explore_by_region.py"
    assert (document["py"], document["source"]) == (str(py), "code-location")
    assert "partition=partition.value" in py.read_text()
    assert py.with_suffix(".ipynb").is_file()
    done = daglab("scaffold", "-a", "vendor/feed", "--template", "minimal", "--filename", "./feed", cwd=alone)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "made feed.py\nmade feed.ipynb\n"
    assert "open it: marimo edit feed.py" in done.stderr
    done = daglab("scaffold", "--job", "helo", cwd=alone)
    assert (done.returncode, "did you mean 'hello'" in done.stderr) == (1, True)
    done = daglab("scaffold", "--asset", "by_regio", cwd=alone)
    assert (done.returncode, "did you mean 'by_region'" in done.stderr) == (1, True)
    done = daglab("clean", "--notebooks", "--yes", "--json", cwd=alone)
    gone = {Path(one["place"]).name for one in json.loads(done.stdout)["deleted"]}
    assert gone == {"explore_by_region.py", "explore_by_region.ipynb", "feed.py", "feed.ipynb"}


@pytest.mark.parametrize("name", ["", "..", "x.txt"])
def test_a_name_that_is_none_is_refused(alone: Path, name: str) -> None:
    done = daglab("scaffold", "--job", "hello", "--filename", name, cwd=alone)
    assert (done.returncode, "no name of a notebook" in done.stderr) == (2, True), done.stderr


@pytest.mark.nightly
def test_what_is_there_stays_or_is_backed_up(alone: Path) -> None:
    arguments = ("scaffold", "--job", "hello", "--filename", "mine")
    done = daglab(*arguments, "--dry-run", cwd=alone)
    assert (done.returncode, done.stdout) == (0, "would make explored/mine.py\nwould make explored/mine.ipynb\n")
    assert not (alone / "explored").exists()
    (alone / "explored").mkdir()
    ipynb = alone / "explored" / "mine.ipynb"
    ipynb.write_text("mine")
    for more in (("--json",), ("--json", "--dry-run")):
        done = daglab(*arguments, *more, cwd=alone)
        assert done.returncode == 8
        assert json.loads(done.stdout)["error"]["code"] == "file-exists"
    assert ipynb.read_text() == "mine"
    assert not ipynb.with_suffix(".py").exists()
    done = daglab(*arguments, "--force", "--json", cwd=alone)
    assert done.returncode == 0, done.stderr
    (backup,) = json.loads(done.stdout)["backups"]
    assert Path(backup).read_text() == "mine"
    assert "helpers.run_job" in ipynb.read_text()


def test_read_only_and_what_cannot_be_loaded(alone: Path) -> None:
    done = daglab("scaffold", "--job", "hello", cwd=alone, DAGLAB_READ_ONLY="true")
    assert done.returncode == 1
    assert "Nothing is written: daglab is set to read only." in done.stderr
    assert daglab("scaffold", cwd=alone).returncode == 2
    assert daglab("scaffold", "--job", "a", "--asset", "b", cwd=alone).returncode == 2
    (alone / "cells" / "definitions.py").write_text("import nowhere_at_all\n")
    done = daglab("scaffold", "--job", "hello", cwd=alone)
    assert done.returncode == 1
    assert "cannot be loaded: ModuleNotFoundError: No module named 'nowhere_at_all'" in done.stderr


def test_a_template_of_the_project(alone: Path) -> None:
    folder = alone / ".daglab" / "templates"
    folder.mkdir(parents=True)
    (folder / "ours.py.j2").write_text("import marimo\n\n\n{{ key | upper }}{{ oh }}\n")
    done = daglab("scaffold", "--job", "hello", "--template", "ours", cwd=alone)
    assert done.returncode == 2
    assert "ours.py.j2:4: UndefinedError: 'oh' is undefined" in done.stderr
    done = daglab("scaffold", "--job", "hello", "--template", "our", cwd=alone)
    assert (done.returncode, "did you mean 'ours'" in done.stderr) == (2, True)
    assert not (alone / "explored").exists()
