"""What Dagster's answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from daglab.client.assets import Asset, AssetStatus, parse_states
from daglab.client.instance import parse_status
from daglab.client.launch import launch_params, require_selection, unknown_assets
from daglab.client.outcomes import launched_run_id
from daglab.client.runs import parse_failures, run_errors
from daglab.client.transport import member
from daglab.errors import AuthenticationError, DagsterError, NotFoundError, ValidationError


def latest(**values: Any) -> dict[str, Any]:
    return {
        "assetKey": {"path": ["sales", "orders"]}, "latestMaterialization": None, "unstartedRunIds": [],
        "inProgressRunIds": [], "latestRun": None, **values,
    }  # fmt: skip


MADE = {"timestamp": "1500", "runId": "a"}


@pytest.mark.parametrize(
    ("info", "stale", "status", "run_id"),
    [
        ({}, "MISSING", AssetStatus.NEVER, None),
        ({"latestMaterialization": MADE}, "FRESH", AssetStatus.MATERIALIZED, None),
        ({"latestMaterialization": MADE}, "STALE", AssetStatus.STALE, None),
        ({"latestMaterialization": MADE, "inProgressRunIds": ["b"]}, "STALE", AssetStatus.RUNNING, "b"),
        ({"unstartedRunIds": ["c"]}, "MISSING", AssetStatus.RUNNING, "c"),
        ({"latestRun": {"runId": "b", "status": "FAILURE"}}, "MISSING", AssetStatus.FAILED, "b"),
        (
            {"latestMaterialization": MADE, "latestRun": {"runId": "b", "status": "FAILURE"}},
            "FRESH", AssetStatus.FAILED, "b",
        ),
        # the run failed in another asset, after it had made this one
        (
            {"latestMaterialization": MADE, "latestRun": {"runId": "a", "status": "FAILURE"}},
            "FRESH", AssetStatus.MATERIALIZED, None,
        ),
        (
            {"latestMaterialization": MADE, "latestRun": {"runId": "b", "status": "CANCELED"}},
            "FRESH", AssetStatus.MATERIALIZED, None,
        ),
    ],
)  # fmt: skip
def test_asset_status(info: dict[str, Any], stale: str, status: AssetStatus, run_id: str | None) -> None:
    data = {
        "assetNodes": [{"assetKey": {"path": ["sales", "orders"]}, "staleStatus": stale}],
        "checked": [],
        "assetsLatestInfo": [latest(**info), latest(assetKey={"path": ["unknown"]})],
    }
    (found,) = parse_states(data).values()
    assert (found.status, found.run_id) == (status, run_id)
    assert found.materialized_at == (1.5 if "latestMaterialization" in info else None)


def instance(*, queue: bool = True, healthy: bool = True, errors: tuple[str, ...] = ()) -> dict[str, Any]:
    daemon = {
        "daemonType": "QUEUED_RUN_COORDINATOR", "required": True, "healthy": healthy, "lastHeartbeatTime": 1.0,
        "lastHeartbeatErrors": [{"message": e} for e in errors],
    }  # fmt: skip
    return {"runQueuingSupported": queue, "daemonHealth": {"allDaemonStatuses": [daemon]}}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (instance(), None),
        (instance(healthy=False), "No Dagster daemon is running."),
        (instance(healthy=False, errors=("boom\n",)), "Dagster's daemon fails: boom"),
        (instance(queue=False, healthy=False), None),
    ],
)
def test_launch_problem(given: dict[str, Any], problem: str | None) -> None:
    folder = [{"key": "host", "value": "localhost"}, {"key": "working_directory", "value": "/shop"}]
    workspace = {
        "__typename": "Workspace",
        "locationEntries": [
            {
                "name": "good", "loadStatus": "LOADED", "displayMetadata": folder,
                "locationOrLoadError": {"__typename": "RepositoryLocation"},
            },
            {
                "name": "bad", "loadStatus": "LOADED", "displayMetadata": [],
                "locationOrLoadError": {
                    "__typename": "PythonError", "message": "no module\n",
                    "causes": [{"message": "a"}, {"message": "b\n"}],
                },
            },
            {"name": "new", "loadStatus": "LOADING", "displayMetadata": [], "locationOrLoadError": None},
        ],
    }  # fmt: skip
    status = parse_status({"version": "1.13", "instance": given, "workspaceOrError": workspace}, "http://x")
    assert status.launch_problem == problem
    assert [location.folder for location in status.locations] == ["/shop", None, None]
    assert [(one.name, one.loading, one.error) for one in status.locations] == [
        ("good", False, None),
        ("bad", False, "no module\nb"),
        ("new", True, None),
    ]


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        ({"__typename": "RunConfigValidationInvalid", "errors": [
            {"stack": {"entries": [{"__typename": "EvaluationStackPathEntry", "fieldName": "ops"},
                                   {"__typename": "EvaluationStackListItemEntry", "listIndex": 0},
                                   {"__typename": "FromTheFuture"}]}, "message": "no", "reason": "X"}]},
         ValidationError, "ops.0.FromTheFuture: no"),
        ({"__typename": "InvalidSubsetError", "message": "m"}, ValidationError, "m"),
        ({"__typename": "InvalidOutputError", "stepKey": "s", "invalidOutputName": "o"}, ValidationError, "Output"),
        ({"__typename": "PipelineNotFoundError", "message": "m"}, NotFoundError, "m"),
        ({"__typename": "UnauthorizedError", "message": "m"}, AuthenticationError, "m"),
        ({"__typename": "PythonError", "message": "m"}, DagsterError, "m"),
        ({"__typename": "FromTheFuture"}, DagsterError, "FromTheFuture"),
    ],
)  # fmt: skip
def test_refused_launches(answer: dict[str, Any], error: type[DagsterError], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        launched_run_id(answer)
    assert type(caught.value) is error


def test_an_unknown_run_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="nope"):
        member({"__typename": "RunNotFoundError", "message": ""}, "Run", run_errors("nope"))


def test_step_failures_come_before_the_failure_of_the_run() -> None:
    run = {"__typename": "RunFailureEvent", "message": "Execution of run failed", "error": None}
    step = {
        "__typename": "ExecutionStepFailureEvent", "stepKey": "orders",
        "error": {"message": "outer\n", "cause": {"message": "KeyError: 'x'\n"}},
    }  # fmt: skip
    (failure,) = parse_failures([{"__typename": "LogMessageEvent"}, step, run])
    assert (failure.step, failure.message, failure.cause) == ("orders", "outer", "KeyError: 'x'")
    assert [one.message for one in parse_failures([run])] == ["Execution of run failed"]


def asset(key: str, **values: Any) -> Asset:
    defaults: dict[str, Any] = {
        "group": "g", "kinds": (), "description": None, "dependencies": (), "location": "shop",
        "repository": "__repository__", "job_names": ("__ASSET_JOB",), "materializable": True, "partitioned": False,
    }  # fmt: skip
    return Asset(path=tuple(key.split("/")), **{**defaults, **values})


def test_launch_params_select_by_path_and_carry_the_request_id() -> None:
    params = launch_params([asset("sales/orders"), asset("x")], "id-1")
    assert params["selector"]["assetSelection"] == [{"path": ["sales", "orders"]}, {"path": ["x"]}]
    assert params["executionMetadata"]["tags"] == [{"key": "daglab/request_id", "value": "id-1"}]


@pytest.mark.parametrize(
    ("assets", "text"),
    [
        ([asset("a"), asset("b", materializable=False)], "b: not made by Dagster"),
        ([asset("a"), asset("b", location="other")], "other, shop"),
        ([asset("a"), asset("b", job_names=("__ASSET_JOB_1",))], "No one job"),
    ],
)
def test_launches_that_cannot_be_one_run(assets: list[Asset], text: str) -> None:
    with pytest.raises(ValidationError, match=text) as caught:
        launch_params(assets, "id")
    assert caught.value.remedy


def test_an_empty_selection_is_refused_and_repetitions_count_once() -> None:
    assert require_selection(["a", "b", "a"]) == ["a", "b"]
    with pytest.raises(ValidationError, match="No asset"):
        require_selection([])


def test_unknown_assets_are_told_with_the_nearest() -> None:
    error = unknown_assets(["sales/order"], ["sales/orders", "raw/x"])
    assert "did you mean sales/orders" in error.remedy
