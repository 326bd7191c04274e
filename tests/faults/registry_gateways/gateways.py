# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy and nginx as they stand in front of a registry: a right configuration, and room for its faults."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devcluster.ports import free_port
from tests.faults.registry_gateways.processes import Processes, installed

Certificate = tuple[bytes, bytes]
NGINX_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
# What a registry needs to make its own URLs right.
PASSED_HEADERS = ("Host $http_host", "X-Forwarded-Proto $scheme")


@dataclass(frozen=True)
class Gateway:
    """A running gateway; ``port`` is the same on every address it listens on."""

    port: int
    scheme: str

    @property
    def url(self) -> str:
        """At 127.0.0.1."""
        return f"{self.scheme}://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Gateways:
    """Starts gateways, their configuration in ``folder``."""

    folder: Path
    processes: Processes

    def haproxy(
        self,
        backend: int,
        certificates: Sequence[Certificate] = (),
        *,
        rules: Sequence[str] = ("http-request set-header X-Forwarded-Proto https if { ssl_fc }",),
        listen: str = "",
        defaults: str = "",
    ) -> Gateway:
        """HAProxy in front of the port ``backend``; ``rules`` are lines of its frontend.

        One certificate to each address, from 127.0.0.1 on; none: plain http. ``listen`` is added to the
        ``bind`` lines, ``defaults`` to the section of that name.
        """
        port = free_port()
        binds = [
            f"bind 127.0.0.{number}:{port} ssl crt {self._store(f'haproxy-{number}', both)} {listen}"
            for number, both in enumerate(certificates, start=1)
        ] or [f"bind 127.0.0.1:{port} {listen}"]
        lines = [
            "global",
            "  maxconn 200",
            "defaults",
            "  mode http",
            "  timeout connect 5s",
            "  retries 1",
            "  timeout client 10s",
            "  timeout server 10s",
            *(f"  {line}" for line in defaults.splitlines()),
            "frontend gateway",
            *(f"  {line}" for line in (*binds, *rules)),
            "  default_backend registry",
            "backend registry",
            f"  server registry 127.0.0.1:{backend}",
        ]
        configuration = self.folder / "haproxy.cfg"
        configuration.write_text("\n".join(lines) + "\n")
        places = [(f"127.0.0.{number + 1}", port) for number in range(len(binds))]
        self.processes.start("haproxy", [installed("haproxy"), "-db", "-f", str(configuration)], places)
        return Gateway(port, "https" if certificates else "http")

    def nginx(
        self,
        backend: int,
        certificates: Sequence[Certificate] = (),
        *,
        headers: Sequence[str] = PASSED_HEADERS,
        server: str = "client_max_body_size 0;",
        location: str = "",
    ) -> Gateway:
        """Starts nginx in front of the port ``backend``; addresses as haproxy has them.

        ``server`` and ``location`` are added to those blocks; ``headers`` are passed to the registry.
        """
        port = free_port()
        servers = [
            self._nginx_server(f"127.0.0.{number}:{port}", both, backend, headers, server, location)
            for number, both in enumerate(certificates or (None,), start=1)
        ]
        temporary = [f"{name}_temp_path {self.folder / f'nginx-{name}'};" for name in NGINX_TEMPORARY]
        configuration = self.folder / "nginx.conf"
        # As another user, workers could not write below the folder of a test.
        configuration.write_text(
            f"user root; worker_processes 1; daemon off; pid {self.folder / 'nginx.pid'};\n"
            f"error_log {self.folder / 'nginx-error.log'};\nevents {{}}\n"
            f"http {{\n  access_log off;\n  {' '.join(temporary)}\n{''.join(servers)}}}\n"
        )
        # The log named here is the one before the configuration is read.
        command = [installed("nginx"), "-e", str(self.folder / "nginx-first.log"), "-c", str(configuration)]
        self.processes.start(
            "nginx", command, [(f"127.0.0.{number + 1}", port) for number in range(len(servers))]
        )
        return Gateway(port, "https" if certificates else "http")

    def _nginx_server(
        self,
        address: str,
        certificate: Certificate | None,
        backend: int,
        headers: Sequence[str],
        server: str,
        location: str,
    ) -> str:
        tls = ""
        if certificate is not None:
            pem = self._store(f"nginx-{address.partition(':')[0]}", certificate)
            tls = f"ssl_certificate {pem}; ssl_certificate_key {pem};"
        passed = " ".join(f"proxy_set_header {header};" for header in headers)
        return textwrap.dedent(f"""\
            server {{
              listen {address}{" ssl" if tls else ""};
              {tls}
              {server}
              location / {{
                proxy_pass http://127.0.0.1:{backend};
                {passed}
                {location}
              }}
            }}
        """)

    def _store(self, name: str, certificate: Certificate) -> Path:
        path = self.folder / f"{name}.pem"
        path.write_bytes(b"".join(certificate))
        return path


StartGateway = Callable[..., Gateway]
