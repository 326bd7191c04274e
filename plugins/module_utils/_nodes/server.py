# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HAProxy's configuration for the package server of a node, for 2.6 or later.

A map tells it what ``/pkg/NAME/TAG`` stands for: ``SHA256|PATH``, with ``-`` where no SHA-256 is known. It
asks rclone for that path, on a unix socket; so no request can name another path of the storage.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import LONGEST_TIME_LIMIT
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.quoting import (
    checked_address,
    checked_file,
    quoted,
)

HEALTH_PATH = "/_/healthz"
MAP_FILE = "packages.map"
SOCKET_FILE = "storage.sock"
# Of the container that has this configuration: told by HEALTH_PATH, as "ok INSTANCE".
INSTANCE_VARIABLE = "PKG_INSTANCE"

# What the frontend leaves for the backend: the line of the map.
_PACKAGE = "var(txn.package)"
_SILENT = "the storage does not answer"
_UNREADABLE = "the storage cannot be read"
_LOG_FORMAT = (
    '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","code":%ST,"method":"%HM",'
    '"path":"%[capture.req.uri,json(utf8s)]","octets":%B,"milliseconds":%Ta,"end":"%ts"}'
)


@dataclass(frozen=True)
class ServerOptions:
    """How the server is run.

    :ivar port: of the node's loopback address
    :ivar folder: where packages.map and the socket of rclone are
    :ivar address: another address of IPv4 to listen on
    :ivar stall_seconds: how long the storage may send nothing
    :ivar access_log: whether requests are written to standard output, one object of JSON in each line
    """

    port: int
    folder: str
    address: str = "127.0.0.1"
    max_connections: int = 200
    stall_seconds: int = 60
    access_log: bool = True


def proxy_configuration(options: ServerOptions) -> str:
    """The text of haproxy.cfg; the same one for the same options.

    Raises QuotingError for an address or a folder that it cannot hold.
    """
    sections = {
        "global": _global(options),
        "defaults": _defaults(options),
        "frontend packages": _frontend(options),
        "backend storage": _backend(options),
    }
    return "\n".join("\n  ".join([title, *lines]) + "\n" for title, lines in sections.items())


def _global(options: ServerOptions) -> list[str]:
    # What a newer catalogue has replaced goes on with its downloads, for as long as any script may run.
    stop = f"hard-stop-after {LONGEST_TIME_LIMIT}s"
    lines = [f"maxconn {options.max_connections}", "nbthread 1", stop]
    return [*lines, "log stdout format raw local0 info"] if options.access_log else lines


def _defaults(options: ServerOptions) -> list[str]:
    return [
        "mode http",
        "timeout connect 5s",
        f"timeout server {options.stall_seconds}s",
        # A script may do something else between two parts of a large file.
        "timeout client 10m",
        "timeout http-request 10s",
        "timeout http-keep-alive 60s",
        "option dontlognull",
        # Files go from one socket to the other within the kernel.
        "option splice-response",
        "retries 1",
        *(
            f'http-error status {code} content-type text/plain string "{text}\\n"'
            for code, text in ((502, _UNREADABLE), (503, _SILENT), (504, _SILENT))
        ),
    ]


def _frontend(options: ServerOptions) -> list[str]:
    healthy = f'"ok %[env({INSTANCE_VARIABLE})]\\n"'
    asks, is_up = f"{{ path -m str -- {HEALTH_PATH} }}", "{ nbsrv(storage) gt 0 }"
    map_file = checked_file(f"{options.folder}/{MAP_FILE}")
    lines = [f"bind {checked_address(options.address)}:{options.port} proto h1"]
    if options.access_log:
        lines += ["log global", f"log-format {quoted(_LOG_FORMAT)}"]
    return [
        *lines,
        _answer(405, "only GET and HEAD are answered", "!{ method GET HEAD }", 'hdr Allow "GET, HEAD"'),
        f"http-request return status 200 content-type text/plain lf-string {healthy} if {asks} {is_up}",
        _answer(503, _SILENT, asks),
        # What %00 stands for would end the text that is looked up.
        f"http-request set-var(txn.package) path,url_dec,map_str({map_file}) unless {{ path -m sub -- %00 }}",
        _answer(404, "there is no such package", f"!{{ {_PACKAGE} -m found }}"),
        f"http-request set-var(txn.file) {_PACKAGE},field(2,|),word(-1,/)",
        'http-request set-var(txn.plain_file) var(txn.file),regsub("%[0-9A-F][0-9A-F]",_,g)',
        # Without the query, which could ask rclone for more than the file.
        f"http-request set-uri %[{_PACKAGE},field(2,|)]",
        "default_backend storage",
    ]


def _backend(options: ServerOptions) -> list[str]:
    socket = checked_file(f"{options.folder}/{SOCKET_FILE}")
    has_file = "{ status 200 206 }"
    # Both forms of the name (RFC 6266, 4.3): many clients know only the first.
    plain_name = r"attachment; filename=\"%[var(txn.plain_file)]\""
    disposition = f"{plain_name}; filename*=UTF-8''%[var(txn.file)]"
    is_in_parts = "{ res.hdr(Content-Type) -m beg multipart/byteranges }"
    checksum = f"%[{_PACKAGE},field(1,|)] if {has_file} !{{ {_PACKAGE} -m beg -- - }}"
    return [
        f"server storage unix@{socket} check inter 1s fall 2 rise 1",
        "http-response del-header Server",
        _response(404, "the storage does not have the file of this package", "{ status 404 }"),
        _response(502, _UNREADABLE, "!{ status 200 206 304 416 }"),
        f"http-response set-header Content-Type application/octet-stream if {has_file} !{is_in_parts}",
        f'http-response set-header Content-Disposition "{disposition}" if {has_file}',
        f"http-response set-header X-Checksum-Sha256 {checksum}",
    ]


def _answer(code: int, text: str, condition: str, header: str = "") -> str:
    words = ["http-request return status", str(code), f'content-type text/plain string "{text}\\n"', header]
    return " ".join(word for word in (*words, "if", condition) if word)


def _response(code: int, text: str, condition: str) -> str:
    return f'http-response return status {code} content-type text/plain string "{text}\\n" if {condition}'
