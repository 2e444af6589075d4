"""The routes about pairs, over a real Jupyter server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPClientError

from daglab.pair import create_pair, pair_status, unpair
from tests.integration.server.conftest import RunningJupyter, start_jupyter
from tests.unit.pair.conftest import PY, Files, synced_pair

EVIL_PATHS = [
    ("../outside.py", 400), ("a/../../outside.py", 400), ("/etc/passwd.py", 400), ("a\\b.py", 400), ("a\x00.py", 400),
    ("C:/x.py", 404), ("//evil.example/x.py", 400), ("nul.py", 404), ("%2e%2e/outside.py", 404), ("none.py", 404),
    ("escape.py", 422), ("escape/outside.py", 404), ("-x; touch pwned.py", 404), ("pyproject.toml", 422),
]  # fmt: skip


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningJupyter]:
    """A server that syncs nothing by itself, so that a test sees what a request does."""
    folder = tmp_path_factory.mktemp("jupyter")
    root = folder / "project" / "root"
    root.mkdir(parents=True)
    (root.parent / "pyproject.toml").write_text("")
    outside = root.parent / "outside.py"
    outside.write_text(PY)
    (root / "escape.py").symlink_to(outside)
    (root / "escape").symlink_to(root.parent)
    (root / "pyproject.toml").write_text("")
    environment = {"DAGLAB_DAGSTER__PORT": "1", "DAGLAB_JUPYTER__SYNC_ON_SAVE": "false"}
    running = start_jupyter(folder, root, environment)
    with running.child:
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def folder(jupyter: RunningJupyter, request: pytest.FixtureRequest) -> Path:
    folder = jupyter.root / f"test{len(list(jupyter.root.iterdir()))}"
    folder.mkdir()
    return folder


@pytest.fixture
def pair(folder: Path) -> Files:
    return synced_pair(folder)


def ask(jupyter: RunningJupyter, method: str, path: str | Path, status: int = 200, **options: Any) -> Any:
    """The answer to a request about a pair, or about all with an empty path."""
    name = path.relative_to(jupyter.root).as_posix() if isinstance(path, Path) else path
    response = jupyter.request(method, f"pairs/{name}" if name else "pairs", **options)
    assert response.status_code == status, response.text
    return response.json()


def conflict(pair: Files) -> None:
    pair.edit_py("sum(orders)", "max(orders)")
    pair.edit_ipynb(lambda cells: cells[2].update(source=["total = min(orders)"]))


def events(jupyter: RunningJupyter, since: str | None = None) -> Any:
    return jupyter.request("GET", "events", params={"since": since} if since else {}).json()


def test_pairs_are_listed_by_page_and_by_state(jupyter: RunningJupyter, folder: Path) -> None:
    for stem in ("a", "b", "c", "d"):
        (folder / f"{stem}.py").write_text(PY)
        create_pair(folder / f"{stem}.py")
    Files(folder, "b").edit_py("sum(orders)", "max(orders)")
    conflict(Files(folder, "c"))
    (folder / "d.ipynb").write_text("{")
    name = folder.name
    listed = ask(jupyter, "GET", "", params={"folder": name})
    assert [(pair["ipynb"], pair["state"], pair["conflicts"]) for pair in listed["pairs"]] == [
        (f"{name}/a.ipynb", "in-sync", 0), (f"{name}/b.ipynb", "py-ahead", 0),
        (f"{name}/c.ipynb", "conflict", 1), (f"{name}/d.ipynb", "invalid", 0),
    ]  # fmt: skip
    assert "not valid JSON" in listed["pairs"][3]["reason"]
    assert listed["states"] == {"conflict": 1, "in-sync": 1, "invalid": 1, "py-ahead": 1}
    assert (listed["total"], listed["next"]) == (4, None)
    first = ask(jupyter, "GET", "", params={"folder": name, "limit": 3})
    assert (len(first["pairs"]), first["next"]) == (3, f"{name}/c.ipynb")
    rest = ask(jupyter, "GET", "", params={"folder": name, "limit": 3, "after": first["next"]})
    assert (first["pairs"] + rest["pairs"], rest["next"]) == (listed["pairs"], None)
    some = ask(jupyter, "GET", "", params={"folder": name, "state": ["conflict", "py-ahead"]})
    assert ([pair["state"] for pair in some["pairs"]], some["total"]) == (["py-ahead", "conflict"], 2)
    for params, status in (({"folder": "none"}, 404), ({"folder": "../.."}, 400), ({"folder": "escape"}, 404),
                           ({"state": "wrong"}, 400), ({"limit": 0}, 400)):  # fmt: skip
        ask(jupyter, "GET", "", status, params=params)


def test_the_listing_of_a_thousand_pairs_keeps_no_other_request_waiting(jupyter: RunningJupyter, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("")
    synced_pair(folder)
    py, ipynb = (folder / "orders.py").read_bytes(), (folder / "orders.ipynb").read_bytes()
    for number in range(1000):
        (folder / f"a{number:04}.py").write_bytes(py)
        (folder / f"a{number:04}.ipynb").write_bytes(ipynb)
    blocked, done = [0.0], threading.Event()

    def ping() -> None:
        with httpx.Client(trust_env=False, headers=jupyter.headers) as client:
            while not done.is_set():
                start = time.perf_counter()
                client.get(jupyter.url("api/status"))
                blocked.append(time.perf_counter() - start)
                time.sleep(0.02)

    pinging = threading.Thread(target=ping)
    pinging.start()
    start = time.perf_counter()
    listed = ask(jupyter, "GET", "", params={"folder": folder.name, "limit": 1000})
    took = time.perf_counter() - start
    done.set()
    pinging.join()
    assert (listed["total"], len(listed["pairs"]), listed["states"]) == (1001, 1000, {"in-sync": 1001})
    assert max(blocked) < max(took / 2, 0.5)  # others are answered meanwhile; the budgets are measured in bench/


def test_pairs_are_listed_around_one_that_python_cannot_read(
    jupyter: RunningJupyter, folder: Path, pair: Files
) -> None:
    other = folder / "other"
    other.mkdir()
    synced_pair(other).edit_py("sum(orders)", "+".join(["1"] * 20_000))
    listed = ask(jupyter, "GET", "", params={"folder": folder.name})
    assert listed["states"] == {"in-sync": 1, "invalid": 1}
    shown = ask(jupyter, "GET", other / "orders.py")
    assert (shown["state"], "nested too deeply" in shown["reason"]) == ("invalid", True)


def test_a_pair_in_detail(jupyter: RunningJupyter, pair: Files) -> None:
    shown = ask(jupyter, "GET", pair.py)
    assert (shown["state"], shown["conflicts"], shown["changes"], shown["refused"]) == ("in-sync", [], [], [])
    pair.edit_py("sum(orders)", "max(orders)")
    shown = ask(jupyter, "GET", pair.ipynb)
    (change,) = shown["changes"]
    assert (shown["state"], change["path"]) == ("py-ahead", shown["ipynb"])
    assert "-total = sum(orders)\n+total = max(orders)" in change["diff"]
    pair.edit_py("print(total)", "total = 2")
    (refused,) = {one["code"] for one in ask(jupyter, "GET", pair.py)["refused"]}
    assert refused == "MB002"
    before = pair.both()
    pair.edit_ipynb(lambda cells: cells[2].update(source=["total = min(orders)"]))
    shown = ask(jupyter, "GET", pair.py)
    (one,) = shown["conflicts"]
    assert (one["cell"], one["reason"], one["py"], one["ipynb"]) == (
        "3", "both-edited", "total = max(orders)", "total = min(orders)",
    )  # fmt: skip
    assert (one["py_base"], one["ipynb_base"]) == ("total = sum(orders)", "total = sum(orders)")
    assert "total = max(orders)" in pair.py.read_text("utf-8").splitlines()[one["line"] - 1]
    assert pair.py.read_bytes() == before[0]


def test_the_notebooks_of_a_folder_are_told_by_what_they_hold(jupyter: RunningJupyter, folder: Path) -> None:
    def listed() -> list[tuple[str | None, str | None, bool]]:
        answer = jupyter.request("GET", "notebooks", params={"folder": folder.name}).json()["notebooks"]
        halves = [
            [path and path.removeprefix(f"{folder.name}/") for path in (one["py"], one["ipynb"])] for one in answer
        ]
        return [(py, ipynb, one["paired"]) for (py, ipynb), one in zip(halves, answer, strict=True)]

    synced_pair(folder)
    (folder / "alone.py").write_text(PY)
    (folder / "module.py").write_text('"a module that talks of marimo and App("\n')
    (folder / "module.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    (folder / "broken.py").write_text(PY.replace("total = sum(orders)", "total = ("))
    (folder / ".hidden.py").write_text(PY)
    kernel = {"kernelspec": {"name": "ir", "language": "R"}}
    in_r = {"cells": [], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "statistics.ipynb").write_text(json.dumps(in_r))
    (folder / "latin.py").write_bytes(b"import marimo\napp = marimo.App()\n# \xe9\n")
    (folder / "link.py").symlink_to(jupyter.root.parent / "outside.py")
    (folder / "below").mkdir()
    synced_pair(folder / "below")
    lone = [("alone.py", None, False), ("broken.py", None, False), (None, "module.ipynb", False)]
    assert listed() == [*lone, ("orders.py", "orders.ipynb", True)]
    unpair(folder / "orders.py")
    assert listed() == [*lone, ("orders.py", "orders.ipynb", False)]
    for params, status in (({"folder": "none"}, 404), ({"folder": "../.."}, 400), ({"folder": "escape"}, 404),
                           ({"folder": ".git"}, 404)):  # fmt: skip
        assert jupyter.request("GET", "notebooks", params=params).status_code == status


def test_a_sync_on_request(jupyter: RunningJupyter, pair: Files) -> None:
    cursor = events(jupyter)["cursor"]
    pair.edit_py("sum(orders)", "max(orders)")
    before = pair.both()
    shown = ask(jupyter, "GET", pair.py)
    dry = ask(jupyter, "PATCH", pair.py, json={"dry_run": True})
    assert (dry["state"], dry["changes"], pair.both()) == ("py-ahead", shown["changes"], before)
    done = ask(jupyter, "PATCH", pair.ipynb, json={"expected": shown["hashes"]})
    assert (done["state"], done["changes"], done["dry_run"]) == ("in-sync", shown["changes"], False)
    assert pair.sources[2] == "total = max(orders)"
    (event,) = events(jupyter, cursor)["events"]
    assert (event["topic"], event["data"]["cause"], event["data"]["state"]) == ("pairs", "request", "in-sync")
    assert [(one["path"], one["reload"]) for one in event["data"]["written"]] == [(shown["ipynb"], True)]
    again = ask(jupyter, "PATCH", pair.ipynb, json={})
    assert (again["state"], again["changes"]) == ("in-sync", [])


def test_conflicts_are_decided_on_what_was_seen(jupyter: RunningJupyter, pair: Files) -> None:
    conflict(pair)
    before = pair.both()
    shown = ask(jupyter, "GET", pair.py)
    left = ask(jupyter, "PATCH", pair.py, json={})
    assert (left["state"], [one["cell"] for one in left["conflicts"]], pair.both()) == ("conflict", ["3"], before)
    pair.edit_py("print(total)", "print(total, 2)")
    for body in ({"resolve": {"3": "ipynb"}}, {"prefer": "py"}, {}):
        refused = ask(jupyter, "PATCH", pair.py, 409, json={**body, "expected": shown["hashes"]})["error"]
        assert (refused["code"], refused["remedy"]) == ("file-moved", "look at it again")
        assert refused["details"]["hashes"] == ask(jupyter, "GET", pair.py)["hashes"] != shown["hashes"]
    unknown = ask(jupyter, "PATCH", pair.py, 422, json={"resolve": {"4": "ipynb"}})["error"]
    assert "no conflict is called '4'" in unknown["message"]
    assert ask(jupyter, "PATCH", pair.py, 400, json={"resolve": {"3": "both"}})["error"]["code"] == "request"
    now = ask(jupyter, "GET", pair.py)["hashes"]
    done = ask(jupyter, "PATCH", pair.py, json={"resolve": {"3": "ipynb"}, "expected": now})
    assert (done["state"], done["conflicts"]) == ("in-sync", [])
    assert "total = min(orders)" in pair.py.read_text("utf-8")
    assert pair.sources[3] == "print(total, 2)"


def test_a_missing_half_is_made_on_request(jupyter: RunningJupyter, pair: Files) -> None:
    pair.ipynb.unlink()
    assert ask(jupyter, "GET", pair.ipynb)["state"] == "half"
    assert ask(jupyter, "PATCH", pair.ipynb, json={})["state"] == "in-sync"
    assert pair.ipynb.exists()


def test_a_pair_is_made_of_a_notebook(jupyter: RunningJupyter, folder: Path) -> None:
    (folder / "lone.py").write_text(PY)
    name = folder.name
    made = ask(jupyter, "POST", "", 201, json={"path": f"{name}/lone.py", "jupytext": True})
    assert (made["state"], [one["path"] for one in made["changes"]]) == ("in-sync", [f"{name}/lone.ipynb"])
    assert json.loads((folder / "lone.ipynb").read_bytes())["metadata"]["jupytext"]["formats"] == "ipynb,py:marimo"
    assert ask(jupyter, "POST", "", 200, json={"path": f"{name}/lone.ipynb"})["changes"] == []
    (folder / "lone.ipynb").rename(folder / "other.ipynb")
    unpair(folder / "other.ipynb")
    made = ask(jupyter, "POST", "", 201, json={"path": f"{name}/other.ipynb"})
    assert pair_status(folder / "other.py").state == "in-sync"
    (folder / "plain.py").write_text("x = 1\n")
    assert ask(jupyter, "POST", "", 422, json={"path": f"{name}/plain.py"})["error"]["code"] == "notebook"
    unpair(folder / "other.ipynb")
    Files(folder, "other").edit_py("sum(orders)", "max(orders)")
    open_ = ask(jupyter, "POST", "", 200, json={"path": f"{name}/other.ipynb"})
    assert (open_["state"], [one["reason"] for one in open_["conflicts"]]) == ("conflict", ["never-synced"])


@pytest.mark.parametrize("template", ["blank", "asset"])
def test_of_a_pair_that_cannot_be_made_nothing_is_left(jupyter: RunningJupyter, folder: Path, template: str) -> None:
    path = f"{folder.name}/{'x' * 252}.py"  # a name that fits, of which that of the .ipynb doesn't
    error = ask(jupyter, "POST", "", 422, json={"path": path, "template": template})["error"]
    assert (error["code"], list(folder.glob("x*"))) == ("pair", [])
    ask(jupyter, "GET", path, 404)


@pytest.mark.parametrize("template", ["blank", "asset"])
def test_a_pair_is_made_from_a_template(jupyter: RunningJupyter, folder: Path, template: str) -> None:
    path = f'{folder.name}/Größe {{{{7*7}}}} "x".py'
    made = ask(jupyter, "POST", "", 201, json={"path": path, "template": template})
    assert (made["py"], made["state"], len(made["changes"])) == (path, "in-sync", 1)
    text = (jupyter.root / path).read_text("utf-8")
    assert "7*7" in text.replace("\\", "") and "49" not in text
    before = (jupyter.root / path).read_bytes(), (jupyter.root / made["ipynb"]).read_bytes()
    taken = ask(jupyter, "POST", "", 409, json={"path": path, "template": template})["error"]
    assert (taken["code"], taken["remedy"]) == ("file-exists", "choose another name, or delete it")
    assert ((jupyter.root / path).read_bytes(), (jupyter.root / made["ipynb"]).read_bytes()) == before
    (jupyter.root / path).unlink()
    assert ask(jupyter, "POST", "", 409, json={"path": path, "template": template})["error"]["code"] == "file-exists"
    for body, status in (
        ({"path": f"{folder.name}/a.ipynb", "template": template}, 400), ({"template": template}, 400), ({}, 400),
        ({"path": "none/a.py", "template": template}, 404), ({"path": "escape/new.py", "template": template}, 404),
        ({"path": "../new.py", "template": template}, 400), ({"path": "a.py", "template": "wrong"}, 400),
        ({"path": "a.py", "template": template, "asset": "a"}, 400),
    ):  # fmt: skip
        ask(jupyter, "POST", "", status, json=body)
    assert not (jupyter.root.parent / "new.py").exists()


def test_an_asset_that_dagster_does_not_tell(jupyter: RunningJupyter) -> None:
    assert ask(jupyter, "POST", "", 503, json={"asset": "sales/orders"})["error"]["code"] == "dagster-unreachable"


@pytest.mark.parametrize(("path", "status"), EVIL_PATHS)
def test_paths_are_confined(jupyter: RunningJupyter, path: str, status: int) -> None:
    encoded = "".join(f"%{byte:02x}" for byte in path.encode())
    before = (jupyter.root.parent / "outside.py").read_bytes()
    for method, options in (("GET", {}), ("PATCH", {"json": {"prefer": "py"}})):
        response = jupyter.request(method, f"pairs/{encoded}", **options)
        assert response.status_code == status, response.text
        assert response.json()["error"]["remedy"]
        assert "total" not in response.text
    response = jupyter.request("POST", "pairs", json={"path": path})
    assert response.status_code in (status, 404, 422), response.text
    assert (jupyter.root.parent / "outside.py").read_bytes() == before
    assert {one.name for one in jupyter.root.parent.iterdir()} == {"root", "outside.py", "pyproject.toml"}


def test_a_half_outside_of_the_root_is_neither_shown_nor_written(jupyter: RunningJupyter, pair: Files) -> None:
    """Though it is in the project, where daglab's commands find it."""
    outside = jupyter.root.parent / "scripts" / "orders.py"
    outside.parent.mkdir()
    text = pair.py.read_text("utf-8").replace("sum(orders)", "secret(orders)")
    try:
        pair.py.rename(outside)
        outside.write_text(text)
        document = json.loads(pair.ipynb.read_bytes())
        document["metadata"]["daglab"]["py"] = "../../scripts/"
        pair.ipynb.write_text(json.dumps(document), "utf-8")
        (pair.py.parent / "pyproject.toml").unlink()
        (jupyter.root / "pyproject.toml").unlink()
        assert pair_status(pair.ipynb).py == outside
        for method, options in (("GET", {}), ("PATCH", {"json": {}})):
            error = ask(jupyter, method, pair.ipynb, 422, **options)["error"]
            assert "lies outside of the folder that Jupyter serves" in error["message"]
        assert "secret" not in json.dumps(ask(jupyter, "GET", "", params={"folder": pair.py.parent.name}))
        assert outside.read_text() == text
    finally:
        (jupyter.root / "pyproject.toml").write_text("")
        outside.unlink()
        outside.parent.rmdir()


def test_a_link_that_is_swapped_in_leads_nowhere(jupyter: RunningJupyter, pair: Files) -> None:
    outside = jupyter.root.parent / "outside.py"
    before = outside.read_bytes()
    pair.edit_py("sum(orders)", "max(orders)")
    text, link = pair.py.read_bytes(), pair.py.with_name("link")
    done = threading.Event()

    def flip() -> None:
        number = 0
        while not done.is_set():
            number += 1
            link.symlink_to(outside)
            link.replace(pair.py)
            link.write_bytes(text + b"#" * (number % 7))
            link.replace(pair.py)

    flipping = threading.Thread(target=flip)
    flipping.start()
    try:
        codes = {
            jupyter.request("PATCH", _name(jupyter, pair.py), json={"prefer": "ipynb"}).status_code for _ in range(40)
        }
    finally:
        done.set()
        flipping.join()
    assert outside.read_bytes() == before
    assert codes <= {200, 409, 422}


def _name(jupyter: RunningJupyter, path: Path) -> str:
    return f"pairs/{path.relative_to(jupyter.root).as_posix()}"


def test_read_only_writes_nothing(start: Callable[..., RunningJupyter], tmp_path: Path) -> None:
    folder = tmp_path / "root" / "shop"
    folder.mkdir(parents=True)
    pair = synced_pair(folder)
    pair.edit_py("sum(orders)", "max(orders)")
    before = pair.both()
    running = start(folder.parent, DAGLAB_READ_ONLY="true", DAGLAB_DAGSTER__PORT="1")
    assert ask(running, "PATCH", pair.py, 403, json={})["error"]["code"] == "read-only"
    for body in ({"path": "shop/orders.py"}, {"path": "shop/new.py", "template": "blank"}, {"asset": "a"}):
        assert ask(running, "POST", "", 403, json=body)["error"]["code"] == "read-only"
    assert len(ask(running, "PATCH", pair.py, json={"dry_run": True})["changes"]) == 1
    assert pair.both() == before
    assert sorted(path.name for path in folder.iterdir() if path.suffix in (".py", ".ipynb")) == [
        "orders.ipynb",
        "orders.py",
    ]


async def test_what_jupyter_hides_is_not_reached(jp_fetch: Any, jp_serverapp: Any, jp_root_dir: Path) -> None:
    hooks = jp_root_dir / ".git" / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "there.py").write_text("import marimo\napp = marimo.App()\n")
    body = json.dumps({"path": ".git/hooks/new.py", "template": "blank"})
    there = json.dumps({"path": ".git/hooks/there.py"})
    requests: list[tuple[str, list[str], str | None, dict[str, str]]] = [
        ("POST", ["pairs"], body, {}),
        ("POST", ["pairs"], there, {}),
        ("POST", ["marimo"], there, {}),
        ("GET", ["pairs", ".git", "hooks", "there.py"], None, {}),
        ("PATCH", ["pairs", ".git", "hooks", "there.py"], "{}", {}),
        ("GET", ["pairs"], None, {"folder": ".git"}),
    ]
    for method, path, sent, params in requests:
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("daglab", "api", *path, method=method, body=sent, params=params)
        assert caught.value.code == 404, (method, path)
    assert [file.name for file in hooks.iterdir()] == ["there.py"]
    jp_serverapp.contents_manager.allow_hidden = True
    assert (await jp_fetch("daglab", "api", "pairs", method="POST", body=body)).code == 201
