# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real registry clients, each in a mount namespace of its own whose resolver is the cluster's.

The machine's own resolver and its list of certificates stay as they are.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Clients:
    """`folder` holds the clients' files, `ca.crt` among them; `resolver` is an address.

    `hosts` are names that they find without asking the resolver, each with its address.
    """

    folder: Path
    resolver: str
    hosts: Mapping[str, str] = field(default_factory=dict)

    @property
    def certificates(self) -> Path:
        """A folder as containers' tools want it: every *.crt in it is trusted."""
        return self.folder / "certificates"

    @property
    def prefix(self) -> tuple[str, ...]:
        """A command that starts others where names are found as these clients find them."""
        hosts = 'mount --bind "$0/hosts" /etc/hosts'
        script = f'mount --bind "$0/resolv.conf" "$(readlink -f /etc/resolv.conf)" && {hosts} && exec "$@"'
        return ("unshare", "--mount", "sh", "-c", script, str(self.folder))

    def trust(self, authority: str) -> None:
        """Trust this authority (PEM)."""
        self.certificates.mkdir(parents=True, exist_ok=True)
        (self.certificates / "ca.crt").write_text(authority)
        self.find_names()

    def find_names(self) -> None:
        """Write down how names are found."""
        (self.folder / "resolv.conf").write_text(f"nameserver {self.resolver}\n")
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in self.hosts.items())]
        (self.folder / "hosts").write_text("\n".join([*lines, ""]))

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a client; raises AssertionError with what it said where it fails."""
        wrapped = [*self.prefix, *command]
        done = subprocess.run(wrapped, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0 or not check, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done

    def skopeo(self, verb: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run skopeo, with TLS verified against the trusted authority."""
        side = "dest-cert-dir" if verb == "copy" else "cert-dir"
        return self.run("skopeo", verb, f"--{side}={self.certificates}", *arguments, check=check)

    def podman(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run podman, with storage of its own that needs no kernel support."""
        storage = ("--root", str(self.folder / "podman"), "--runroot", str(self.folder / "podman-run"))
        return self.run("podman", *storage, "--storage-driver=vfs", *arguments, check=check)
