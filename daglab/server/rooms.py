"""Which documents are open in a live room of jupyter-collaboration, where nobody may write behind the room's back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daglab.errors import OpenInRoomError
from daglab.server.paths import relative_to_root

_EXTENSION = "jupyter_server_ydoc"
_KINDS = (("notebook", "json"), ("file", "text"))  # how a room may have opened a file


class Rooms:
    """The rooms of a Jupyter server, of which most have none.

    A room takes what is on disk in place of what was typed and not saved yet, without a word.

    Args:
        server: the ``ServerApp``.
        root: its root folder.
    """

    def __init__(self, server: Any, root: Path) -> None:
        self._server = server
        self._root = root

    @property
    def possible(self) -> bool:
        """Whether documents can be open in rooms at all."""
        extension = self._extension
        return extension is not None and not getattr(extension, "disable_rtc", False)

    async def has(self, file: Path) -> bool:
        """Whether a file is open in a room; one stays for a minute after the last browser has left it."""
        path = relative_to_root(self._root, file)
        if path is None or not self.possible:
            return False
        for content_type, file_format in _KINDS:
            found = await self._extension.get_document(
                path=path, content_type=content_type, file_format=file_format, copy=False, create=False
            )
            if found is not None:
                return True
        return False

    async def refuse(self, *changed: Path) -> None:
        """Refuse to change files of which one is open in a room.

        Raises:
            OpenInRoomError: one is.
        """
        for file in changed:
            if await self.has(file):
                raise OpenInRoomError(
                    f"{file.name} is open in a collaboration room, and writing it would discard what is typed there",
                    remedy=f"save {file.name} and close it in all browsers; the pair is synced within a minute or so",
                    details={"path": relative_to_root(self._root, file)},
                )

    @property
    def _extension(self) -> Any:
        return next(iter(self._server.extension_manager.extension_apps.get(_EXTENSION, ())), None)
