# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's only way out: a CONNECT proxy on the machine's end of the cable, for containerd.

No forwarding, no address translation and no firewall rule is needed on the machine (RFC 9110, 9.3.6).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import sys
from collections.abc import Callable

HEAD_LIMIT = 8192
HEAD_SECONDS = 10.0
CONNECT_SECONDS = 20.0
CHUNK = 65536
_PORT = re.compile("[0-9]{1,5}")


class Egress:
    """The proxy; `refused` tells by a peer's address whether no tunnel may lead there."""

    def __init__(self, refused: Callable[[str], bool]) -> None:
        self._refused = refused

    async def listen(self, address: str, port: int) -> asyncio.Server:
        """A listening server; the caller closes it."""
        return await asyncio.start_server(self._client, address, port, limit=HEAD_LIMIT)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            target = parse_target(head.split(b"\r\n", 1)[0].decode("latin-1"))
            if target is None:
                await _answer(writer, "405 Method Not Allowed")
            else:
                await self._tunnel(target, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            # The client went away, or sent what is no request: nobody is there to be told.
            return
        finally:
            writer.close()

    async def _tunnel(
        self, target: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                far_reader, far_writer = await asyncio.open_connection(*target)
        except (OSError, TimeoutError, ValueError):
            # ValueError: a name that no name server can be asked for.
            await _answer(writer, "502 Bad Gateway")
            return
        try:
            if self._refused(far_writer.get_extra_info("peername")[0]):
                await _answer(writer, "403 Forbidden")
                return
            await _answer(writer, "200 Connection established")
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            far_writer.close()


async def serve(address: str, port: int) -> None:
    """Listens until it is killed."""
    server = await Egress(is_refused).listen(address, port)
    async with server:
        await server.serve_forever()


def parse_target(request_line: str) -> tuple[str, int] | None:
    """`CONNECT host:port HTTP/1.1` -> (host, port); None for anything else."""
    words = request_line.split()
    if len(words) != 3 or words[0] != "CONNECT":
        return None
    host, _, port = words[1].rpartition(":")
    host = host.strip("[]")
    # More digits than that are no port, and could be too many for a number.
    if not host or not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        return None
    return host, int(port)


def is_refused(address: str) -> bool:
    """The machine's own loopback and its neighbours on the cable are nobody's upstream."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast


async def _answer(writer: asyncio.StreamWriter, status: str) -> None:
    writer.write(f"HTTP/1.1 {status}\r\n\r\n".encode())
    await writer.drain()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    # Also after a connection that broke: the other side must not wait for more.
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
