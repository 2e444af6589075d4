"""`daglab run --in-process`: the project's runs without a running Dagster, in its instance."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import dagster as dg
import psutil
import pytest

from tests.integration.cli.command import Started, Terminal, daglab, events


def status_of(project: Path, run_id: str) -> str:
    with dg.DagsterInstance.from_config(str(project / ".dagster_home")) as instance:
        run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status.value


def children_of_runs() -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if "daglab.runtime.in_process" in (process.info["cmdline"] or ())
    ]


def test_assets_are_made_and_stored_in_the_projects_instance(project: Path) -> None:
    done = daglab("run", "--in-process", "-a", '+key:"sales/count"', "--json", cwd=project)
    assert done.returncode == 0, done.stderr
    told = events(done)
    first, last = told[0], told[-1]
    assert (first["event"], first["url"]) == ("launched", None)
    assert first["assets"] == ["raw/orders", "sales/count", "sales/orders"]
    assert (last["event"], last["run_id"], last["status"]) == ("ended", first["run_id"], "SUCCESS")
    made = [event["asset"] for event in told if event["event"] == "materialized"]
    assert made == ["raw/orders", "sales/orders", "sales/count"]
    states = {(event["cell"], event["state"]) for event in told if event["event"] == "cell"}
    assert states >= {("cell 'clean'", "run"), ("cell 'number'", "run")}
    assert f"Dagster instance: {project / '.dagster_home'}" in done.stderr
    assert status_of(project, first["run_id"]) == "SUCCESS"
    # the value is where the next one, or a Dagster, finds it
    done = daglab(
        *("run", "--in-process", "--notebook", "cells/notebooks/orders.py", "--config-yaml"),
        "{ops: {orders_notebook: {config: {least: 3}}}}",
        cwd=project,
    )
    assert done.returncode == 0, done.stderr
    assert (project / ".dagster_home" / "storage" / "sales" / "count").is_file()


def test_a_cell_that_fails(project: Path) -> None:
    done = daglab("run", "--in-process", "--notebook", "cells/notebooks/ratio.py", "--logs", cwd=project)
    assert done.returncode == 4
    text = (project / "cells/notebooks/ratio.py").read_text()
    line = text.splitlines().index("    ratio = whole / parts") + 1
    assert f"failed: ratio_notebook, cell 'divide', ratio.py:{line}" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    *log, last = done.stdout.splitlines()
    assert any("cell 'divide': failed in" in line for line in log)
    run_id, status, *_ = last.split()
    assert status == "FAILURE" == status_of(project, run_id)


def test_a_missing_value_is_told_without_daglabs_own_traceback(project: Path, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    done = daglab("run", "--in-process", "-a", "sales/orders", cwd=project, DAGSTER_HOME=home)
    assert done.returncode == 4
    assert f"Dagster instance: {home}" in done.stderr
    assert "cell 'clean' reads 'raw_orders': the asset 'raw/orders' has no stored value" in done.stderr
    assert "Traceback" not in done.stderr


def test_partitions_one_by_one(project: Path) -> None:
    done = daglab("run", "--in-process", "-a", "by_region", "-p", "c", "-p", "a", "--json", cwd=project)
    assert done.returncode == 4
    told = events(done)
    assert [event["partition"] for event in told if event["event"] == "launched"] == ["c", "a"]
    assert [event["status"] for event in told if event["event"] == "ended"] == ["FAILURE", "SUCCESS"]
    assert [event["partition"] for event in told if event["event"] == "materialized"] == ["a"]


def test_an_unknown_asset_is_told_with_the_nearest(project: Path) -> None:
    done = daglab("run", "--in-process", "-a", "sales/order", cwd=project)
    assert done.returncode == 1
    assert "did you mean 'sales/orders'" in done.stderr


def test_a_job_and_its_configuration(project: Path) -> None:
    done = daglab("run", "--in-process", "-j", "hello", "--validate-only", cwd=project)
    assert done.returncode == 7
    assert 'config: Missing required config entry "ops"' in done.stdout
    config = "{ops: {greet: {config: {name: Ann}}}}"
    done = daglab("run", "--in-process", "-j", "hello", "--config-yaml", config, "--logs", cwd=project)
    assert done.returncode == 0
    assert "hello Ann" in done.stdout


def test_a_code_location_that_does_not_load_and_a_process_that_dies(project: Path, tmp_path: Path) -> None:
    root = tmp_path / "cells"
    shutil.copytree(project, root, ignore=shutil.ignore_patterns(".dagster_home"))
    definitions = root / "cells" / "definitions.py"
    definitions.write_text("import nowhere_at_all\n")
    done = daglab("run", "--in-process", "-a", "raw/orders", cwd=root)
    assert done.returncode == 1
    assert "cannot be loaded: ModuleNotFoundError: No module named 'nowhere_at_all'" in done.stderr
    assert "dagster definitions validate -m cells.definitions" in done.stderr
    definitions.write_text("import os\nprint('the last words', flush=True)\nos._exit(9)\n")
    done = daglab("run", "--in-process", "-a", "raw/orders", cwd=root)
    assert done.returncode == 3
    assert "ended with status 9" in done.stderr
    assert "the last words" in done.stderr


@pytest.mark.nightly
def test_it_is_ended_where_it_takes_too_long(project: Path) -> None:
    done = daglab("run", "--in-process", "-a", "slow", "--timeout", "10", "--json", cwd=project)
    assert done.returncode == 4
    *before, last = events(done)
    assert last["error"]["code"] == "run-timeout"
    if before:  # on a busy machine the time is over before the project is loaded
        assert status_of(project, before[0]["run_id"]) == "FAILURE"
    assert not children_of_runs()


def test_ctrl_c_ends_the_run_and_records_it(project: Path) -> None:
    with Terminal("run", "--in-process", "-a", "hang", cwd=project) as terminal:
        terminal.wait_for("cell 'wait': starts")
        terminal.type("\x03")
        assert terminal.end() == 130
    run_id = terminal.seen.split("run ", 1)[1].split()[0]
    assert status_of(project, run_id) == "FAILURE"
    assert not children_of_runs()


@pytest.mark.nightly
def test_a_killed_command_leaves_no_run_behind(project: Path) -> None:
    with Started("run", "--in-process", "-a", "slow", cwd=project) as started:
        run_id = started.wait_for("run ").split()[1]
        started.wait_for("slow: started")
        assert started.end(signal.SIGKILL)[0] == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while children_of_runs():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert status_of(project, run_id) == "FAILURE"
