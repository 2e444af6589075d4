"""The extension as Jupyter loads it: sets up the services, adds the handlers, ends what it started."""

from __future__ import annotations

import asyncio
import atexit
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp

from daglab.server import marimo_proxy, routes
from daglab.server.known_ports import guard_known_ports
from daglab.server.pair_contents import sync_on_save
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
            server=server,
            log=self.log,
        )
        self.settings[SETTING] = self._services
        # stop_extension is not called when another extension has taken over the signal handlers.
        atexit.register(self._services.close_now)

    def initialize_handlers(self) -> None:
        """Add the routes."""
        self.handlers.extend([*routes.HANDLERS, *marimo_proxy.HANDLERS])

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        """All extensions are loaded, of which jupytext sets another contents manager; the name is Jupyter's.

        What a killed server left ends in the background.
        """
        guard_known_ports(serverapp, self._services)
        self._sweeping = asyncio.create_task(self._services.sweep())
        self._services.pairs.use(asyncio.get_running_loop())
        self._sync_pairs()
        self._services.live.on_change(self._sync_pairs)
        self._services.live.follow()

    def _sync_pairs(self) -> None:
        """Begin to sync pairs, if the configuration wants it, now or once it is corrected."""
        if self._services.pairs.wanted and not self._services.pairs.started:
            sync_on_save(self.serverapp, self._services.root, self._services.pairs)
            self._services.pairs.start()

    async def stop_extension(self) -> None:
        """End what was started, and the connections to Dagster."""
        await self._services.close()
        atexit.unregister(self._services.close_now)
