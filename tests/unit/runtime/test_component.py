"""``daglab.NotebookComponent``: what a ``defs.yaml`` says arrives in Dagster, and what is wrong with it has a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster.components.testing import DefsFolderSandbox, create_defs_folder_sandbox

import daglab


@pytest.fixture
def project() -> Iterator[DefsFolderSandbox]:
    with create_defs_folder_sandbox() as made:
        yield made


def scaffold(project: DefsFolderSandbox, name: str = "orders", **attributes: Any) -> Path:
    yaml = {"type": "daglab.NotebookComponent", "attributes": attributes}
    return project.scaffold_component(
        component_cls=daglab.NotebookComponent, defs_path=name, defs_yaml_contents=yaml if attributes else None
    )


def loaded(project: DefsFolderSandbox) -> dg.Definitions:
    with project.build_all_defs() as definitions:
        return definitions


def test_what_is_scaffolded_loads_and_materializes(project: DefsFolderSandbox) -> None:
    folder = scaffold(project)
    assert sorted(path.name for path in folder.iterdir()) == ["defs.yaml", "orders.py"]
    definitions = loaded(project)
    job = definitions.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process().output_for_node("orders__orders_notebook", "orders") == [1, 2, 3]


@pytest.mark.parametrize(
    ("folder", "notebook"),
    [
        ("my-orders", "my_orders"),
        ("class", "notebook_class"),
        ("_2024", "notebook_2024"),
        ("config", "notebook_config"),  # Dagster's own
        ("bücher", "bucher"),
        ("本", "notebook"),
        ("marimo", "notebook_marimo"),  # a marimo.py would be found by its own `import marimo`
    ],
)
def test_the_first_notebook_is_called_after_the_folder_by_a_name_that_marimo_shares(
    project: DefsFolderSandbox, folder: str, notebook: str
) -> None:
    assert (scaffold(project, folder) / f"{notebook}.py").is_file()
    assert [spec.key.to_user_string() for spec in loaded(project).resolve_all_asset_specs()] == [notebook]


def test_a_notebook_that_is_there_is_kept(project: DefsFolderSandbox) -> None:
    notebook = scaffold(project) / "orders.py"
    mine = notebook.read_text().replace("[1, 2, 3]", "42")
    notebook.write_text(mine)
    scaffold(project)
    assert notebook.read_text() == mine


def test_notebooks_of_one_file_name_in_two_components(project: DefsFolderSandbox) -> None:
    for name in ("eu", "us"):
        notebook = scaffold(project, name) / f"{name}.py"
        notebook.rename(notebook.with_name("orders.py"))
    job = loaded(project).resolve_implicit_global_asset_job_def()
    assert {node.name for node in job.nodes} == {"eu__orders_notebook", "us__orders_notebook"}
    assert job.execute_in_process().success


def test_attributes_arrive_in_dagster(project: DefsFolderSandbox) -> None:
    scaffold(project, group="sales", owners=["a@example.com"], tags={"tier": "gold"})
    (spec,) = loaded(project).resolve_all_asset_specs()
    assert (spec.group_name, list(spec.owners), spec.tags["tier"]) == ("sales", ["a@example.com"], "gold")


def test_the_path_is_relative_to_the_file_that_names_it(project: DefsFolderSandbox) -> None:
    folder = scaffold(project)
    (folder / "notebooks").mkdir()
    (folder / "orders.py").rename(folder / "notebooks" / "other.py")
    scaffold(project, path="notebooks")
    (folder / "orders.py").unlink()
    assert loaded(project).resolve_all_asset_keys() == [dg.AssetKey("orders")]


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"group": "x", "path": "nowhere"}, "there is no folder 'nowhere'"),
        ({"group": "x", "owner": "y"}, "Extra inputs are not permitted"),
        ({"group": "x", "tags": ["y"]}, "tags"),
        ({"tags": {"a": "b"}, "group": "a b"}, "group has 'a b'"),
        ({"group": "x", "owners": ["bob"]}, "an owner is an e-mail address"),
        ({"group": "x", "tags": {"a": "b c"}}, "tags has 'b c'"),
    ],
)
def test_an_error_names_the_file_and_the_line(
    project: DefsFolderSandbox, attributes: dict[str, Any], message: str
) -> None:
    place = scaffold(project, **attributes) / "defs.yaml"
    key = list(attributes)[-1]
    line = next(n for n, text in enumerate(place.read_text().splitlines(), 1) if text.strip().startswith(f"{key}:"))
    with pytest.raises(Exception, match="Error while loading component orders") as caught:
        loaded(project)
    said = ""
    error: BaseException | None = caught.value
    while error is not None:
        said, error = f"{said}{error}\n", error.__cause__ or error.__context__
    assert message in said
    assert f"{place}:{line}" in said


def test_an_error_in_a_header_names_the_notebook_and_the_line(project: DefsFolderSandbox) -> None:
    notebook = scaffold(project) / "orders.py"
    notebook.write_text(notebook.read_text().replace("# description", "# descripton"))
    with pytest.raises(Exception, match="orders") as caught:
        loaded(project)
    said = f"{caught.value}\n{caught.value.__cause__}"
    assert f"{notebook}:6" in said
    assert "description" in said
