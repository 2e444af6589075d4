"""The extension as Jupyter loads it: sets up the services, adds the handlers, ends what it started."""

from __future__ import annotations

import asyncio
import atexit
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp

from daglab.server import marimo_proxy, routes
from daglab.server.services import SETTING, make_services


class DaglabApp(ExtensionApp):
    """daglab in a Jupyter server."""

    name = "daglab"
    load_other_extensions = True

    def initialize_settings(self) -> None:
        """Make what the handlers work with."""
        server = self.serverapp
        assert server is not None
        self._services = make_services(
            root=Path(server.contents_manager.root_dir or server.root_dir).resolve(),
            base_url=server.base_url,
            runtime_dir=Path(server.runtime_dir),
            log=self.log,
        )
        self.settings[SETTING] = self._services
        # stop_extension is not called when another extension has taken over the signal handlers.
        atexit.register(self._services.marimo.stop_now)

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend([*routes.HANDLERS, *marimo_proxy.HANDLERS])

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:  # noqa: ARG002
        """End what a killed server left, in the background; a name that Jupyter gives."""
        self._sweeping = asyncio.create_task(self._services.marimo.sweep())

    async def stop_extension(self) -> None:
        """End marimo and the connections to Dagster."""
        await self._services.marimo.stop()
        atexit.unregister(self._services.marimo.stop_now)
        if self._services.followed is not None:
            await self._services.followed.close()
        if self._services.dagster is not None:
            await self._services.dagster.close()
