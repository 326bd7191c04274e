# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes as HTTPRoutes of the Gateway API, where these can say the same.

Rules and limits: Gateway API 1.5, ``apis/v1/httproute_types.go``. What is left out, because a Gateway has no
word for it: other methods get 404 instead of 405, nothing answers on ``/_/healthz``, and paths with dot
segments or empty segments are what the Gateway makes of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute_faults import (
    condition_faults,
    parent_faults,
    settings_faults,
    split_authority,
    target_faults,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute_packing import (
    MOST_MATCHES,
    MOST_RULES,
    Rule,
    Unit,
    pack,
    rules_needed,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.httproute_precedence import (
    Match,
    Placement,
    place_matches,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    PathKind,
    Route,
    RouterSettings,
)

MOST_HTTP_ROUTES = 1000
_MOST_HOSTNAMES = 16
_LONGEST_PATH = 1024

_Numbered = tuple[int, Route]
_Hosts = tuple[str, ...]


class HTTPRouteError(ArtifactsError):
    """The routes cannot be said as HTTPRoutes with the same meaning; the message names all reasons.

    :ivar faults: the reasons
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        listed = "\n".join(f"- {fault}" for fault in self.faults)
        super().__init__(
            f"these routes cannot be said as HTTPRoutes with the same meaning:\n{listed}",
            {"changed": False, "faults": [str(fault) for fault in self.faults]},
        )


def http_routes(
    routes: Sequence[Route],
    settings: RouterSettings,
    *,
    name: str,
    namespace: str,
    parents: Sequence[Mapping[str, Any]],
    extended_codes: bool,
) -> list[dict[str, Any]]:
    """Write the routes as HTTPRoutes; an empty list of routes gives none.

    :param name: of the first; the others are NAME-2, NAME-3 and so on
    :param parents: the Gateways, each with ``name`` and, if need be, ``namespace`` and ``sectionName``
    :param extended_codes: whether the codes 303, 307 and 308 may be used, which a Gateway need not know, and
        which none knows before Gateway API 1.5
    :raises HTTPRouteError: they cannot be said
    """
    faults = [*parent_faults(parents), *settings_faults(routes, settings)]
    sayable: list[_Numbered] = []
    for order, route in enumerate(routes):
        found = list(condition_faults(order, route, settings))
        if not found:
            sayable.append((order, route))
        faults += [*found, *target_faults(order, route, extended_codes=extended_codes)]
    written: list[tuple[_Hosts, tuple[Rule, ...]]] = []
    for hosts, some in _by_hosts(sayable):
        most = (MOST_HTTP_ROUTES - len(written)) * MOST_MATCHES
        placement = place_matches(some, settings.methods, most)
        sheets, too_large = pack(placement.units)
        written += [(hosts, rules) for rules in sheets]
        if not placement.complete or len(written) > MOST_HTTP_ROUTES:
            faults.append(Fault("routes", f"they need more than {MOST_HTTP_ROUTES} HTTPRoutes"))
            break
        faults += _placement_faults(placement, too_large, routes)
    if faults:
        raise HTTPRouteError(faults)
    return [
        _manifest(
            {"name": f"{name}-{number}" if number > 1 else name, "namespace": namespace},
            _spec(parents, hosts, rules, routes),
        )
        for number, (hosts, rules) in enumerate(written, 1)
    ]


def _by_hosts(routes: Sequence[_Numbered]) -> Iterator[tuple[_Hosts, list[_Numbered]]]:
    """The routes that requests for some hosts can match; without hosts, those of all other requests.

    What is for all hosts is repeated for each: the HTTPRoute with the host is looked at first, and it is up
    to the Gateway whether the others are looked at after it.
    """
    everywhere = [(order, route) for order, route in routes if not route.conditions.hosts]
    of_host: dict[str, list[_Numbered]] = {}
    for order, route in routes:
        for host in dict.fromkeys(route.conditions.hosts):
            of_host.setdefault(host, []).append((order, route))
    alike: dict[tuple[int, ...], list[str]] = {}
    for host, own in of_host.items():
        alike.setdefault(tuple(order for order, _route in own), []).append(host)
    for hosts in alike.values():
        some = sorted([*everywhere, *of_host[hosts[0]]], key=lambda numbered: numbered[0])
        for start in range(0, len(hosts), _MOST_HOSTNAMES):
            yield tuple(hosts[start : start + _MOST_HOSTNAMES]), some
    if everywhere:
        yield (), everywhere


def _placement_faults(
    placement: Placement, too_large: Iterable[Unit], routes: Sequence[Route]
) -> Iterator[Fault]:
    for first, second in placement.reversals:
        yield Fault(
            f"routes[{second}] ({routes[second].name})",
            f"a request can match this and the earlier route {routes[first].name}; a Gateway would prefer "
            "this one, because it has more header conditions",
        )
    for unit in too_large:
        names = ", ".join(dict.fromkeys(routes[match.order].name for match in unit))
        yield Fault(
            "routes",
            f"only their order decides between {names} for {unit[0].place.value}, so they belong in one "
            f"HTTPRoute; they need {rules_needed(unit)} rules and {len(unit)} matches, and it holds "
            f"{MOST_RULES} and {MOST_MATCHES}",
        )
    for match in (match for unit in placement.units for match in unit):
        if match.rewrite is not None and len(match.rewrite.path) > _LONGEST_PATH:
            yield Fault(
                f"routes[{match.order}] ({routes[match.order].name})",
                f"what its Location's path begins with has {len(match.rewrite.path)} characters; allowed are "
                f"{_LONGEST_PATH}",
            )


def _manifest(metadata: dict[str, str], spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata,
        "spec": spec,
    }


def _spec(
    parents: Sequence[Mapping[str, Any]], hosts: _Hosts, rules: Iterable[Rule], routes: Sequence[Route]
) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "parentRefs": [
            {key: value for key, value in parent.items() if value is not None} for parent in parents
        ]
    }
    if hosts:
        spec["hostnames"] = list(hosts)
    spec["rules"] = [
        {
            "matches": [_match(match) for match in rule],
            "filters": [
                {"type": "RequestRedirect", "requestRedirect": _redirect(routes[rule[0].order], rule[0])}
            ],
        }
        for rule in rules
    ]
    return spec


def _match(match: Match) -> dict[str, Any]:
    kind = "Exact" if match.place.kind is PathKind.EXACT else "PathPrefix"
    found: dict[str, Any] = {"path": {"type": kind, "value": match.place.value}, "method": match.method}
    if match.headers:
        found["headers"] = [{"type": "Exact", "name": name, "value": value} for name, value in match.headers]
    return found


def _redirect(route: Route, match: Match) -> dict[str, Any]:
    host, port = split_authority(route.target.host)
    redirect: dict[str, Any] = {
        "scheme": route.target.scheme,
        "hostname": host,
        "statusCode": route.code,
    }
    if port is not None:
        redirect["port"] = port
    if match.rewrite is not None:
        kind, key = (
            ("ReplaceFullPath", "replaceFullPath")
            if match.rewrite.whole
            else ("ReplacePrefixMatch", "replacePrefixMatch")
        )
        redirect["path"] = {"type": kind, key: match.rewrite.path}
    return redirect
