"""The files that the hook adds: .ipynb halves, the manifest, and definitions where a package has none."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

from daglab.errors import BuildError
from daglab.notebook.check import CheckedNotebook, Report
from daglab.notebook.hook_options import HookOptions
from daglab.notebook.manifest import FILE_NAME, NotebookEntry, manifest_text, notebook_entry
from daglab.pair.places import Places
from hatch_daglab.dg_project import dg_toml
from hatch_daglab.halves import ipynb_text, jupyter_text
from hatch_daglab.page import html_page
from hatch_daglab.selection import Selection

_DEFINITIONS = '''"""The Dagster definitions of {package}'s notebooks; made by daglab's build hook."""

import daglab

defs = daglab.notebook_definitions({folder!r}, executor=daglab.default_executor())
'''


class Bundle:
    """Collects files in ``folder``; ``files`` says where each goes, in the form of hatchling's ``force_include``."""

    def __init__(self, selection: Selection, options: HookOptions, places: Places, folder: str) -> None:
        self.files: dict[str, str] = {}
        self._selection = selection
        self._options = options
        self._places = places
        self._folder = Path(folder)

    def add_wheel(self, report: Report) -> list[str]:
        """Everything that makes a wheel a code location; answers its packages with notebooks, sorted."""
        packages: dict[str, list[tuple[CheckedNotebook, PurePosixPath]]] = defaultdict(list)
        for checked in report.notebooks:
            package, place = self._selection.package_of(checked.path), self._selection.place(checked.path)
            if package is not None and place is not None:
                text = self._add_half(checked, place[0])
                if self._options.html:
                    page = PurePosixPath(place[0]).with_suffix(".html")
                    self._add(page, html_page(text, page.stem))
                packages[package].append((checked, PurePosixPath(place[0])))
        for package, notebooks in packages.items():
            self._add_package(package, notebooks)
        self._strip_others()
        return sorted(packages)

    def add_sdist(self, report: Report) -> None:
        """The .ipynb files that exist: outputs must not leave the project by the sdist either."""
        for checked in report.notebooks:
            place = self._selection.place(checked.path)
            if place is not None and checked.path.with_suffix(".ipynb").exists():
                self._add_half(checked, place[0])
        self._strip_others()

    def _strip_others(self) -> None:
        """Jupyter notebooks that are no half of a checked pair: their outputs stay out, too."""
        if self._options.outputs == "keep":
            return
        added = set(self.files.values())
        for path, relative in self._selection.jupyter_notebooks():
            if relative not in added:
                self._add(PurePosixPath(relative), jupyter_text(path, keep_outputs=False))

    def _add_half(self, checked: CheckedNotebook, relative: str) -> str:
        text = ipynb_text(checked.path, self._places, keep_outputs=self._options.outputs == "keep")
        self._add(PurePosixPath(relative).with_suffix(".ipynb"), text)
        return text

    def _add_package(self, package: str, notebooks: list[tuple[CheckedNotebook, PurePosixPath]]) -> None:
        depth = package.count(".") + 1
        first = self._selection.place(notebooks[0][0].path)
        assert first is not None  # only placed notebooks get here
        # the package's folder in the project: as many parts above the notebook as in the artifact
        inner = len(PurePosixPath(first[1]).parts) - depth
        home = PurePosixPath(*notebooks[0][1].parts[:-inner])
        entries = [self._entry(checked, relative.relative_to(home)) for checked, relative in notebooks]
        self._add(home / FILE_NAME, manifest_text(entries))
        if not self._selection.has_dg_toml(package) and (text := dg_toml(self._selection.root, package)):
            self._add(home / "dg.toml", text)
        if not self._selection.has_definitions(package):
            folder = _dotted(package, [PurePosixPath(entry.path).parent for entry in entries])
            self._add(home / "definitions.py", _DEFINITIONS.format(package=package, folder=folder))

    def _entry(self, checked: CheckedNotebook, path: PurePosixPath) -> NotebookEntry:
        assert checked.header is not None  # a notebook whose header can't be read refuses the build
        half = path.with_suffix(".ipynb").as_posix()
        return notebook_entry(path.as_posix(), half, checked.path.read_bytes(), checked.header)

    def _add(self, target: PurePosixPath, text: str) -> None:
        if target.suffix.lower() != ".ipynb" and self._selection.place(self._selection.root / target) is not None:
            raise BuildError(f"{target}: the build hook makes a file of this name", remedy="give yours another one")
        path = self._folder / str(len(self.files))
        path.write_bytes(text.encode("utf-8", "backslashreplace"))  # "\ud800", as JSON writes what UTF-8 can't hold
        path.chmod(0o644)
        self.files[str(path)] = str(target)


def _dotted(package: str, folders: list[PurePosixPath]) -> str:
    """The innermost importable folder that holds all ``folders`` of a package."""
    shared: list[str] = []
    for parts in zip(*(folder.parts for folder in folders), strict=False):
        if len(set(parts)) > 1 or not parts[0].isidentifier():
            break
        shared.append(parts[0])
    return ".".join((package, *shared))
