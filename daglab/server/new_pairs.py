"""Makes pairs for the REST API: of a notebook that is there, from a template, or to explore an asset."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from daglab.client import Asset
from daglab.errors import ExistingFileError, RequestError
from daglab.new_pair import is_taken, write_pair
from daglab.pair import Pair, SyncResult, create_pair, pair_of
from daglab.scaffold.notebook import (
    ExploredAsset,
    NotebookTemplate,
    render_exploration,
    render_notebook,
    variable_name,
)
from daglab.server.pair_size import refuse_large
from daglab.server.pair_sync import PairSync, path_in, refuse_outside
from daglab.server.paths import confined_file, confined_place, lies_below

_MOST_NAMES = 1_000


@dataclass(frozen=True)
class NewPairs:
    """Where new pairs may be made.

    Args:
        root: the server's root folder, below which both halves lie.
        folder: where notebooks go that nobody has named a place for.
        pairs: guards and publishes what is written.
    """

    root: Path
    folder: Path
    pairs: PairSync

    def of_file(self, path: str, *, jupytext: bool) -> tuple[Pair, SyncResult]:
        """The pair of a notebook that is there: its missing half is made, or both are joined.

        Raises:
            RequestError, MissingFileError: see :func:`confined_file`.
            PairError, NotebookError: see :func:`daglab.pair.create_pair`; LargePairError is among them.
        """
        return self._create(confined_file(self.root, path), jupytext=jupytext)

    def of_template(self, path: str, template: NotebookTemplate, *, jupytext: bool) -> tuple[Pair, SyncResult]:
        """A new notebook, called after its file.

        Raises:
            RequestError, MissingFileError: ``path`` is no place for a .py.
            ExistingFileError: a half is there already.
        """
        file = self._place(path)
        return self._new(file, render_notebook(template, file.stem), jupytext=jupytext)

    def of_asset(self, asset: Asset, path: str | None, *, jupytext: bool) -> tuple[Pair, SyncResult]:
        """A new notebook that loads the asset; without ``path`` in the folder for notebooks, called after the asset.

        Raises:
            RequestError, MissingFileError: ``path`` is no place for a .py.
            ExistingFileError: a half is there already.
        """
        explored = ExploredAsset(asset.key, asset.description or "", asset.dependencies, asset.partitioned)
        text = render_exploration(explored)
        if path:
            return self._new(self._place(path), text, jupytext=jupytext)
        stem = f"explore_{variable_name(asset.path[-1])}"
        for file in self._free(stem):
            with contextlib.suppress(ExistingFileError):  # somebody else has just taken the name
                return self._new(file, text, jupytext=jupytext)
        raise ExistingFileError(f"There are {_MOST_NAMES} notebooks {stem} already.", remedy="name a path")

    def _place(self, path: str) -> Path:
        file = confined_place(self.root, path)
        if file.suffix != ".py":
            raise RequestError(f"{path!r} is not the path of a .py.", remedy="name the pair by its .py")
        return file

    def _free(self, stem: str) -> Iterator[Path]:
        """Files that neither are there nor their other halves."""
        folder = self.folder if lies_below(self.root, self.folder) and self.folder.is_dir() else self.root
        for number in range(1, _MOST_NAMES):
            file = folder / f"{stem}{f'_{number}' if number > 1 else ''}.py"
            if not is_taken(file):
                yield file

    def _new(self, file: Path, text: str, *, jupytext: bool) -> tuple[Pair, SyncResult]:
        """A new pair, or no file; a file of the .py's name, or of its other half's, is never touched."""
        return write_pair(
            file,
            text,
            partial(self._create, jupytext=jupytext),
            shown=path_in(self.root, file) or file.name,
            remedy="choose another name, or delete it",
        )

    def _create(self, file: Path, *, jupytext: bool) -> tuple[Pair, SyncResult]:
        pair = pair_of(file)
        refuse_outside(self.root, pair)
        refuse_large(pair)
        result = create_pair(file, jupytext=jupytext, approve=self.pairs.approve)
        self.pairs.tell(pair, result)
        return pair, result
