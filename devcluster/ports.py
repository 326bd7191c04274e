# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports for servers that are started a moment later, while much else goes on on the machine."""

from __future__ import annotations

import errno
import random
import socket
from pathlib import Path

# From here to the NodePorts of Kubernetes there is little that other programs are used to.
_FIRST, _LAST = 10240, 29999
# The ports from which the kernel takes those of outgoing connections (ip-sysctl, ip_local_port_range).
_OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 1000
_given: set[int] = set()


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port of the address that nobody uses, and that this process has not been given before.

    It is none that the kernel gives to an outgoing connection, which could have it before the server does;
    the client that waits for the server is such a connection itself. Where these are all there are, the
    kernel chooses.

    :raises OSError: the address is none of this machine, or nothing is free
    """
    outgoing = int(_OUTGOING.read_text(encoding="ascii").split()[0])
    ports = range(_FIRST, min(outgoing, _LAST + 1))
    # By 0 the kernel is asked to choose.
    for wished in (*random.sample(ports, min(_TRIES, len(ports))), *[0] * _TRIES):
        port = _bound(address, wished)
        if port and port not in _given:
            _given.add(port)
            return port
    raise OSError(errno.EADDRINUSE, f"no port of {address} is free")


def _bound(address: str, port: int) -> int:
    """The port, or the one that the kernel chose for 0; 0 where somebody uses it."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return 0
            raise
        return int(probe.getsockname()[1])
