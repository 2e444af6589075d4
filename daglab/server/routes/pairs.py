"""``pairs``: notebook pairs, where each stands; synced, decided and created on request."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from daglab.errors import (
    DagsterConnectionError,
    ExistingFileError,
    FileMovedError,
    LargePairError,
    MissingFileError,
    NotebookError,
    NotFoundError,
    OpenInRoomError,
    PairError,
    ReadOnlyError,
    RequestError,
)
from daglab.pair import Pair, PairState, SyncResult, pair_of, sync
from daglab.pair.plan import Plan
from daglab.scaffold.notebook import NotebookTemplate
from daglab.server.handler import DaglabHandler
from daglab.server.lane import BusyServerError, Lane
from daglab.server.models import Body, Model, Query
from daglab.server.new_pairs import NewPairs
from daglab.server.operation import Route, operation
from daglab.server.pair_size import refuse_large
from daglab.server.pair_sync import path_in, refuse_outside
from daglab.server.pair_view import (
    ChangeModel,
    ConflictModel,
    HashesModel,
    PairDetailModel,
    PairModel,
    all_pairs,
    changes,
    conflicts,
    counted,
    detail,
)
from daglab.server.paths import confined_folder, confined_place
from daglab.server.routes.run_models import AssetKeyText

_LANE = Lane("pairs", threads=4, waiting=100)
"""A large pair takes seconds to be read."""

Side = Literal["py", "ipynb"]
PathText = Annotated[str, Field(min_length=1, max_length=4096)]


class PairsQuery(Query):
    """Pairs in and below ``folder`` (default: the server's root), of these states, ``limit`` of them after a path."""

    folder: Annotated[str, Field(max_length=4096)] = ""
    state: list[PairState] = Field(default=[])
    after: Annotated[str, Field(max_length=4096)] = ""
    """The ``ipynb`` of the last pair of the page before."""
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class PairsModel(Model):
    """A page of pairs, sorted by the path of the .ipynb; ``next`` is what the next page comes ``after``."""

    pairs: list[PairModel]
    total: int
    """Pairs of the wanted states, on all pages."""
    states: dict[str, int]
    """How many pairs of the folder are in each state."""
    next: str | None


class SyncBody(Body):
    """Sync a pair. ``resolve`` decides conflicts by cell, ``prefer`` all others for one half.

    With ``expected``, the hashes that a view of the pair had, nothing is done where the files have changed since.
    """

    resolve: dict[Annotated[str, Field(max_length=1024)], Side] = Field(default={}, max_length=10_000)
    prefer: Side | None = None
    keep_outputs: bool = False
    dry_run: bool = False
    expected: HashesModel | None = None


class CreateBody(Body):
    """Create a pair: of the notebook at ``path``, or with ``asset`` or ``template`` a new one there.

    A new notebook that explores an asset is called after it where no ``path`` is given.
    """

    path: PathText | None = None
    asset: AssetKeyText | None = None
    template: NotebookTemplate | None = None
    jupytext: bool = False
    """Pair it for jupytext as well."""

    @model_validator(mode="after")
    def _one_origin(self) -> CreateBody:
        if self.asset is not None and self.template is not None:
            raise ValueError("asset and template are both set; keep one")
        if self.path is None and self.asset is None:
            raise ValueError("name a path, or an asset")
        return self


class SyncModel(Model):
    """What a sync did, or with ``dry_run`` would do. ``state`` is the pair's after it; ``conflicts`` are still open."""

    py: str
    ipynb: str
    state: PairState
    reason: str
    conflicts: list[ConflictModel]
    changes: list[ChangeModel]
    dry_run: bool

    @classmethod
    def of(cls, root: Path, pair: Pair, result: SyncResult) -> SyncModel:
        """From a sync of halves that lie below the root."""
        return cls(
            py=path_in(root, pair.py) or "",
            ipynb=path_in(root, pair.ipynb) or "",
            state=result.state,
            reason="" if result.state == "in-sync" else result.before.reason,
            conflicts=conflicts(result.before),
            changes=changes(root, result),
            dry_run=result.dry_run,
        )


class PairsHandler(DaglabHandler):
    """All pairs."""

    auth_resource = "daglab.pairs"

    @operation(
        "Pairs and where they stand",
        action="read",
        query=PairsQuery,
        answers={200: PairsModel},
        errors=(MissingFileError, BusyServerError),
    )
    async def get(self) -> None:
        """Answer a page of the pairs; the files are read now."""
        query, root = self.query(PairsQuery), self.services.root
        self.refuse_if_hidden(query.folder)
        folder = confined_folder(root, query.folder)
        pairs = await _LANE.run(partial(all_pairs, root, folder))
        wanted = [pair for pair in pairs if not query.state or pair.state in query.state]
        rest = [pair for pair in wanted if pair.ipynb > query.after]
        page = rest[: query.limit]
        self.answer(
            PairsModel(
                pairs=page,
                total=len(wanted),
                states=counted(pairs),
                next=page[-1].ipynb if len(rest) > len(page) else None,
            )
        )

    @operation(
        "Create a pair",
        action="write",
        body=CreateBody,
        answers={201: SyncModel, 200: SyncModel},
        errors=(
            ReadOnlyError, MissingFileError, ExistingFileError, PairError, LargePairError, NotebookError,
            OpenInRoomError, NotFoundError, DagsterConnectionError, BusyServerError,
        ),
    )  # fmt: skip
    async def post(self) -> None:
        """Answer the new pair; 200 where it is one already, or conflicts keep two files from being one."""
        body, services = self.body(CreateBody), self.services
        self.refuse_if_read_only("A new pair is files")
        self.refuse_if_hidden(body.path)
        new = NewPairs(services.root, services.notebooks_folder, services.pairs)
        if body.asset is not None:
            asset = (await services.client.asset(body.asset, events=1)).asset
            making = partial(new.of_asset, asset, body.path, jupytext=body.jupytext)
        elif body.template is not None:
            making = partial(new.of_template, body.path or "", body.template, jupytext=body.jupytext)
        else:
            making = partial(new.of_file, body.path or "", jupytext=body.jupytext)

        def make() -> tuple[SyncModel, bool]:
            pair, result = making()
            return SyncModel.of(services.root, pair, result), bool(result.written)  # its diffs take long as well

        model, written = await _LANE.run(make)
        self.answer(model, 201 if written else 200)


class PairHandler(DaglabHandler):
    """One pair, by the path of either half."""

    auth_resource = "daglab.pairs"

    @operation(
        "A pair: its conflicts, and what a sync would change",
        action="read",
        answers={200: PairDetailModel},
        errors=(RequestError, MissingFileError, PairError, LargePairError, BusyServerError),
    )
    async def get(self, path: str) -> None:
        """Answer both versions of each cell in conflict, and the changes as diffs."""
        self.refuse_if_hidden(path)
        self.answer(await _LANE.run(partial(self._detail, path)))

    @operation(
        "Sync a pair, and decide its conflicts",
        action="write",
        body=SyncBody,
        answers={200: SyncModel},
        errors=(
            ReadOnlyError, MissingFileError, PairError, LargePairError, FileMovedError, OpenInRoomError,
            BusyServerError,
        ),
    )  # fmt: skip
    async def patch(self, path: str) -> None:
        """Bring the edits of each half to the other; a conflict that stays open is answered, and nothing written."""
        body = self.body(SyncBody)
        if not body.dry_run:
            self.refuse_if_read_only("A sync writes files")
        self.refuse_if_hidden(path)
        self.answer(await _LANE.run(partial(self._sync, path, body)))

    def _detail(self, path: str) -> PairDetailModel:
        return detail(self.services.root, found_pair(self.services.root, path))

    def _sync(self, path: str, body: SyncBody) -> SyncModel:
        services = self.services
        pair = found_pair(services.root, path)

        def approve(plan: Plan) -> None:
            seen = HashesModel(py=plan.py_file.digest, ipynb=plan.ipynb_file.digest)
            if body.expected is not None and body.expected != seen:
                raise FileMovedError(
                    f"{pair.ipynb.stem}: the files have changed since you looked at the pair; nothing was written",
                    remedy="look at it again",
                    details={"hashes": seen.model_dump()},
                )
            if not body.dry_run:
                services.pairs.approve(plan)

        result = sync(
            pair,
            prefer=body.prefer,
            resolve=body.resolve,
            keep_outputs=body.keep_outputs,
            dry_run=body.dry_run,
            approve=approve,
        )
        services.pairs.tell(pair, result)
        return SyncModel.of(services.root, pair, result)


def found_pair(root: Path, path: str) -> Pair:
    """The pair of which ``path``, relative to the root, is a half, there or not; both lie below the root.

    Raises:
        RequestError: it is no plain relative path.
        MissingFileError: neither half is there, or the path leads outside.
        PairError: it is no half's name; the other half lies outside.
        LargePairError: a half is too large to be compared here.
    """
    pair = pair_of(confined_place(root, path))
    refuse_outside(root, pair)
    refuse_large(pair)
    # Not Path.exists, which raises for a name that is too long, as that of the other half may be.
    if not any(map(os.path.exists, (pair.py, pair.ipynb))):
        raise MissingFileError(
            f"There is no file {path} below the server's root.",
            remedy="reload the file browser",
            details={"path": path},
        )
    return pair


ROUTES = (
    Route("pairs", PairsHandler),
    Route("pairs/{path}", PairHandler, {"path": ".+"}),
)
