# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Gateway: what HTTPRoutes answer, by the words of the Gateway API (apis/v1/httproute_types.go).

It is written from the specification and shares nothing with what it judges. What the API server would refuse
fails here, and so does what the specification leaves open where an answer would depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

HOSTNAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
PATH = re.compile(r"/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*")
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
NOT_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F", "#")
PORTS = {"http": 80, "https": 443}


def check(manifest: Mapping[str, Any], *, extended_codes: bool = False) -> None:
    """Fail where the API server would refuse the HTTPRoute."""
    assert manifest["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert manifest["kind"] == "HTTPRoute"
    spec = manifest["spec"]
    assert set(spec) <= {"parentRefs", "hostnames", "rules"}
    hostnames = spec.get("hostnames", [])
    assert len(hostnames) <= 16
    assert all(HOSTNAME.fullmatch(name) and len(name) <= 253 for name in hostnames)
    assert 1 <= len(spec["rules"]) <= 16
    assert sum(len(rule["matches"]) for rule in spec["rules"]) <= 128
    for rule in spec["rules"]:
        assert 1 <= len(rule["matches"]) <= 64
        for match in rule["matches"]:
            _check_match(match)
        (only,) = rule["filters"]
        assert set(only) == {"type", "requestRedirect"}
        _check_redirect(only["requestRedirect"], rule["matches"], extended_codes=extended_codes)


def _check_match(match: Mapping[str, Any]) -> None:
    assert set(match) <= {"path", "method", "headers"}
    assert match["path"]["type"] in {"Exact", "PathPrefix"}
    value = match["path"]["value"]
    assert PATH.fullmatch(value)
    assert len(value) <= 1024
    assert not any(part in value for part in NOT_IN_PATHS)
    assert not value.endswith(("/.", "/.."))
    assert match["method"] in METHODS
    headers = match.get("headers", [])
    assert len(headers) <= 16
    assert len({header["name"].lower() for header in headers}) == len(headers)
    assert all(header["type"] == "Exact" and 1 <= len(header["value"]) <= 4096 for header in headers)


def _check_redirect(
    redirect: Mapping[str, Any], matches: Sequence[Mapping[str, Any]], *, extended_codes: bool
) -> None:
    assert redirect["scheme"] in PORTS
    assert HOSTNAME.fullmatch(redirect["hostname"])
    assert not re.fullmatch(r"[0-9.]+", redirect["hostname"])
    assert redirect["statusCode"] in ({301, 302, 303, 307, 308} if extended_codes else {301, 302})
    if "path" not in redirect:
        return
    kind = redirect["path"]["type"]
    key = {"ReplaceFullPath": "replaceFullPath", "ReplacePrefixMatch": "replacePrefixMatch"}[kind]
    assert set(redirect["path"]) == {"type", key}
    assert len(redirect["path"][key]) <= 1024
    if kind == "ReplacePrefixMatch":
        (match,) = matches
        assert match["path"]["type"] == "PathPrefix"


def answer(
    manifests: Sequence[Mapping[str, Any]],
    *,
    method: str,
    target: str,
    host: str,
    headers: Mapping[str, str],
    falls_through: bool,
) -> tuple[int, str]:
    """Code and Location.

    :param manifests: the oldest first
    :param headers: names in lower case
    :param falls_through: whether HTTPRoutes of less specific hosts are looked at where those of the most
        specific one have no match; Gateways differ
    """
    path, mark, query = target.partition("?")
    for named in (True, False):
        attached = [
            manifest
            for manifest in manifests
            if (host in manifest["spec"].get("hostnames", [])) is named
            and ("hostnames" in manifest["spec"]) is named
        ]
        found = [
            (_precedence(match), rule["filters"][0]["requestRedirect"], match)
            for manifest in attached
            for rule in manifest["spec"]["rules"]
            for match in rule["matches"]
            if _matches(match, method, path, headers)
        ]
        if found:
            # max() gives the first of equals: of the oldest HTTPRoute, and of its first rule.
            _rank, redirect, match = max(found, key=lambda one: one[0])
            return redirect["statusCode"], _location(redirect, match, path) + mark + query
        if attached and not falls_through:
            return 404, ""
    return 404, ""


def _matches(match: Mapping[str, Any], method: str, path: str, headers: Mapping[str, str]) -> bool:
    wanted = match["path"]["value"]
    if match["path"]["type"] == "Exact":
        path_matches = path == wanted
    else:
        elements = wanted.rstrip("/").split("/")
        path_matches = path.split("/")[: len(elements)] == elements
    return (
        path_matches
        and method == match["method"]
        and all(headers.get(header["name"].lower()) == header["value"] for header in match.get("headers", []))
    )


def _precedence(match: Mapping[str, Any]) -> tuple[bool, int, bool, int]:
    path = match["path"]
    exact = path["type"] == "Exact"
    return exact, 0 if exact else len(path["value"]), "method" in match, len(match.get("headers", []))


def _location(redirect: Mapping[str, Any], match: Mapping[str, Any], path: str) -> str:
    scheme = redirect["scheme"]
    port = redirect.get("port", PORTS[scheme])
    origin = f"{scheme}://{redirect['hostname']}" + ("" if port == PORTS[scheme] else f":{port}")
    change = redirect.get("path")
    if change is None:
        return origin + path
    if change["type"] == "ReplaceFullPath":
        return origin + str(change["replaceFullPath"])
    prefix = match["path"]["value"].rstrip("/")
    # The specification's table has no line for the prefix "/" and the path "/".
    assert (prefix, path) != ("", "/")
    replaced = str(change["replacePrefixMatch"]).rstrip("/") + path[len(prefix) :]
    return origin + (replaced or "/")
