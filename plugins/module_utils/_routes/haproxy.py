# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as files for HAProxy, 2.6 or later.

Every request is answered here; there is no server behind. A variable, ``txn.rule``, takes what a rule says as
``order|code|cut|route|target``. Compared as a number, it is its order: HAProxy reads a number up to the first
character that is no digit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.program import (
    MapRule,
    Program,
    program,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_rules import (
    HOST_MAP,
    HOST_PREFIX_MAP,
    MAIN_FILE,
    PREFIX_MAP,
    RenderOptions,
    frontend_rules,
    rule_value,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.quoting import (
    checked_address,
    map_line,
    quoted,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)

__all__ = ["LARGEST", "RenderError", "RenderOptions", "Rendered", "render"]

# A ConfigMap holds 1 MiB, its own fields included.
LARGEST = 1_000_000
_LOG_FORMAT = (
    '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","client":"CLIENT","code":%ST,'
    '"method":"%HM","host":"%[capture.req.hdr(0),json(utf8s)]",'
    '"path":"%[capture.req.uri,field(1,?),json(utf8s)]","route":"%[var(txn.rule),field(4,|)]",'
    '"user_agent":"%[capture.req.hdr(1),json(utf8s)]","milliseconds":%Ta}'
)


class RenderError(ArtifactsError):
    """Routes that do not fit into one ConfigMap."""


@dataclass(frozen=True)
class Rendered:
    """What the proxy is started with.

    :ivar files: their texts by their names, all in the folder of the options
    :ivar checksum: SHA-256 of names and texts, in hexadecimal digits
    """

    files: Mapping[str, str]
    checksum: str


def render(
    routes: Iterable[Route], settings: RouterSettings, options: RenderOptions | None = None
) -> Rendered:
    """The files for these routes; the same ones for the same input.

    Raises RenderError where they are too large, and QuotingError for values that no reader of routes gives.
    """
    options = options or RenderOptions()
    listed = list(routes)
    rules = program(listed, settings)
    files = {MAIN_FILE: _configuration(rules, settings, options), **_map_files(rules)}
    size = sum(len(text) for text in files.values())
    if size > LARGEST:
        raise RenderError(
            f"the configuration of {len(listed)} routes has {size} octets; at most {LARGEST} fit into a"
            " ConfigMap"
        )
    digest = hashlib.sha256()
    for name, text in files.items():
        digest.update(f"{name}\0{text}\0".encode("ascii"))
    return Rendered(files, digest.hexdigest())


def _configuration(rules: Program, settings: RouterSettings, options: RenderOptions) -> str:
    sections = {
        "global": _global(options),
        "defaults": _defaults(),
        "frontend artifacts": _frontend(rules, settings, options),
        "frontend metrics": _metrics(options),
    }
    return "\n".join("\n  ".join([title, *lines]) + "\n" for title, lines in sections.items())


def _global(options: RenderOptions) -> list[str]:
    lines = [
        f"maxconn {options.max_connections}",
        f"nbthread {options.threads}",
        f"hard-stop-after {options.drain_seconds}s",
        # Paths hardly ever come twice: to remember what an expression said of one costs more than asking.
        "tune.pattern.cache-size 0",
        # Few at a time, so that what one request has freed is still at hand for the next. Measured: a tenth.
        "tune.maxpollevents 16",
        # It counts two open files a connection, and needs one: a lower limit is no reason not to start.
        "no strict-limits",
        # Left free in a request, so that what becomes of its path, and a target of any length, have room.
        "tune.maxrewrite 4096",
    ]
    return [*lines, "log stdout format raw local0 info"] if options.access_log else lines


def _defaults() -> list[str]:
    return [
        "mode http",
        "timeout connect 5s",
        "timeout server 30s",
        "timeout client 30s",
        "timeout http-request 10s",
        "timeout http-keep-alive 60s",
        "option dontlognull",
        # The next request of an idle connection is answered even while the proxy is told to end.
        "option idle-close-on-response",
    ]


def _binds(port: int, options: RenderOptions) -> list[str]:
    addresses = [f"{checked_address(options.address)}:{port}"]
    if options.bind_ipv6:
        addresses.append(f":::{port} v6only")
    return [f"bind {address} proto h1" for address in addresses]


def _frontend(rules: Program, settings: RouterSettings, options: RenderOptions) -> list[str]:
    lines = _binds(options.http_port, options)
    if options.access_log:
        client = "%[var(txn.client)]" if settings.trusted_proxies else "%ci"
        lines += [
            "log global",
            "capture request header Host len 256",
            "capture request header User-Agent len 256",
            f"log-format {quoted(_LOG_FORMAT.replace('CLIENT', client))}",
        ]
    return [*lines, *frontend_rules(rules, settings, options)]


def _metrics(options: RenderOptions) -> list[str]:
    return [
        *_binds(options.metrics_port, options),
        "http-request use-service prometheus-exporter if { path -m str -- /metrics }",
        r'http-request return status 404 content-type text/plain string "only /metrics is here\n"',
    ]


def _map_files(rules: Program) -> dict[str, str]:
    prefixes: list[str] = []
    host_prefixes: list[str] = []
    hosts: dict[str, str] = {}
    for entry in rules.maps:
        line = map_line(_key(entry, hosts), rule_value(entry.rule))
        (host_prefixes if entry.host else prefixes).append(line)
    files = {
        PREFIX_MAP: prefixes,
        HOST_MAP: [map_line(host, number) for host, number in hosts.items()],
        HOST_PREFIX_MAP: host_prefixes,
    }
    return {name: "".join(lines) for name, lines in files.items() if lines}


def _key(entry: MapRule, hosts: dict[str, str]) -> str:
    number = hosts.setdefault(entry.host, str(len(hosts))) if entry.host else ""
    return f"{number}{entry.path}{'/#' if entry.is_exact else '/'}"
