# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real etcd, API server and controller manager on loopback, without any node."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TOKEN = "kube-apply-tests"
READER_TOKEN = "kube-apply-reader"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager")
START_SECONDS = 90
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "deployment-controller",
    "replicaset-controller",
    "serviceaccount-controller",
    "persistentvolumeclaim-protection-controller",
)


class ControlPlaneError(Exception):
    """The control plane cannot run here; the text says why."""


def binaries() -> Path:
    """Give the folder of the programs, named by the variable CLUSTERDEPOT_BIN.

    :raises ControlPlaneError: the variable is not set, or a program is missing
    """
    named = os.environ.get("CLUSTERDEPOT_BIN")
    if not named:
        raise ControlPlaneError(f"set CLUSTERDEPOT_BIN to a folder that has {', '.join(PROGRAMS)}")
    missing = [program for program in PROGRAMS if not os.access(Path(named) / program, os.X_OK)]
    if missing:
        raise ControlPlaneError(f"CLUSTERDEPOT_BIN is {named}, which has no {', '.join(missing)}")
    return Path(named)


def free_port() -> int:
    """Give a loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ControlPlane:
    """The processes and where they listen; ``folder`` takes data, logs and the kubeconfig."""

    folder: Path
    binaries: Path
    port: int = field(default_factory=free_port)
    _etcd_port: int = field(default_factory=free_port)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def kubeconfig(self) -> Path:
        """Path of a kubeconfig; its context ``tests`` has all rights, ``reader`` those it is given."""
        return self.folder / "kubeconfig"

    @property
    def url(self) -> str:
        """Address of the API server."""
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start everything and wait until the API server is ready."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._write("service-account.key", self._pem(key))
        users = f'{TOKEN},tester,tester,"system:masters"\n{READER_TOKEN},reader,reader\n'
        self._write("tokens.csv", users.encode())
        etcd = f"http://127.0.0.1:{self._etcd_port}"
        self._spawn(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{free_port()}",
            "--unsafe-no-fsync",
        )
        self.start_api_server()
        self._spawn(
            "kube-controller-manager",
            f"--kubeconfig={self.kubeconfig}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
            f"--cert-dir={self.folder / 'certificates'}",
            "--leader-elect=false",
        )

    def start_api_server(self) -> None:
        """Start the API server alone and wait until it is ready."""
        certificates = self.folder / "certificates"
        self._spawn(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--service-cluster-ip-range=198.18.200.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={self.folder / 'service-account.key'}",
            f"--service-account-key-file={self.folder / 'service-account.key'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            f"--cert-dir={certificates}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=198.18.200.1",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=RBAC",
        )
        self._wait_until_ready(certificates / "apiserver.crt")
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig(certificates / "apiserver.crt")))

    def stop_api_server(self) -> None:
        """Kill the API server without any warning."""
        self._end("kube-apiserver")

    def stop(self) -> None:
        """End all processes."""
        for program in reversed(list(self._processes)):
            self._end(program)

    def _spawn(self, program: str, *arguments: str) -> None:
        with (self.folder / f"{program}.log").open("ab") as log:
            self._processes[program] = subprocess.Popen(
                [self.binaries / program, *arguments], stdout=log, stderr=log, cwd=self.folder
            )

    def _end(self, program: str) -> None:
        process = self._processes.pop(program, None)
        if process is not None:
            process.kill()
            process.wait()

    def _wait_until_ready(self, certificate: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._processes["kube-apiserver"].poll() is not None:
                break
            if certificate.exists() and self._is_ready(certificate):
                return
            time.sleep(0.2)
        tail = "\n".join((self.folder / "kube-apiserver.log").read_text().splitlines()[-10:])
        raise ControlPlaneError(f"kube-apiserver did not become ready:\n{tail}")

    def _is_ready(self, certificate: Path) -> bool:
        request = urllib.request.Request(f"{self.url}/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
        try:
            context = ssl.create_default_context(cafile=str(certificate))
            with urllib.request.urlopen(request, context=context, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _kubeconfig(self, certificate: Path) -> dict[str, object]:
        cluster = {"server": self.url, "certificate-authority": str(certificate)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "tests",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [
                {"name": "tester", "user": {"token": TOKEN}},
                {"name": "reader", "user": {"token": READER_TOKEN}},
            ],
            "contexts": [
                {"name": "tests", "context": {"cluster": "tests", "user": "tester"}},
                {"name": "reader", "context": {"cluster": "tests", "user": "reader"}},
            ],
        }

    def _write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    @staticmethod
    def _pem(key: rsa.RSAPrivateKey) -> bytes:
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


@contextmanager
def running(folder: Path) -> Iterator[ControlPlane]:
    """A started control plane, for a fixture; without binaries the test fails with one sentence."""
    try:
        plane = ControlPlane(folder, binaries())
    except ControlPlaneError as error:
        pytest.fail(str(error), pytrace=False)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
