"""What each store of executed notebooks must do; a new one inherits the suite."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from daglab.errors import MissingExtraError, StorageError
from daglab.storage import ExecutedStore, file_name

RUN = "0b5a3c1e-6f0e-4d5e-9d3b-2f1c7a9e8b10"


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


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self) -> ExecutedStore:
        return ExecutedStore(f"memory://{uuid.uuid4().hex}")

    def test_it_is_no_file(self, store: ExecutedStore) -> None:
        assert store.local_path(RUN, "a") is None
        assert store.url(RUN, "a") is None


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
