"""``daglab sync --watch`` as a process of its own, beside the editors that people have open."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.pair.test_pair_commands import CORPUS, DAGLAB, daglab, edit, states
from tests.shapes import assert_shape


class Watch:
    """A running ``daglab sync --watch --json``; its events are read from a file, as they come."""

    def __init__(self, folder: Path, log: Path, *args: str) -> None:
        self.log = log
        with log.open("w") as out, log.with_suffix(".err").open("w") as err:
            command = [DAGLAB, "sync", "--watch", "--json", *args]
            self.child = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )

    @property
    def events(self) -> list[dict[str, Any]]:
        whole = self.log.read_text("utf-8").rpartition("\n")[0]
        assert_shape(["sync", "--watch"], whole)
        return [json.loads(line) for line in whole.splitlines()]

    @property
    def kinds(self) -> list[str]:
        return [event["event"] for event in self.events]

    @property
    def messages(self) -> str:
        return self.log.with_suffix(".err").read_text("utf-8")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.child.send_signal(number)
        return self.child.wait(10)


def until(holds: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.02)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("")
    for name in ("analysis", "magics"):
        shutil.copyfile(CORPUS / f"{name}.ipynb", folder / f"{name}.ipynb")
    daglab(folder, "pair", "analysis.ipynb", "magics.ipynb")
    return folder


@pytest.fixture
def watching(project: Path) -> Iterator[Watch]:
    """A watch of the project that has done its first sync."""
    edit(project / "analysis.py", "df.week", "df['week']")
    watch = Watch(project, project.parent / "events")
    try:
        until(lambda: watch.kinds == ["synced"], 30)
        assert "df['week']" in (project / "analysis.ipynb").read_text("utf-8")
        yield watch
    finally:
        if watch.child.poll() is None:
            watch.end()
        assert "Traceback" not in watch.messages


def test_edits_follow_within_two_seconds_in_both_directions(project: Path, watching: Watch) -> None:
    py, ipynb = project / "magics.py", project / "magics.ipynb"
    edit(py, "x = 3", "x = 4")
    until(lambda: "x = 4" in ipynb.read_text("utf-8"), 2)
    edit(ipynb, "x = 4", "x = 5")
    until(lambda: "x = 5" in py.read_text("utf-8"), 2)
    until(lambda: len(watching.events) == 3, 2)
    time.sleep(1)
    assert [Path(path).name for event in watching.events[1:] for path in event["written"]] == [
        "magics.ipynb",
        "magics.py",
        "magics.ipynb",
    ]
    assert states(project) == {"analysis": "in-sync", "magics": "in-sync"}


def test_a_save_by_jupyter_and_one_by_renaming_follow(
    project: Path, watching: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_server.services.contents.largefilemanager import LargeFileManager

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(project.parent / "jupyter"))
    contents = LargeFileManager(root_dir=str(project))
    model = contents.get("magics.ipynb")
    (cell,) = [cell for cell in model["content"]["cells"] if "x = 3" in cell["source"]]
    cell["source"] = cell["source"].replace("x = 3", "x = 6")
    contents.save(model, "magics.ipynb")
    until(lambda: "x = 6" in (project / "magics.py").read_text("utf-8"), 2)

    aside = project / "magics.py.new"
    aside.write_text((project / "magics.py").read_text("utf-8").replace("x = 6", "x = 7"), "utf-8")
    (project / "magics.py").rename(project / "magics.py~")
    time.sleep(0.3)
    aside.rename(project / "magics.py")
    until(lambda: "x = 7" in (project / "magics.ipynb").read_text("utf-8"), 2)
    until(lambda: len(watching.events) == 3, 2)
    assert "half" not in {event["state"] for event in watching.events}
    assert [Path(path).suffix for event in watching.events for path in event["backups"]] == [
        Path(path).suffix for event in watching.events for path in event["written"]
    ]


def test_a_conflict_is_said_once_and_its_end_too(project: Path, watching: Watch) -> None:
    py, ipynb = project / "magics.py", project / "magics.ipynb"
    watching.child.send_signal(signal.SIGSTOP)
    edit(py, "x = 3", "x = 4")
    edit(ipynb, "x = 3", "x = 5")
    watching.child.send_signal(signal.SIGCONT)
    until(lambda: watching.kinds == ["synced", "conflict"], 3)
    (conflict,) = watching.events[-1]["conflicts"]
    assert (conflict["py"], conflict["ipynb"]) == ("x = 4", "x = 5")
    os.utime(py)
    edit(project / "analysis.py", "df['week']", "df.week")
    until(lambda: watching.kinds == ["synced", "conflict", "synced"], 3)  # other pairs go on
    assert "x = 4" in py.read_text("utf-8") and "x = 5" in ipynb.read_text("utf-8")
    edit(py, "x = 4", "x = 6")
    until(lambda: watching.kinds[3:] == ["conflict"], 3)
    edit(py, "x = 6", "x = 5")
    until(lambda: watching.kinds[3:] == ["conflict", "resolved"], 3)


def test_faults_of_one_pair_are_said_once_and_retried(project: Path, watching: Watch) -> None:
    ipynb = project / "magics.ipynb"
    whole = ipynb.read_text("utf-8")
    ipynb.write_text(whole[:100], "utf-8")
    until(lambda: watching.kinds == ["synced", "invalid"], 3)
    assert "not valid JSON" in watching.events[-1]["reason"]
    ipynb.write_text(whole.replace("x = 3", "x = 4"), "utf-8")
    until(lambda: watching.kinds == ["synced", "invalid", "resolved"], 3)
    assert "x = 4" in (project / "magics.py").read_text("utf-8")

    ipynb.unlink()
    ipynb.symlink_to("magics.ipynb")
    until(lambda: watching.kinds[3:] == ["error"], 5)
    assert "cannot read" in watching.events[-1]["error"]["message"]
    time.sleep(2.5)
    ipynb.unlink()
    until(lambda: watching.kinds[3:] == ["error", "resolved"], 5)
    assert "x = 4" in ipynb.read_text("utf-8")


def test_a_burst_of_writes_leads_to_few_syncs(project: Path, watching: Watch) -> None:
    text = (project / "magics.py").read_text("utf-8")
    for number in range(50):
        (project / "magics.py").write_text(text.replace("x = 3", f"x = {number}00"), "utf-8")
        time.sleep(0.02)
    until(lambda: "x = 4900" in (project / "magics.ipynb").read_text("utf-8"), 2)
    time.sleep(1)
    assert len(watching.events) <= 5
    assert states(project)["magics"] == "in-sync"


def test_pairs_that_come_and_halves_that_go(project: Path, watching: Watch) -> None:
    """New pairs are found, in new folders too; a half is made again, but not while both are being deleted."""
    shutil.copyfile(CORPUS / "old.ipynb", project / "old.ipynb")
    daglab(project, "pair", "old.ipynb")
    shutil.copytree(project, project / "more" / "deep", ignore=shutil.ignore_patterns("more", ".*"))
    time.sleep(1)
    edit(project / "more" / "deep" / "magics.py", "x = 3", "x = 4")
    until(lambda: "x = 4" in (project / "more" / "deep" / "magics.ipynb").read_text("utf-8"), 2)

    for skipped in (".venv", "node_modules", ".daglab"):
        shutil.copytree(project / "more", project / skipped / "more")
        edit(project / skipped / "more" / "deep" / "magics.py", "x = 4", "x = 5")
    (project / "plain.py").write_text("x = 1\n")
    (project / "other.ipynb").write_text("{}")
    (project / "magics.py").unlink()
    time.sleep(1)
    (project / "magics.ipynb").unlink()
    before = (project / "analysis.py").read_bytes()
    (project / "analysis.py").unlink()
    until(lambda: (project / "analysis.py").exists(), 5)
    assert (project / "analysis.py").read_bytes() == before
    time.sleep(1)
    assert not (project / "magics.py").exists() and not (project / "magics.ipynb").exists()
    assert not (project / "plain.ipynb").exists() and not (project / "other.py").exists()
    assert set(watching.kinds) == {"synced"}
    for skipped in (".venv", "node_modules", ".daglab"):
        assert "x = 5" not in (project / skipped / "more" / "deep" / "magics.ipynb").read_text("utf-8")


def test_syncs_by_hand_beside_it_lose_nothing(project: Path, watching: Watch) -> None:
    """Each round edits both halves and syncs by hand at once; every edit arrives in both."""
    py, ipynb = project / "magics.py", project / "magics.ipynb"
    edit(py, "x = 3", "x = 3  # py 0")
    edit(ipynb, "sum(range(1000))", "sum(range(1000))  # ipynb 0")
    for number in range(1, 7):
        by_hand = subprocess.run([DAGLAB, "sync", "magics.py"], cwd=project, capture_output=True, text=True, timeout=60)
        assert by_hand.returncode in (0, 8), by_hand  # 8: a file moved; that was said, and it was left alone
        until(lambda: states(project)["magics"] == "in-sync", 5)
        for path in (py, ipynb):
            text = path.read_text("utf-8")
            assert f"# py {number - 1}" in text and f"# ipynb {number - 1}" in text
        edit(py, f"# py {number - 1}", f"# py {number}")
        edit(ipynb, f"# ipynb {number - 1}", f"# ipynb {number}")
    until(lambda: states(project)["magics"] == "in-sync", 5)
    assert "conflict" not in watching.kinds


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_end_it_cleanly(watching: Watch, number: signal.Signals, code: int) -> None:
    assert watching.end(number) == code
    assert "Traceback" not in watching.messages
    assert watching.kinds == ["synced"]


def test_files_can_be_watched_alone(project: Path) -> None:
    document = json.loads((project / "magics.ipynb").read_bytes())
    output = {"output_type": "stream", "name": "stdout", "text": ["a late output\n"]}
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [output]
    (project / "magics.ipynb").write_text(json.dumps(document), "utf-8")
    watch = Watch(project, project.parent / "events", "magics.ipynb", "--keep-outputs")
    try:
        edit(project / "analysis.py", "df.week", "df['week']")
        edit(project / "magics.py", "x = 3", "x = 4")
        until(lambda: "x = 4" in (project / "magics.ipynb").read_text("utf-8"), 30)
        edit(project / "magics.py", "x = 4", "x = 5")
        until(lambda: "x = 5" in (project / "magics.ipynb").read_text("utf-8"), 2)
        assert states(project)["analysis"] == "py-ahead"
        assert {event["py"] for event in watch.events} == {"magics.py"}
        cells = json.loads((project / "magics.ipynb").read_bytes())["cells"]
        assert all(output in cell["outputs"] for cell in cells if cell["cell_type"] == "code")
    finally:
        assert watch.end() == 143


def test_what_cannot_be_watched_is_said(project: Path) -> None:
    assert "--dry-run" in daglab(project, "sync", "--watch", "--dry-run", code=2).stderr
    assert "does not exist" in daglab(project, "sync", "--watch", "none.py", code=1).stderr
    (project / "daglab.yaml").write_text("read_only: true\n")
    assert "read_only" in daglab(project, "sync", "--watch", code=2).stderr


def test_a_py_beside_half_of_another_pair_does_not_end_the_watch(project: Path, watching: Watch) -> None:
    notebook = json.loads((project / "magics.ipynb").read_text("utf-8"))
    notebook["metadata"]["daglab"]["py"] = "elsewhere/"
    (project / "lone.ipynb").write_text(json.dumps(notebook), "utf-8")
    until((project / "elsewhere" / "lone.py").exists, 5)
    (project / "lone.py").write_text("x = 1\n", "utf-8")
    time.sleep(0.3)
    edit(project / "analysis.py", "df['week']", "df.week")
    until(lambda: "df.week" in (project / "analysis.ipynb").read_text("utf-8"), 5)


def test_a_py_that_moves_to_another_folder_is_followed(project: Path, watching: Watch) -> None:
    (project / "scripts").mkdir()
    (project / "magics.py").rename(project / "scripts" / "magics.py")
    time.sleep(0.3)  # the watch waits for the .py to come back
    notebook = json.loads((project / "magics.ipynb").read_text("utf-8"))
    notebook["metadata"]["daglab"]["py"] = "scripts/"
    (project / "magics.ipynb").write_text(json.dumps(notebook).replace("x = 3", "x = 4"), "utf-8")
    until(lambda: "x = 4" in (project / "scripts" / "magics.py").read_text("utf-8"), 5)
    assert not (project / "magics.py").exists()
