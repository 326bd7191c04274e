# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real registry processes on loopback, with real certificates, and what a test needs to ask them."""

from __future__ import annotations

import importlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health import (
    ARGUMENT_SPEC,
    run,
)
from devcluster.ports import free_port
from tests.faults.registry.authority import Authority

USERNAME = "alice"
PASSWORD = "correct horse battery staple"
Result = dict[str, Any]
Check = Callable[..., Result]


@dataclass(frozen=True)
class Registry:
    """A running registry process."""

    url: str
    port: int
    storage: Path
    log: Path

    def stored(self) -> list[Path]:
        """Every file that holds content or names it."""
        return sorted(path for path in self.storage.rglob("*") if path.is_file())


Start = Callable[..., Registry]


@pytest.fixture(scope="session")
def registry_binary() -> Path:
    folder = os.environ.get("CLUSTERDEPOT_BIN")
    path = Path(folder) / "registry" if folder else _cached_binary()
    if not path.is_file():
        pytest.fail(
            f"{path} does not exist: build it with 'make cluster-up', or set CLUSTERDEPOT_BIN to its folder",
            pytrace=False,
        )
    return path


def _cached_binary() -> Path:
    # Not imported above: where CLUSTERDEPOT_BIN names the binaries, the embedded cluster is not needed.
    cache = importlib.import_module("devcluster.cache")
    return Path(cache.binaries()) / "registry"


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority("test authority")


@pytest.fixture
def start_registry(registry_binary: Path, tmp_path: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[bytes]] = []

    def start(
        *,
        certificate: tuple[bytes, bytes] | None = None,
        login: bool = False,
        delete: bool = True,
        read_only: bool = False,
        address: str = "127.0.0.1",
        auth: dict[str, object] | None = None,
        client_authority: bytes | None = None,
    ) -> Registry:
        folder = tmp_path / f"registry-{len(processes)}"
        folder.mkdir()
        port = free_port(address)
        shown = f"[{address}]" if ":" in address else address
        http: dict[str, object] = {"addr": f"{shown}:{port}", "secret": "of-a-test"}
        if certificate is not None:
            tls: dict[str, object] = {"certificate": f"{folder}/tls.crt", "key": f"{folder}/tls.key"}
            if client_authority is not None:
                (folder / "client_ca.crt").write_bytes(client_authority)
                tls["clientcas"] = [f"{folder}/client_ca.crt"]
            http["tls"] = tls
            (folder / "tls.crt").write_bytes(certificate[0])
            (folder / "tls.key").write_bytes(certificate[1])
        if login:
            hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4)).decode()
            (folder / "htpasswd").write_text(f"{USERNAME}:{hashed}\n")
            auth = {"htpasswd": {"realm": "test, with a comma", "path": str(folder / "htpasswd")}}
        configuration: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {
                "filesystem": {"rootdirectory": str(folder / "data")},
                "delete": {"enabled": delete},
                "maintenance": {"readonly": {"enabled": read_only}},
            },
            "http": http,
        }
        if auth is not None:
            configuration["auth"] = auth
        # JSON is YAML.
        (folder / "config.yml").write_text(json.dumps(configuration))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(registry_binary), "serve", str(folder / "config.yml")],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
            )
        processes.append(process)
        _wait_for(address, port, process, folder / "log")
        scheme = "http" if certificate is None else "https"
        return Registry(f"{scheme}://{shown}:{port}", port, folder / "data", folder / "log")

    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(timeout=10)


@pytest.fixture
def check() -> Check:
    """Runs the task as the module does, with its defaults; a failed task gives ``failed`` and ``msg``."""

    def call(*, check_mode: bool = False, **parameters: object) -> Result:
        complete = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()} | parameters
        try:
            return run(complete, check_mode=check_mode, progress=print)
        except ArtifactsError as error:
            return {**error.result, "failed": True, "msg": error.message}

    return call


def _wait_for(address: str, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"the registry did not start: {log.read_text()[-1000:]}")
