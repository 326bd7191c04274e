# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real etcd, API server and controller manager on loopback, without any node; for tests and benchmarks.

It needs neither root nor a namespace: all it has lies in one folder, and its ports are free ones.
"""

from __future__ import annotations

import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from devcluster.errors import ComponentFailed
from devcluster.ports import free_port

ETCD = "etcd"
API_SERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
START_SECONDS = 90
LOG_LINES = 10


@dataclass(frozen=True)
class User:
    """Someone with a token; without a group there are no rights but those that RBAC gives."""

    name: str
    token: str
    group: str = ""


@dataclass(frozen=True)
class Setup:
    """What runs: the controllers of the manager by name, a scheduler or none, and more flags by program.

    The kubeconfig has a context to each user, under the same name; the first user's is the current one, and
    the programs act as that user.
    """

    users: tuple[User, ...]
    controllers: tuple[str, ...]
    scheduler: bool = False
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def programs(self) -> tuple[str, ...]:
        """Binaries that have to be there."""
        return (ETCD, API_SERVER, CONTROLLER_MANAGER, *([SCHEDULER] if self.scheduler else []))


@dataclass
class ControlPlane:
    """The processes and where they listen; ``folder`` takes data, logs and the kubeconfig."""

    folder: Path
    binaries: Path
    setup: Setup
    port: int = field(default_factory=free_port)
    _etcd_port: int = field(default_factory=free_port)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def kubeconfig(self) -> Path:
        """Path of the kubeconfig; see Setup."""
        return self.folder / "kubeconfig"

    @property
    def certificate(self) -> Path:
        """Path of the API server's certificate, which it has signed itself."""
        return self.folder / "certificates" / "apiserver.crt"

    @property
    def url(self) -> str:
        """Address of the API server."""
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start everything and wait until the API server is ready; raises ComponentFailed."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        (self.folder / "service-account.key").write_bytes(_pem(key))
        users = [f'{user.token},{user.name},{user.name},"{user.group}"\n' for user in self.setup.users]
        (self.folder / "tokens.csv").write_text("".join(users))
        etcd = f"http://127.0.0.1:{self._etcd_port}"
        self.spawn(
            ETCD,
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{free_port()}",
            "--unsafe-no-fsync",
        )
        self.start_api_server()
        self.spawn(
            CONTROLLER_MANAGER, f"--controllers={','.join(self.setup.controllers)}", *self._as_first_user()
        )
        if self.setup.scheduler:
            self.spawn(SCHEDULER, *self._as_first_user())

    def start_api_server(self) -> None:
        """Start the API server alone and wait until it is ready; raises ComponentFailed."""
        self.spawn(
            API_SERVER,
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--service-cluster-ip-range=198.18.200.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={self.folder / 'service-account.key'}",
            f"--service-account-key-file={self.folder / 'service-account.key'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            f"--cert-dir={self.certificate.parent}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=198.18.200.1",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=RBAC",
        )
        self._wait_until_ready()
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig()))

    def stop_api_server(self) -> None:
        """Kill the API server without any warning."""
        self._end(API_SERVER)

    def stop(self) -> None:
        """End all processes."""
        for program in reversed(list(self._processes)):
            self._end(program)

    def spawn(self, program: str, *arguments: str) -> None:
        """Start a program of the binaries' folder, which ends with the others; the setup may add flags."""
        command = [str(self.binaries / program), *arguments, *self.setup.flags.get(program, ())]
        with self._log(program).open("ab") as log:
            self._processes[program] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )

    def processes(self) -> dict[str, int]:
        """Give the process number of each program that was started."""
        return {program: process.pid for program, process in self._processes.items()}

    def require_running(self) -> None:
        """Raise ComponentFailed, with the end of its log, where a program has ended."""
        for program, process in self._processes.items():
            if process.poll() is not None:
                code = process.returncode
                raise ComponentFailed(f"{program} ended, exit code {code}:\n{self._tail(program)}")

    def _as_first_user(self) -> tuple[str, ...]:
        return (
            f"--kubeconfig={self.kubeconfig}",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
            f"--cert-dir={self.certificate.parent}",
            "--leader-elect=false",
        )

    def _end(self, program: str) -> None:
        process = self._processes.pop(program, None)
        if process is not None:
            process.kill()
            process.wait()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.require_running()
            if self.certificate.exists() and self._is_ready():
                return
            time.sleep(0.2)
        raise ComponentFailed(f"{API_SERVER} did not become ready:\n{self._tail(API_SERVER)}")

    def _is_ready(self) -> bool:
        token = self.setup.users[0].token
        request = urllib.request.Request(f"{self.url}/readyz", headers={"Authorization": f"Bearer {token}"})
        try:
            context = ssl.create_default_context(cafile=str(self.certificate))
            with urllib.request.urlopen(request, context=context, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _kubeconfig(self) -> dict[str, object]:
        users = self.setup.users
        cluster = {"server": self.url, "certificate-authority": str(self.certificate)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": users[0].name,
            "clusters": [{"name": "loopback", "cluster": cluster}],
            "users": [{"name": user.name, "user": {"token": user.token}} for user in users],
            "contexts": [
                {"name": user.name, "context": {"cluster": "loopback", "user": user.name}} for user in users
            ],
        }

    def _log(self, program: str) -> Path:
        return self.folder / f"{program}.log"

    def _tail(self, program: str) -> str:
        return "\n".join(self._log(program).read_text(errors="replace").splitlines()[-LOG_LINES:])


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
