"""Takes daglab into a project that Dagster already runs: recognises it, and plans what its files need.

Nothing is written here. What a file says already stays as it is; what is added keeps the file's comments and order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from daglab import files
from daglab.config_sources import CONFIG_NAME, read_toml
from daglab.errors import ConfigError
from daglab.files import FileContent
from daglab.project import CodeLocation, Project
from daglab.scaffold.pyproject import build_backend, edit_pyproject, lists_requirements

Kind = Literal["dg", "dagster", "workspace", "definitions"]
_IGNORED = (".daglab/", ".dagster_home/", "__marimo__/", ".ipynb_checkpoints/")
_DEFS_YAML = "type: daglab.NotebookComponent\n"
_WORKSPACES = ("workspace.yaml", "workspace.yml")


@dataclass(frozen=True)
class DagsterProject:
    """A project that Dagster runs.

    ``kind`` is what Dagster knows it by: ``dg`` ([tool.dg.project] or dg.toml), ``dagster`` ([tool.dagster]),
    ``workspace`` (workspace.yaml) or ``definitions`` (a package with a definitions.py); ``origin`` says where that
    stands. ``package`` is the folder of its package, relative to ``root``, and ``module`` what Dagster loads.
    """

    root: Path
    kind: Kind
    origin: str
    package: Path
    module: str

    @property
    def loads_defs_folder(self) -> bool:
        """Whether components are found by ``dg``, so that a defs.yaml is all that notebooks need."""
        return self.kind == "dg" and (self.root / self.package / "defs").is_dir()

    @property
    def notebooks(self) -> Path:
        """Where notebooks go, relative to ``root``."""
        return self.package / "defs" / "notebooks" if self.loads_defs_folder else self.package / "notebooks"


@dataclass
class FileEdit:
    """A file as it is, what it will hold, and what that changes, in words; nothing, where ``after`` is ``None``."""

    before: FileContent
    after: bytes | None = None
    changes: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The file."""
        return self.before.path


@dataclass(frozen=True)
class Plan:
    """The edits that take daglab into ``project``, and the ``notes``: what a person has to do, or to know."""

    project: DagsterProject
    edits: tuple[FileEdit, ...]
    notes: tuple[str, ...]


def recognise(root: Path, package: str | None = None) -> DagsterProject:
    """Tell what kind of Dagster project the folder ``root`` is; ``package`` decides where several fit.

    Raises:
        ConfigError: it is none, its files can't be read, or several packages fit; the remedy lists them.
    """
    found = list(_candidates(root))
    if package is not None:
        found = [project for project in found if project.package.name == package]
    if not found:
        wanted = f"a package {package!r} that Dagster loads" if package else "a Dagster project"
        raise ConfigError(
            f"{root}: there is no {wanted.removeprefix('a ')} here, whose code lies in a package of the folder",
            remedy="name the folder of one (with [tool.dagster], [tool.dg.project], a workspace.yaml or a package with "
            "a definitions.py), or make a new one: daglab init --bootstrap DIR",
        )
    first = [project for project in found if project.kind == found[0].kind]
    names = sorted({project.package.name for project in first})
    if len(names) > 1:
        raise ConfigError(f"{root}: several packages: {', '.join(names)}", remedy=f"--package {names[0]}")
    return first[0]


def plan(project: DagsterProject, *, force: bool = False) -> Plan:
    """What the project's files need; a value that is there already, and another one, is replaced with ``force`` only.

    Raises:
        ConfigError: a file can't be read, or isn't what it should be.
    """
    notes: list[str] = []
    edits = [_ignore(project.root), *_notebooks(project)]
    pyproject = project.root / "pyproject.toml"
    own = project.root / CONFIG_NAME
    if pyproject.is_file():
        edits.append(_pyproject(project, notes, force=force, configures=not own.exists()))
    elif not own.exists():
        edits.append(_new(own, f"version: 1\nnotebooks_dir: {project.notebooks.as_posix()}\n", "the configuration"))
        notes.append("There is no pyproject.toml, so that no wheel is built: see docs/hook.md for one.")
    if own.exists():
        notes.append(f"{CONFIG_NAME} is there and stays as it is; notebooks_dir: {project.notebooks.as_posix()}")
    if not project.loads_defs_folder and not _loads_notebooks(project):
        module = f"{'.'.join(_parts(project.package))}.notebooks"
        notes.append(
            f"Let {project.module} load the notebooks:\n"
            f'    defs = dg.Definitions.merge(defs, daglab.notebook_definitions("{module}"))'
        )
    return Plan(project, tuple(edit for edit in edits if edit.after is not None), tuple(notes))


def _candidates(root: Path) -> Iterator[DagsterProject]:
    """What the folder may be, as Dagster's own tools look for it."""
    project = Project(root)
    declared: list[CodeLocation] = list(project.declared())
    for location in declared:
        kind: Kind = "dg" if location.by == "dg" else "dagster"
        yield from _of_module(root, kind, location.origin, location.module_name)
    for name in _WORKSPACES:
        if (root / name).is_file():
            for module in _workspace_modules(root / name):
                yield from _of_module(root, "workspace", str(root / name), module)
    for location in project.packages():
        yield from _of_module(root, "definitions", location.origin, location.module_name)


def _of_module(root: Path, kind: Kind, origin: str, module: str) -> Iterator[DagsterProject]:
    """The project whose code is ``module``, if that lies in a package of the folder."""
    first = module.partition(".")[0]
    for package in (Path("src", first), Path(first)) if first.isidentifier() else ():
        if (root / package).is_dir():
            yield DagsterProject(root, kind, origin, package, module)
            return


def _workspace_modules(path: Path) -> Iterator[str]:
    """The modules that a workspace.yaml loads; of a file below its folder, the module that it is."""
    import yaml

    try:
        value = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", remedy="correct the file") from error
    entries = value.get("load_from") if isinstance(value, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        for key, target in entry.items() if isinstance(entry, dict) else ():
            said = target if isinstance(target, dict) else {"module_name": target, "relative_path": target}
            if key in ("python_module", "python_package") and (name := said.get("module_name") or said.get(key)):
                yield str(name)
            elif key == "python_file" and (name := said.get("relative_path")):
                root = path.parent.resolve()
                file = (root / str(said.get("working_directory") or "") / str(name)).resolve()
                if root in file.parents:
                    parts = file.relative_to(root).with_suffix("").parts
                    yield ".".join(parts[1:] if parts[:1] == ("src",) else parts)


def _ignore(root: Path) -> FileEdit:
    edit = FileEdit(files.read(root / ".gitignore"))
    text, newline = _text(edit.before, "surrogateescape")
    known = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in _IGNORED if line.strip("/") not in known]
    if missing:
        gap = "" if not text or text.endswith("\n") else "\n"
        added = "".join(f"{line}\n" for line in missing)
        edit.after = f"{text}{gap}{added}".replace("\n", newline).encode("utf-8", "surrogateescape")
        edit.changes.append(f"ignores {', '.join(missing)}")
    return edit


def _notebooks(project: DagsterProject) -> Iterator[FileEdit]:
    folder = project.root / project.notebooks
    if project.loads_defs_folder:
        if not (folder / "defs.yaml").exists():
            yield _new(folder / "defs.yaml", _DEFS_YAML, "the component that loads the notebooks of its folder")
    elif not folder.is_dir():
        yield _new(folder / ".gitkeep", "", "the folder for notebooks")


def _pyproject(project: DagsterProject, notes: list[str], *, force: bool, configures: bool) -> FileEdit:
    """The edit of pyproject.toml: daglab's configuration, the requirement, and the hook where hatchling builds."""
    edit = FileEdit(files.read(project.root / "pyproject.toml"))
    document = read_toml(edit.path)  # its faults are told with their line
    text, newline = _text(edit.before)
    folder = project.notebooks.as_posix()
    edited, edit.changes = edit_pyproject(text, folder, edit.path, force=force, configures=configures)
    if edit.changes:
        edit.after = edited.replace("\n", newline).encode()
    if not lists_requirements(document):
        notes.append("Add daglab[dagster] to what the project requires: pyproject.toml has no list of it.")
    if (backend := build_backend(document)) != "hatchling.build":
        notes.append(
            f"The build backend is {backend or 'setuptools'}, which has no build hooks: daglab check does the same "
            'checks. With build-backend = "hatchling.build", run daglab init again for the hook.'
        )
    return edit


def _text(content: FileContent, errors: str = "strict") -> tuple[str, str]:
    """A file's text with LF ends, and its own line end; one with both kinds is left as it is."""
    text = (content.data or b"").decode("utf-8", errors)
    plain = text.replace("\r\n", "\n")
    return (plain, "\r\n") if text == plain.replace("\n", "\r\n") != plain else (text, "\n")


def _new(path: Path, text: str, what: str) -> FileEdit:
    return FileEdit(files.read(path), text.encode(), [f"new: {what}"])


def _loads_notebooks(project: DagsterProject) -> bool:
    """Whether some module of the package calls ``notebook_definitions`` or names the component."""
    for folder, names, found in os.walk(project.root / project.package):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in found:
            if name.endswith((".py", ".yaml", ".yml")):
                text = (files.read(Path(folder, name)).data or b"").decode("utf-8", "replace")
                if "notebook_definitions" in text or "NotebookComponent" in text:
                    return True
    return False


def _parts(package: Path) -> tuple[str, ...]:
    return package.parts[1:] if package.parts[0] == "src" else package.parts
