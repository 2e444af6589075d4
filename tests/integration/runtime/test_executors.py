"""One job, every executor: the same values, materializations and executed notebooks; and what a killed step leaves."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import nbformat
import pytest

from daglab import marimo_api
from daglab.processes import LOOPBACK, free_port, spawn

DEFINITIONS = """
import os
import dagster as dg
import daglab

if os.environ["EXECUTOR"] == "celery":
    from dagster_celery import celery_executor
    redis = {"env": "REDIS_URL"}
    executor = celery_executor.configured({"broker": redis, "backend": redis})
else:
    executor = {"in_process": dg.in_process_executor, "default": daglab.default_executor()}[os.environ["EXECUTOR"]]
defs = dg.Definitions.merge(
    dg.Definitions(jobs=[dg.define_asset_job("everything")]), daglab.notebook_definitions("fan", executor=executor)
)
"""
CELERY = """
execution:
  config:
    broker: {env: REDIS_URL}
    backend: {env: REDIS_URL}
"""
MIDDLES = 4
TIMES = ("seconds", "seconds_by_cell", "summary")


def notebook(header: str, *cells: str) -> str:
    block = "".join(f"# {line}\n" for line in header.splitlines())
    parsed = [marimo_api.ParsedCell(cell, name="_", kind="cell") for cell in cells]
    return marimo_api.render(parsed, header=f"# /// script\n{block}# ///")


@dataclass(frozen=True)
class Project:
    """The package ``fan`` in a folder, and Dagster's command that runs its job."""

    root: Path
    executor: str
    redis: str = ""

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def environ(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [str(self.root), os.environ.get("PYTHONPATH", "")]))
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # where celery is
        own = {"DAGSTER_HOME": str(self.home), "EXECUTOR": self.executor, "REDIS_URL": self.redis}
        return {**os.environ, **own, "PYTHONPATH": path, "PATH": programs}

    def make(self, notebooks: dict[str, str]) -> Project:
        self.home.mkdir(parents=True)
        package = self.root / "fan"
        package.mkdir()
        files = {"__init__": "", "definitions": DEFINITIONS, **notebooks}
        for name, text in files.items():
            (package / f"{name}.py").write_text(text)
        with dg.DagsterInstance.from_config(str(self.home)) as instance:  # makes SQLite's tables, not two at once
            instance.get_runs_count()
        return self

    def run(self, *, ok: bool = True) -> None:
        argv = [sys.executable, "-m", "dagster", "job", "execute", "-m", "fan.definitions", "-j", "everything"]
        done = subprocess.run(argv, cwd=self.root, env=self.environ, capture_output=True, text=True, timeout=180)
        assert ("RUN_SUCCESS" if ok else "RUN_FAILURE") in done.stderr, done.stdout + done.stderr

    def stored(self) -> dict[str, Any]:
        """Asset -> value, all of them whole."""
        files = [path for path in (self.home / "storage").iterdir() if path.is_file()]
        return {path.name: pickle.loads(path.read_bytes()) for path in files}

    def executed(self) -> dict[str, Any]:
        """Asset -> executed notebook, all of them whole, without what each run measures anew."""
        documents = {}
        for path in (self.root / ".daglab" / "executed").glob("*/*"):
            document = json.loads(path.read_bytes())
            nbformat.validate(nbformat.from_dict(document))
            for cell in document["cells"]:
                for measured in ("seconds", "peak_mb"):
                    cell["metadata"]["daglab"]["executed"].pop(measured, None)
            document["metadata"]["daglab"]["executed"].pop("run_id", None)
            documents[path.name.removesuffix(".ipynb")] = document
        return documents

    def events(self) -> list[dg.DagsterEvent]:
        with dg.DagsterInstance.from_config(str(self.home)) as instance:
            (run,) = instance.get_runs()
            return [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event]

    def materialized(self) -> dict[str, Any]:
        """Asset -> metadata of its materialization, without places and times."""
        found = {}
        for event in self.events():
            if event.is_step_materialization:
                made = event.step_materialization_data.materialization
                kept = {k: v.value for k, v in made.metadata.items() if k not in (*TIMES, "notebook", "path")}
                found[made.asset_key.to_user_string()] = (kept, made.tags.get("dagster/data_version"))
        return found


def fan() -> dict[str, str]:
    """Six notebooks: one asset, four that read it, one that reads those."""
    middles = [f"middle_{number}" for number in range(MIDDLES)]
    made = {"start": notebook("[tool.daglab.assets.start]", "start = list(range(1000))\nprint(len(start))\nstart[:3]")}
    for number, name in enumerate(middles):
        header = f"[tool.daglab.inputs]\nstart = 'start'\n[tool.daglab.assets.{name}]"
        made[name] = notebook(
            header, "start = None", f"doubled = [value * {number} for value in start]", f"{name} = sum(doubled)\n{name}"
        )
    inputs = "".join(f"{name} = '{name}'\n" for name in middles)
    made["end"] = notebook(
        f"[tool.daglab.inputs]\n{inputs}[tool.daglab.assets.end]",
        *(f"{name} = None" for name in middles),
        f"end = {{'sum': {' + '.join(middles)}}}\nend",
    )
    return made


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What the others are compared with."""
    project = Project(tmp_path_factory.mktemp("in-process"), "in_process").make(fan())
    project.run()
    return project


def assert_same(project: Project, expected: Project) -> None:
    assert project.stored() == expected.stored()
    assert project.materialized() == expected.materialized()
    assert project.executed() == expected.executed()


@pytest.mark.nightly
def test_a_job_in_one_process(in_process: Project) -> None:
    assert in_process.stored()["end"] == {"sum": sum(range(1000)) * sum(range(MIDDLES))}
    assert set(in_process.materialized()) == set(in_process.executed()) == set(fan())


@pytest.mark.nightly
def test_the_default_executor_gives_the_same(in_process: Project, tmp_path: Path) -> None:
    project = Project(tmp_path / "project", "default").make(fan())
    project.run()
    assert_same(project, in_process)


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis of this test's own, and its URL."""
    program = shutil.which("redis-server")
    assert program, "the tests of Celery need redis-server; `make test-all` installs it"
    port = free_port()
    folder.mkdir()
    argv = [program, "--port", str(port), "--bind", LOOPBACK, "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with spawn(argv, cwd=folder, env=dict(os.environ)) as child:
        child.wait_until_healthy(lambda: "Ready to accept" in child.log_tail())
        yield f"redis://{LOOPBACK}:{port}/0"


@pytest.mark.nightly
def test_celery_gives_the_same(in_process: Project, tmp_path: Path) -> None:
    with redis(tmp_path / "redis") as url:
        project = Project(tmp_path / "project", "celery", url).make(fan())
        (project.root / "celery.yaml").write_text(CELERY)
        dagster_celery = str(Path(sys.executable).with_name("dagster-celery"))
        argv = [dagster_celery, "worker", "start", "-y", "celery.yaml", "-A", "dagster_celery.app"]
        with spawn([*argv, "--", "--concurrency=2"], cwd=project.root, env=project.environ) as worker:
            worker.wait_until_healthy(lambda: " ready." in worker.log_tail())
            try:
                project.run()
            finally:
                print(worker.log_tail(200))  # shown with a failure
        assert_same(project, in_process)


KILLED = """
import os, signal, daglab
big = list(range(200_000))
if daglab.context().op_execution_context.retry_number == 0:
    os.kill(os.getpid(), signal.SIGKILL)
second = sum(first) + len(big)
"""


def killed(root: Path, *, retries: int) -> Project:
    header = f"[tool.daglab.assets.first]\n[tool.daglab.assets.second]\nretry = {{ max_retries = {retries} }}"
    return Project(root, "default").make({"both": notebook(header, "first = list(range(1000))", KILLED.strip())})


def test_a_killed_step_is_tried_again_as_its_policy_says(tmp_path: Path) -> None:
    project = killed(tmp_path / "project", retries=1)
    project.run()
    assert project.stored() == {"first": list(range(1000)), "second": 499_500 + 200_000}
    assert set(project.executed()) == {"first", "first@retry-1", "second@retry-1"}  # each try has its own
    kinds = [event.event_type_value for event in project.events()]
    assert (kinds.count("STEP_UP_FOR_RETRY"), kinds.count("STEP_RESTARTED"), kinds.count("STEP_FAILURE")) == (1, 1, 0)


@pytest.mark.nightly
def test_a_killed_step_without_retries_fails_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    project = killed(tmp_path / "project", retries=0)
    project.run(ok=False)
    assert project.stored() == {"first": list(range(1000))}
    assert set(project.executed()) <= {"first"}
    (failure,) = [event for event in project.events() if event.is_step_failure]
    assert "ChildProcessCrashException" in f"{failure.event_specific_data}"
