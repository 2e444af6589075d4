"""What each store of executed notebooks must do; a new one inherits the suite."""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from daglab import storage
from daglab.errors import MissingExtraError, StorageError
from daglab.executed_names import file_name
from daglab.processes import LOOPBACK, free_port, spawn
from daglab.storage import ExecutedStore

RUN = "0b5a3c1e-6f0e-4d5e-9d3b-2f1c7a9e8b10"


def notebook(run_id: str) -> bytes:
    return json.dumps({"metadata": {"daglab": {"executed": {"run_id": run_id}}}}).encode()


LEFT: list[StorageError] = []


@pytest.fixture(autouse=True)
def left() -> Iterator[None]:
    """No test leaves a notebook behind that it does not ask for."""
    yield
    told = [error.message for error in LEFT]
    LEFT.clear()
    assert told == []


class StoreContract:
    """The suite: a subclass gives the fixture ``store``."""

    def test_what_is_written_is_read(self, store: ExecutedStore) -> None:
        location = store.write(RUN, "sales/orders", b"{}")
        assert store.read(RUN, "sales/orders") == b"{}"
        assert location == store.location(RUN, "sales/orders")
        assert location.endswith(f"/{RUN}/sales__orders.ipynb")

    def test_a_second_write_replaces_the_first(self, store: ExecutedStore) -> None:
        store.write(RUN, "a", b"first, longer")
        store.write(RUN, "a", b"second")
        assert store.read(RUN, "a") == b"second"

    def test_each_try_is_kept_and_the_last_is_read(self, store: ExecutedStore) -> None:
        store.write(RUN, "a", b"another asset's", retry=20)
        for retry in (1, 2, 10):  # the first was killed
            store.write(RUN, "a/b", str(retry).encode(), retry=retry)
        assert store.read(RUN, "a/b") == b"10"
        assert store.location(RUN, "a/b", 2).endswith("/a__b@retry-2.ipynb")
        keys = ["a/b", "a/b@retry-1", "a/b.ipynb"]
        assert len({file_name(key, retry) for key in keys for retry in (0, 1)}) == 6

    def test_runs_and_keys_are_apart(self, store: ExecutedStore) -> None:
        keys = ["a/b", "a__b", "a_/b", "a/_b", "A/b", "a/b/c", "a.b", "a%2Fb", "ü/☃", "..", "a b"]
        for key in keys:
            store.write(RUN, key, key.encode())
        store.write("other-run", "a/b", b"other")
        assert [store.read(RUN, key) for key in keys] == [key.encode() for key in keys]

    def test_what_is_not_there_is_an_error(self, store: ExecutedStore) -> None:
        with pytest.raises(StorageError, match="no executed notebook of 'nothing'"):
            store.read(RUN, "nothing")

    @pytest.mark.parametrize("run_id", ["", "..", "../x", "a/b", "/etc", "a\\b", "a\0b", "-x", "x" * 101])
    def test_only_a_runs_id_leads_anywhere(self, store: ExecutedStore, run_id: str) -> None:
        with pytest.raises(StorageError, match="not a run's id"):
            store.write(run_id, "a", b"")
        with pytest.raises(StorageError):
            store.read(run_id, "a")

    @pytest.mark.parametrize("key", ["../../etc/passwd", "a/../b", "..\\..\\x", "%2e%2e/x", "a\0b", "CON", "x" * 5000])
    def test_no_key_leads_out_of_its_run(self, store: ExecutedStore, key: str) -> None:
        location = store.write(RUN, key, b"here")
        assert location.rsplit("/", 1)[0] == store.location(RUN, "a").rsplit("/", 1)[0]
        assert store.read(RUN, key) == b"here"

    def test_what_is_too_large_is_not_read(self, store: ExecutedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        store.write(RUN, "a", b"12345")
        monkeypatch.setattr(storage, "MOST_BYTES", 5)
        assert store.read(RUN, "a") == b"12345"
        monkeypatch.setattr(storage, "MOST_BYTES", 4)
        with pytest.raises(StorageError, match="larger than 4 bytes"):
            store.read(RUN, "a")

    def test_only_old_executed_notebooks_are_deleted(self, store: ExecutedStore) -> None:
        store.write(RUN, "a", notebook(RUN))
        store.write(RUN, "b", notebook("another run"))
        store.write(RUN, "c", b"{}")
        store.write(RUN, "d", b"no JSON")
        assert store.prune(timedelta(days=1), LEFT.append) == 0
        assert store.prune(timedelta(0), LEFT.append) == 1
        with pytest.raises(StorageError, match="no executed notebook"):
            store.read(RUN, "a")
        assert [store.read(RUN, key) for key in "bcd"] == [notebook("another run"), b"{}", b"no JSON"]

    def test_one_pruning_deletes_so_many_and_no_more(
        self, store: ExecutedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(storage, "MOST_DELETED", 2)
        for key in "abc":
            store.write(RUN, key, notebook(RUN))
        assert [store.prune(timedelta(0), LEFT.append) for _ in range(3)] == [2, 1, 0]

    def test_a_store_is_pruned_once_a_day(self, store: ExecutedStore) -> None:
        store.write(RUN, "a", notebook(RUN))
        assert store.prune_daily(timedelta(0), LEFT.append) == 1
        store.write(RUN, "a", notebook(RUN))
        assert store.prune_daily(timedelta(0), LEFT.append) == 0
        assert store.read(RUN, "a") == notebook(RUN)

    def test_an_empty_store_has_nothing_to_prune(self, store: ExecutedStore) -> None:
        assert store.prune(timedelta(0), LEFT.append) == 0


class TestLocal(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ExecutedStore:
        return ExecutedStore(str(tmp_path / "executed"))

    def test_it_is_a_plain_file_without_remains(self, store: ExecutedStore) -> None:
        store.write(RUN, "a", b"x")
        path = store.local_path(RUN, "a")
        assert path is not None
        assert [file.name for file in path.parent.iterdir()] == ["a.ipynb"]
        assert path.read_bytes() == b"x"
        assert store.url(RUN, "a") is None

    def test_nothing_remains_of_a_write_that_failed(self, store: ExecutedStore) -> None:
        path = store.local_path(RUN, "a")
        assert path is not None
        path.mkdir(parents=True)
        with pytest.raises(StorageError, match="cannot be written"):
            store.write(RUN, "a", b"x")
        assert [file.name for file in path.parent.iterdir()] == ["a.ipynb"]
        with pytest.raises(StorageError, match="cannot be read"):
            store.read(RUN, "a")

    def test_no_empty_folder_remains_of_a_deleted_run(self, store: ExecutedStore, tmp_path: Path) -> None:
        store.write(RUN, "a", notebook(RUN))
        (tmp_path / "executed" / "of-someone-else").mkdir()
        store.prune(timedelta(0), LEFT.append)
        assert [path.name for path in (tmp_path / "executed").iterdir()] == ["of-someone-else"]

    def test_what_cannot_be_read_or_deleted_is_told_and_the_rest_goes(
        self, store: ExecutedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for key in "abc":
            store.write(RUN, key, notebook(RUN))
        unreadable = store.local_path(RUN, "a")
        assert unreadable is not None
        unreadable.unlink()
        unreadable.symlink_to("/proc/self/mem")
        assert store.prune(timedelta(0), LEFT.append) == 2
        (error,) = LEFT
        LEFT.clear()
        assert error.details["location"] == str(unreadable)
        assert "cannot be read" in error.message
        assert unreadable.is_symlink()

    def test_what_is_aside_of_the_layout_stays(self, store: ExecutedStore, tmp_path: Path) -> None:
        for place in ("a.ipynb", f"{RUN}/x/a.ipynb", f"{RUN}/a.txt", f".{RUN}/a.ipynb"):
            path = tmp_path / "executed" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(notebook(RUN))
        assert store.prune(timedelta(0), LEFT.append) == 0


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> ExecutedStore:
        return ExecutedStore(f"memory://{uuid.uuid4().hex}")

    def test_it_is_no_file(self, store: ExecutedStore) -> None:
        assert store.local_path(RUN, "a") is None
        assert store.url(RUN, "a") is None


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket on a server that speaks S3's protocol."""
    port = free_port()
    argv = [sys.executable, "-m", "moto.server", "--host", LOOPBACK, "--port", str(port)]
    settings = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "of-no-account",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    with pytest.MonkeyPatch.context() as patch, spawn(argv) as child:
        for name, value in settings.items():
            patch.setenv(name, value)
        child.wait_until_healthy(f"http://{LOOPBACK}:{port}/moto-api/", timeout=60)
        httpx.put(f"http://{LOOPBACK}:{port}/daglab", timeout=10).raise_for_status()
        yield "s3://daglab"


class TestS3(StoreContract):
    @pytest.fixture
    def store(self, bucket: str) -> ExecutedStore:
        return ExecutedStore(f"{bucket}/{uuid.uuid4().hex}")

    def test_its_address_is_a_link(self, store: ExecutedStore) -> None:
        assert store.local_path(RUN, "a") is None
        assert store.url(RUN, "a") == f"{store.root}/{RUN}/a.ipynb"

    def test_a_bucket_that_is_not_there(self, bucket: str) -> None:
        with pytest.raises(StorageError, match="cannot be written"):
            ExecutedStore("s3://nosuch-bucket/x").write(RUN, "a", b"x")


BROKEN = """\
# /// script
# dependencies = ["daglab[dagster]", "marimo"]
# [tool.daglab.assets.a]
# [tool.daglab.assets.b]
# ///
import marimo

app = marimo.App()


@app.cell
def _():
    a = 1
    return (a,)


@app.cell
def _(a):
    b = a / 0
    return (b,)
"""


def test_a_run_keeps_its_notebook_in_s3_also_when_it_fails(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dagster as dg

    from daglab import notebook_assets

    root = f"{bucket}/{uuid.uuid4().hex}"
    monkeypatch.setenv("DAGLAB_EXECUTED__STORAGE", root)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text(BROKEN)
    made = notebook_assets(tmp_path / "broken.py")
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        good = dg.materialize([made], selection=["a"], instance=instance)
        bad = dg.materialize([made], selection=["b"], instance=instance, raise_on_error=False)
    (materialization,) = good.get_asset_materialization_events()
    urls = [materialization.materialization.metadata["url"].value]
    (failed,) = (event.step_failure_data for event in bad.all_events if event.is_step_failure)
    urls.append(failed.user_failure_data.metadata["url"].value)
    assert urls == [f"{root}/{good.run_id}/a.ipynb", f"{root}/{bad.run_id}/b.ipynb"]
    store = ExecutedStore(root)
    assert b"ZeroDivisionError" not in store.read(good.run_id, "a")
    assert b"ZeroDivisionError" in store.read(bad.run_id, "b")


def test_only_addresses_that_can_be_followed_are_links() -> None:
    assert ExecutedStore("s3://bucket/x/").url(RUN, "a/b") == f"s3://bucket/x/{RUN}/a__b.ipynb"


def test_a_file_system_that_is_not_installed_or_not_known() -> None:
    with pytest.raises(StorageError, match="nosuch"):
        ExecutedStore("nosuch://x").write(RUN, "a", b"")
    with pytest.raises(MissingExtraError, match=r"daglab\[gcs\]"):
        ExecutedStore("gs://bucket").write(RUN, "a", b"")
    with pytest.raises(StorageError, match="hdfs"):
        ExecutedStore("hdfs://host/x").write(RUN, "a", b"")


def test_file_names() -> None:
    assert file_name("sales/daily_revenue") == "sales__daily_revenue.ipynb"
    assert len(file_name("x" * 5000)) < 255
    for key in ("", "/", "a//b"):
        with pytest.raises(StorageError, match="not an asset key"):
            file_name(key)
