# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a router as the user writes them.

A mapping with the keys ``methods``, ``trusted_proxies``, ``client_address_header``, ``client_headers``,
``oci`` and ``route_header``, all optional; one that is null is not given.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    read_each,
    read_flag,
    shown,
    unique,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import (
    read_header_name,
    read_method,
    read_network,
)

_KEYS = ("methods", "trusted_proxies", "client_address_header", "client_headers", "oci", "route_header")

# What the proxy itself says about its answer: naming the route there would break it.
_OF_THE_ANSWER = frozenset(
    (
        "allow",
        "cache-control",
        "content-encoding",
        "content-type",
        "date",
        "location",
        "set-cookie",
    )
)


def read_settings(raw: object, where: str = "settings") -> tuple[RouterSettings, list[Fault]]:
    """Read the settings; None gives those that hold where nothing is said.

    Gives what can be used, the rest as it is by default, and every fault. Never raises.
    """
    default = RouterSettings()
    if raw is None:
        return default, []
    if not isinstance(raw, Mapping):
        message = f"{shown(raw)} is not a mapping with the keys {', '.join(_KEYS)}"
        return default, [Fault(where, message)]
    given = {key: value for key, value in raw.items() if value is not None}
    faults = unknown_keys(raw, _KEYS, where)
    methods = default.methods
    if "methods" in given:
        place = f"{where}.methods"
        methods = unique(read_each(given["methods"], place, "methods", read_method, faults))
    proxies = default.trusted_proxies
    if "trusted_proxies" in given:
        place = f"{where}.trusted_proxies"
        proxies = unique(
            read_each(
                given["trusted_proxies"], place, "address ranges", read_network, faults, may_be_empty=True
            )
        )
    header: str | None = default.client_address_header
    if "client_address_header" in given:
        header = read_header_name(given["client_address_header"], f"{where}.client_address_header", faults)
    removed = default.client_headers
    if "client_headers" in given:
        place = f"{where}.client_headers"
        names = read_each(
            given["client_headers"], place, "header names", read_header_name, faults, may_be_empty=True
        )
        removed = unique(names)
    return (
        RouterSettings(
            methods=methods or default.methods,
            trusted_proxies=proxies,
            client_address_header=header or default.client_address_header,
            client_headers=removed,
            oci=read_flag(given.get("oci"), f"{where}.oci", faults) or False,
            route_header=_read_route_header(given.get("route_header"), f"{where}.route_header", faults),
        ),
        faults,
    )


def write_settings(settings: RouterSettings) -> dict[str, object]:
    """All settings as read_settings reads them to equal ones: strings, lists and booleans only."""
    return {
        "methods": list(settings.methods),
        "trusted_proxies": [str(network) for network in settings.trusted_proxies],
        "client_address_header": settings.client_address_header,
        "client_headers": list(settings.client_headers),
        "oci": settings.oci,
        "route_header": settings.route_header,
    }


def _read_route_header(value: object, where: str, faults: list[Fault]) -> str:
    if value is None or value == "":
        return ""
    name = read_header_name(value, where, faults)
    if name in _OF_THE_ANSWER:
        faults.append(Fault(where, f"{shown(value)} is a header that the answer itself needs"))
        return ""
    return name or ""
