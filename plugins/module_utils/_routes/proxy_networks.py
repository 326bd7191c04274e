# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as HAProxy has to be told them.

It looks an address of IPv6 up in networks of IPv4 as the IPv4 address in it. Also 6to4's and "compatible"
addresses have one, and who owns such an address could pass for a client of a private network. An address of
IPv4 it looks up in networks of IPv6 as the mapped one, ::ffff:a.b.c.d. With networks of IPv6 only, just the
latter is left.

Source: HAProxy's configuration manual, 7.1.5 "Matching IPv4 and IPv6 addresses".
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Network

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.client_address import version_6
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import Network


def as_version_6(networks: Iterable[Network]) -> list[str]:
    """The same addresses, as networks of IPv6 in CIDR notation."""
    return [str(IPv6Network(version_6(network))) for network in networks]
