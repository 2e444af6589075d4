"""`daglab run` in a real Dagster: runs that succeed, fail, hang, are canceled, left, and lost from sight."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from daglab.client import Run
from daglab.processes import free_port
from tests.integration.cli.command import Started, Terminal, daglab, events
from tests.integration.client.calling import with_client
from tests.integration.client.proxy import PASS, Proxy, Request, Verdict, reply, through_proxy
from tests.integration.conftest import RunningDagster
from tests.shapes import assert_shape

HELLO = '{"ops": {"greet": {"config": {"name": "Ann"}}}}'


def run(cells: RunningDagster, *arguments: str) -> subprocess.CompletedProcess[str]:
    return daglab("run", "--url", cells.url, *arguments, cwd=cells.project)


def number_of_runs(cells: RunningDagster) -> int:
    runs = with_client(cells.url, lambda c: c.runs(1000)).runs
    return len([run for run in runs if "dagster/backfill" not in run.tags])


def ended(cells: RunningDagster, run_id: str) -> Run:
    return with_client(cells.url, lambda c: c.wait(run_id, timeout=60, check=False))


def test_a_run_that_succeeds_told_by_step_and_cell(cells: RunningDagster) -> None:
    config = "{ops: {orders_notebook: {config: {least: 2}}}}"
    done = run(cells, "-a", "raw/orders", "-a", "group:sales", "--config-yaml", config, "--tag", "why=test", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = events(done)
    first, last = told[0], told[-1]
    run_id = first["run_id"]
    assert first == {
        "event": "launched",
        "run_id": run_id,
        "url": f"{cells.url}/runs/{run_id}",
        "job": "__ASSET_JOB",
        "assets": ["raw/orders", "sales/count", "sales/orders"],
        "partition": None,
        "status": first["status"],
        "launch_problem": None,
    }
    assert last == {"event": "ended", "run_id": run_id, "status": "SUCCESS", "seconds": last["seconds"]}
    assert last["seconds"] > 0
    steps = [(event["step"], event["state"]) for event in told if event["event"] == "step"]
    assert steps == [
        ("raw__orders", "started"),
        ("raw__orders", "succeeded"),
        ("orders_notebook", "started"),
        ("orders_notebook", "succeeded"),
    ]
    cells_run = [event for event in told if event["event"] == "cell" and event["state"] == "run"]
    assert [event["cell"] for event in cells_run] == ["cell 'setup'", "cell 'clean'", "cell 'number'"]
    assert all(set(event) == {"event", "run_id", "step", "cell", "state", "seconds", "peak_mb"} for event in cells_run)
    assert not [
        event for event in told if event["event"] == "cell" and event["state"] == "failed"
    ]  # a cell prints that
    made = [event["asset"] for event in told if event["event"] == "materialized"]
    assert made == ["raw/orders", "sales/orders", "sales/count"]
    assert with_client(cells.url, lambda c: c.run(run_id)).tags["why"] == "test"


def test_a_run_that_fails_tells_the_cell_its_line_and_the_users_error(cells: RunningDagster, tmp_path: Path) -> None:
    """Behind a proxy that asks for credentials, too: what is told is the same."""
    notebook = cells.project / "cells" / "notebooks" / "ratio.py"

    async def work(_: Any, proxy: Proxy) -> tuple[subprocess.CompletedProcess[str], ...]:
        (tmp_path / "daglab.yaml").write_text("dagster: {auth: {type: bearer, token_env: DAGLAB_TEST_CANARY}}\n")
        copy = tmp_path / "ratio.py"
        copy.write_text(notebook.read_text())
        arguments = ("run", "--notebook", str(copy), "--url", proxy.url)
        return tuple(
            [
                await asyncio.to_thread(daglab, *arguments, cwd=tmp_path, DAGLAB_TEST_CANARY=token)
                for token in ("canary-right", "canary-wrong")
            ]
        )

    def asks(request: Request) -> Verdict:
        return PASS if request.header("Authorization") == "Bearer canary-right" else reply("401 Unauthorized")

    done, refused = through_proxy(cells.url, asks, work)
    assert refused.returncode == 6
    assert done.returncode == 4
    first = done.stderr.splitlines()[0]
    assert first.startswith("run ") and "/runs/" in first
    run_id = first.split()[1]
    assert done.stdout.startswith(f"{run_id}  FAILURE  ")
    line = notebook.read_text().splitlines().index("    ratio = whole / parts") + 1
    assert f"failed: ratio_notebook, cell 'divide', ratio.py:{line}" in done.stderr
    assert "Traceback (most recent call last):" in done.stderr
    assert f'{notebook}", line {line}' in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert done.stderr.count("ZeroDivisionError: division by zero") == 2  # the message, and the traceback's end


def test_a_plain_assets_failure_is_the_users_traceback_alone(cells: RunningDagster) -> None:
    done = run(cells, "-a", "plain_broken", "--logs")
    assert done.returncode == 4
    assert "failed: plain_broken\n" in done.stderr
    assert "KeyError: 'amount'" in done.stderr
    assert "The above exception was the direct cause of the following exception:" in done.stderr
    assert "ValueError: no such column: amount" in done.stderr
    assert "site-packages" not in done.stderr
    assert "plain_broken: started" not in done.stderr  # the log tells it
    *log, last = done.stdout.splitlines()
    assert any('Started execution of step "plain_broken"' in line for line in log)
    assert "  FAILURE" in last


def test_a_job_is_launched_and_not_waited_for(cells: RunningDagster, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(HELLO)
    done = run(cells, "-j", "hello", "-c", str(tmp_path / "config.json"), "--no-wait")
    assert done.returncode == 0, done.stderr
    run_id, status = done.stdout.split()
    assert status in ("QUEUED", "STARTING", "STARTED")
    assert f"{cells.url}/runs/{run_id}" in done.stderr
    assert ended(cells, run_id).status == "SUCCESS"


def test_a_partition_of_a_job(cells: RunningDagster) -> None:
    done = run(cells, "-j", "letters", "-p", "b", "--logs", "--json")
    assert done.returncode == 0, done.stderr
    told = events(done)
    assert (told[0]["job"], told[0]["partition"]) == ("letters", "b")
    assert "letter b of b" in [event["message"] for event in told if event["event"] == "log"]
    config = "{ops: {spell: {config: {letter: c}}}}"  # in place of the job's own
    done = run(cells, "-j", "letters", "-p", "b", "--config-yaml", config)
    assert done.returncode == 4
    assert "no letter c" in done.stderr


def test_validation_launches_nothing(cells: RunningDagster) -> None:
    before = number_of_runs(cells)
    done = run(cells, "-j", "hello", "--validate-only", "--config-yaml", HELLO)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "valid\n")
    done = run(cells, "-j", "hello", "--validate-only", "--json", "--config-yaml", "{ops: {gret: {}}}")
    assert done.returncode == 7
    (told,) = events(done)
    assert told["event"] == "validated"
    assert {fault["reason"] for fault in told["faults"]} >= {"FIELD_NOT_DEFINED"}
    done = run(cells, "-j", "hello", "--validate-only", "--config-yaml", "ops: {greet: {config: {name: 2026-01-31}}}")
    assert (done.returncode, done.stderr) == (0, "valid\n")
    done = run(cells, "-j", "letters", "-p", "a", "--validate-only")
    assert (done.returncode, done.stderr) == (0, "valid\n")
    done = run(cells, "-a", "key:raw/orders", "--location", "cells", "--validate-only")
    assert (done.returncode, done.stderr) == (0, "valid\n")
    assert all(set(fault) == {"path", "message", "reason"} for fault in told["faults"])
    assert number_of_runs(cells) == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["-a", "sales/order"], 1, "sales/order: did you mean sales/orders"),
        (["-a", "sales/order", "-a", "nowhere"], 1, "no asset sales/order, nowhere"),
        (["-a", "grup:sales"], 7, "grup"),
        (["-a", "vendor/feed"], 7, "not made by Dagster"),
        (["-a", "by_region"], 7, "a run needs a partition"),
        (["-a", "by_region", "-p", "z"], 7, "no partition z"),
        (["-j", "helo"], 1, "did you mean 'hello'"),
        (["-j", "hello"], 7, "configuration is not valid"),
        (["-j", "hello", "-p", "a"], 7, "The job hello is not partitioned"),
        (["-j", "letters"], 7, "letters: partitioned: a run needs a partition"),
        (["-j", "letters", "-p", "z"], 7, "letters: no partition z. remedy: known: a, b, c"),
        (["-j", "letters", "--validate-only"], 7, "a run needs a partition"),
        (["-a", "by_region", "-p", "z", "--validate-only"], 7, "no partition z"),
        (["-a", "raw/orders", "--config-yaml", "{ops: {raw__order: {}}}"], 7, "ops.raw__order: no such op"),
        (["-j", "hello", "-c", "nowhere.yaml"], 2, "nowhere.yaml cannot be read"),
        (["-j", "hello", "--config-yaml", "a: [1"], 2, "--config-yaml:1: not YAML"),
        (["-j", "hello", "--config-yaml", "[1]"], 2, "is a mapping, not list"),
        (["-j", "hello", "--config-yaml", "{}", "-c", "x"], 2, "give one of them"),
        (["-j", "hello", "--tag", "x"], 2, "is no tag"),
        (["-j", "hello", "--cancel-on-timeout"], 2, "needs a --timeout"),
        (["-j", "hello", "-a", "x"], 2, "one of them"),
        ([], 2, "one of them"),
        (["-a", ""], 2, "an empty --assets selects nothing"),
        (["-a", "raw/orders", "-a", " "], 2, "an empty --assets selects nothing"),
        (["--notebook", "nowhere.py"], 7, "nowhere.py cannot be read"),
        (["--notebook", "cells/definitions.py"], 7, "makes no assets"),
        (["-a", "x", "--in-process"], 2, "runs here"),
        (["-a", "x", "--no-wait", "--timeout", "3"], 2, "--no-wait does not follow it"),
        (["-a", "x", "--no-wait", "--timeout", "3", "--cancel-on-timeout"], 2, "--no-wait does not follow it"),
        (["-a", "x", "--no-wait", "--logs"], 2, "--no-wait does not follow it"),
        (["-a", "raw/orders", "--location", "unloadable"], 7, "raw/orders is in the code location cells"),
        (["-a", "group:sales", "--location", "unloadable"], 7, "No selected asset is in the code location"),
        (["-a", "nowhere", "--location", "cells"], 1, "no asset nowhere"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is(
    cells: RunningDagster, arguments: list[str], code: int, says: str
) -> None:
    before = number_of_runs(cells)
    done = run(cells, *arguments)
    assert done.returncode == code, done.stderr
    assert says in " ".join(done.stderr.split())
    assert done.stdout == ""
    assert number_of_runs(cells) == before


def test_errors_are_json_where_asked(cells: RunningDagster) -> None:
    done = run(cells, "-a", "sales/order", "--json")
    (told,) = events(done)
    assert (told["event"], told["error"]["code"]) == ("error", "not-found")
    assert done.returncode == 1
    done = daglab("run", "-a", "x", "--json", "--url", f"http://127.0.0.1:{free_port()}", cwd=cells.project)
    assert (done.returncode, events(done)[0]["error"]["code"]) == (5, "dagster-unreachable")


def test_read_only_refuses(cells: RunningDagster) -> None:
    before = number_of_runs(cells)
    done = daglab("run", "--url", cells.url, "-a", "slow", cwd=cells.project, DAGLAB_READ_ONLY="true")
    assert done.returncode == 1
    assert "read only" in done.stderr
    assert number_of_runs(cells) == before


def test_a_run_that_takes_too_long_is_terminated_where_asked(cells: RunningDagster) -> None:
    done = run(cells, "-a", "hang", "--timeout", "10", "--cancel-on-timeout", "--json")
    assert done.returncode == 4
    told = events(done)
    assert told[-1]["error"]["code"] == "run-timeout"
    assert "It was terminated" in told[-1]["error"]["message"]
    assert ended(cells, told[0]["run_id"]).status == "CANCELED"


@pytest.mark.nightly
def test_a_run_that_takes_too_long_goes_on_otherwise(cells: RunningDagster) -> None:
    done = run(cells, "-a", "slow", "--timeout", "0.5")
    assert done.returncode == 4
    run_id = done.stderr.split()[1]
    assert f"It goes on: {cells.url}/runs/{run_id}" in done.stderr
    assert with_client(cells.url, lambda c: c.run_status(run_id)) in ("QUEUED", "STARTING", "STARTED")
    with_client(cells.url, lambda c: c.terminate(run_id))
    assert ended(cells, run_id).status == "CANCELED"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_without_a_terminal_nobody_is_asked_and_the_run_goes_on(cells: RunningDagster, number: int, code: int) -> None:
    with Started("run", "--url", cells.url, "-a", "slow", cwd=cells.project) as started:
        run_id = started.wait_for("run ").split()[1]
        status, out, err = started.end(number)
    assert status == code
    assert out == ""
    assert f"it goes on; follow or terminate it at {cells.url}/runs/{run_id}" in err
    with_client(cells.url, lambda c: c.terminate(run_id))
    assert ended(cells, run_id).status == "CANCELED"


def test_ctrl_c_at_a_terminal_asks_and_terminates(cells: RunningDagster) -> None:
    with Terminal("run", "--url", cells.url, "-a", "hang", cwd=cells.project) as terminal:
        terminal.wait_for("cell 'wait': starts")
        terminal.wait_for("hang_notebook: cell 'wait', ")
        terminal.type("\x03")
        terminal.wait_for("Terminate it? [y/N]")
        terminal.type("y\r")
        assert terminal.end() == 130
    assert "\x1b[1mrun " in terminal.seen  # colours
    assert "steps ░░░░░░░░░░░░░░░░ 0/1" in terminal.seen
    assert "\r\x1b[K" in terminal.seen  # one line is rewritten
    run_id = terminal.seen.split("run ", 1)[1].split()[0]
    assert "\x1b[31mCANCELED\x1b[0m" in terminal.seen
    assert ended(cells, run_id).status == "CANCELED"


@pytest.mark.nightly
def test_ctrl_c_at_a_terminal_leaves_the_run_where_told_to(cells: RunningDagster) -> None:
    with Terminal("run", "--url", cells.url, "-a", "slow", cwd=cells.project, NO_COLOR="") as terminal:
        terminal.wait_for("/runs/")
        terminal.type("\x03")
        terminal.wait_for("Terminate it? [y/N]")
        terminal.type("\x03")  # once more: that is no yes
        assert terminal.end() == 130
    run_id = terminal.seen.split("run ", 1)[1].split()[0]
    assert "it goes on; follow or terminate it at" in terminal.seen
    with_client(cells.url, lambda c: c.terminate(run_id))
    assert ended(cells, run_id).status == "CANCELED"


@pytest.mark.nightly
@pytest.mark.parametrize(("what", "says"), [(("-a", "by_region"), "no region c"), (("-j", "letters"), "no letter c")])
def test_several_partitions_are_a_backfill(cells: RunningDagster, what: tuple[str, str], says: str) -> None:
    with Started("run", "--url", cells.url, *what, "-p", "a", "-p", "c", "--json", cwd=cells.project) as it:
        status, out, err = it.wait()  # Dagster's daemon looks for backfills every half a minute
    assert status == 4, err
    assert_shape(["run"], out)
    told = [json.loads(line) for line in out.splitlines()]
    first, last = told[0], told[-1]
    assert (first["event"], first["partitions"]) == ("backfill", 2)
    assert first["url"] == f"{cells.url}/runs/b/{first['backfill_id']}"
    statuses = {event["partition"]: event["status"] for event in told if event["event"] == "run"}
    assert statuses == {"a": "SUCCESS", "c": "FAILURE"}
    (failure,) = [event for event in told if event["event"] == "failure"]
    assert failure["message"].endswith(f"ValueError: {says}")
    assert (last["event"], last["backfill_id"]) == ("ended", first["backfill_id"])
    assert sorted(last["runs"].values()) == ["FAILURE", "SUCCESS"]


def test_a_dagster_that_is_gone_for_a_while_is_borne_with(cells: RunningDagster, tmp_path: Path) -> None:
    """Behind basic authentication, the connection is cut while the run is followed."""
    seen = 0
    basic = base64.b64encode(b"ann:canary-pass").decode()

    def cuts(request: Request) -> Verdict:
        nonlocal seen
        if request.header("Authorization") != f"Basic {basic}":
            return reply("401 Unauthorized")
        seen += request.operation == "query DaglabRunLogs"
        return Verdict(refuse=True) if 2 <= seen <= 6 else PASS

    async def work(_: Any, proxy: Proxy) -> subprocess.CompletedProcess[str]:
        auth = "{type: basic, username: ann, token_env: DAGLAB_TEST_CANARY}"
        (tmp_path / "daglab.yaml").write_text(f"dagster: {{url: '{proxy.url}', auth: {auth}}}\n")
        arguments = ("run", "-a", "raw/orders", "--json")
        return await asyncio.to_thread(daglab, *arguments, cwd=tmp_path, DAGLAB_TEST_CANARY="canary-pass")

    done = through_proxy(cells.url, cuts, work)
    told = [event["event"] for event in events(done)]
    assert done.returncode == 0, done.stdout
    assert told.count("lost") == 1
    assert told[-1] == "ended"
    assert "canary" not in done.stdout + done.stderr
    assert basic not in done.stdout + done.stderr


@pytest.mark.nightly
def test_a_dagster_that_stays_gone_is_told_with_what_it_may_still_do(cells: RunningDagster) -> None:
    def cuts(request: Request) -> Verdict:
        return Verdict(refuse=True) if request.operation in ("query DaglabRunLogs", "query DaglabRunStatus") else PASS

    async def work(_: Any, proxy: Proxy) -> subprocess.CompletedProcess[str]:
        arguments = ("run", "--url", proxy.url, "-a", "raw/orders", "--timeout", "3")
        return await asyncio.to_thread(daglab, *arguments, cwd=cells.project)

    done = through_proxy(cells.url, cuts, work)
    assert done.returncode == 5
    assert "What was launched goes on: " in done.stderr
    assert json.dumps(done.stdout) == '""'
