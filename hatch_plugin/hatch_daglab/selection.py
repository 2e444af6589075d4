"""What hatchling would put into the artifact: where each notebook goes, which package it is in, what is stray."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from daglab.notebook.check import LINK_REMEDY, Report
from daglab.notebook.find import find_notebooks, may_be_asset_notebook
from daglab.notebook.findings import Finding
from daglab.notebook.source_project import SourceProject

if TYPE_CHECKING:
    from hatchling.builders.plugin.interface import BuilderInterface, IncludedFile

# Caches, backups, instances and secrets of a working copy; git ignores them, but not every project is in git.
_STRAY_FOLDERS = (".daglab", ".dagster_home", ".ipynb_checkpoints", "__marimo__", ".virtual_documents", ".Trash-*")
_STRAY_FILES = (
    *(".env", ".env.*", "*.env", ".envrc", ".netrc", "_netrc", ".pypirc", ".git-credentials"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
    *("*~", "*.bak", "*.part", ".#*", ".jupyter_ystore.db"),
)


class Selection:
    """The files that hatchling has selected, before the hook's own."""

    def __init__(self, builder: BuilderInterface[Any, Any]) -> None:
        self.root = Path(builder.root)
        self._files = {Path(file.path): file for file in builder.recurse_included_files()}
        self._distributed = {_slashed(file) for file in self._files.values()}

    @property
    def stray(self) -> set[str]:
        """Paths in the artifact of files that don't belong there."""
        return {file.distribution_path for file in self._files.values() if not _belongs(file)}

    def place(self, path: Path) -> tuple[str, str] | None:
        """Where a file lies: (relative to the project, in the artifact), with slashes; ``None`` if it is left out."""
        file = self._files.get(path)
        return (Path(file.relative_path).as_posix(), _slashed(file)) if file else None

    def jupyter_notebooks(self) -> list[tuple[Path, str]]:
        """Each .ipynb that belongs into the artifact, with its path relative to the project, sorted."""
        files = [(path, file) for path, file in self._files.items() if path.suffix.lower() == ".ipynb"]
        return sorted((path, Path(file.relative_path).as_posix()) for path, file in files if _belongs(file))

    def notebooks(self, project: SourceProject) -> list[Path]:
        """Each .py that belongs into the artifact and is, or may be, a notebook with a header.

        hatchling follows links to folders and enters folders that the project's search leaves out.
        """
        files = [path for path, file in self._files.items() if path.suffix.lower() == ".py" and _belongs(file)]
        return [path for path in files if project.holds(path) and may_be_asset_notebook(path)]

    def links(self, project: SourceProject, told: Collection[str]) -> list[Finding]:
        """Links of the artifact's files that lead outside the project, or nowhere and are not ``told`` of yet.

        What is named under ``force-include`` may come from outside: its owner has said so.
        """
        found = set()
        for path, file in self._files.items():
            if not file.relative_path or not _belongs(file):
                continue
            if project.holds(path):
                shown = project.shown(path)
                if shown not in told and not path.exists():
                    found.add(Finding(shown, 1, "DL320", f"{shown} is a link that leads nowhere", "mend or remove it"))
            else:
                while not project.holds(path.parent):  # the link itself, not all that lies behind it
                    path = path.parent
                shown = project.shown(path)
                found.add(Finding(shown, 1, "DL320", f"{shown} leads outside the project", LINK_REMEDY))
        return sorted(found)

    def package_of(self, path: Path) -> str | None:
        """The importable package that a file is in, as ``shop`` or ``acme.shop``: the outermost that is no namespace.

        ``None`` for a file that is left out or lies in no package.
        """
        place = self.place(path)
        if place is None:
            return None
        folders = PurePosixPath(place[1]).parent.parts
        for length in range(1, len(folders) + 1):
            if "/".join((*folders[:length], "__init__.py")) in self._distributed:
                return ".".join(folders[:length])
        return None

    def packages_of(self, paths: Iterable[Path]) -> list[str]:
        """The packages that hold any of ``paths``, sorted."""
        return sorted({package for path in paths if (package := self.package_of(path)) is not None})

    def has_definitions(self, package: str) -> bool:
        """Whether a package brings its own ``definitions``."""
        folder = package.replace(".", "/")
        return not self._distributed.isdisjoint({f"{folder}/definitions.py", f"{folder}/definitions/__init__.py"})

    def has_dg_toml(self, package: str) -> bool:
        """Whether a package brings its own ``dg.toml``."""
        return f"{package.replace('.', '/')}/dg.toml" in self._distributed

    def unpacked(self, report: Report, project: SourceProject) -> list[Finding]:
        """Notebooks that the project names in ``notebooks``, but that no package would carry; and where there are
        notebooks, that none of them would be carried."""
        homeless = [n for n in report.notebooks if self.package_of(n.path) is None]
        if project.options.notebooks is not None:
            remedy = "move it into a package of the wheel (one with an __init__.py)"
            message = "the notebook lies in none of the wheel's packages"
            return [Finding(n.notebook.path, 1, "DL321", message, remedy) for n in homeless]
        if not report.notebooks and not find_notebooks(self.root, header_only=False):
            return []  # a project that has none yet
        if not report.findings and len(homeless) == len(report.notebooks):
            line = project.line_of("tool", "hatch", "build", "hooks", "daglab")
            message = "no notebook with a [tool.daglab] header is in a package of the wheel"
            return [Finding("pyproject.toml", line, "DL322", message, "add one, or remove the hook")]
        return []


def _slashed(file: IncludedFile) -> str:
    return Path(file.distribution_path).as_posix()


def _belongs(file: IncludedFile) -> bool:
    """Whether a file is none of the leavings of a working copy."""
    path = PurePosixPath(_slashed(file))
    if any(fnmatchcase(folder, pattern) for folder in path.parts[:-1] for pattern in _STRAY_FOLDERS):
        return False
    is_module = path.suffix == ".py" and path.stem.isidentifier()
    return is_module or not any(fnmatchcase(path.name, pattern) for pattern in _STRAY_FILES)
