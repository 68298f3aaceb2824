"""Child processes of the command line: start, wait until ready, stop by pid."""

import os
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import httpx

from portal.errors import Misconfigured

READY_SECONDS = 60.0
_STOP_SECONDS = 10.0
_AS_IT_IS: Mapping[str, str] = MappingProxyType({})


class Child:
    """One process that we started, in a session of its own so that we decide when it stops."""

    def __init__(
        self, name: str, command: list[str], environment: Mapping[str, str] = _AS_IT_IS
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def ended(self) -> bool:
        """Whether it has stopped by itself or by us."""
        return self._process.poll() is not None

    def wait_until_answers(self, url: str) -> None:
        """Return as soon as the process answers at the address; Misconfigured when it does not."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and not self.ended:
            try:
                httpx.get(url, timeout=2)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise Misconfigured(
            f"The {self.name} did not start.", next_step="See what it printed above."
        )

    def stop(self) -> None:
        """End the process, kindly first."""
        if self.ended:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def portal_command(host: str, port: int) -> list[str]:
    """How the portal's own server is started."""
    granian = str(Path(sysconfig.get_path("scripts")) / "granian")
    place = ["--host", host, "--port", str(port)]
    style = ["--interface", "asgi", "--factory", "--workers", "1", "--log-level", "warning"]
    return [granian, *style, *place, "portal.portal:app"]


def portal_environment(web: Path) -> dict[str, str]:
    """What Reflex must be told to serve a front end that is built already."""
    return {
        "REFLEX_ENV_MODE": "prod",
        "REFLEX_WEB_WORKDIR": str(web),
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    }


def module_command(*arguments: str) -> list[str]:
    """How another command of ours is started."""
    return [sys.executable, "-m", "portal", *arguments]


def require_free_port(host: str, port: int, setting: str) -> None:
    """Misconfigured, naming the setting that moves it, when somebody listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Misconfigured(
                f"Port {port} on {host} is taken ({error.strerror}).",
                next_step=f"Choose another one: {setting}={port + 1}.",
            ) from error
