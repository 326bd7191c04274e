# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the router answers by itself, before any route is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import LONGEST_TEXT
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import (
    HOST,
    ReceivedRequest,
    Request,
    authority_of,
    lower,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)

HEALTH_PATH = "/_/healthz"
OCI_ROOTS = ("/v2", "/v2/")
OCI_CATALOG = "/v2/_catalog"
OCI_HEADER = ("Docker-Distribution-Api-Version", "registry/2.0")

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SCHEME_PORTS = {"http": "80", "https": "443"}
_TARGET = re.compile(r"[!-\"$-~]+")
# HTTP/2 begins with the one, and the other names no path.
NOT_ANSWERED = ("PRI", "CONNECT")
# Both mean the same in Python and in HAProxy, and lower case stands for both cases.
DOT_SEGMENT = r"(?:\.|%2e){1,2}"
ENCODED_CONTROL = r"%(?:[01][0-9a-f]|7f)"
_DOT_SEGMENT = re.compile(DOT_SEGMENT, re.IGNORECASE)
_ENCODED_CONTROL = re.compile(ENCODED_CONTROL, re.IGNORECASE)


@dataclass(frozen=True)
class OwnAnswer:
    """An answer that needs no route.

    :ivar reason: why, in one sentence without an end
    """

    code: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()


def own_answer(
    request: Request, received: ReceivedRequest, settings: RouterSettings, routes: Iterable[Route] = ()
) -> OwnAnswer | None:
    """The router's own answer; None where the routes are asked.

    :param routes: whose expressions limit the length of a path
    """
    fault = malformed(request)
    if fault:
        return OwnAnswer(400, fault)
    if received.path == HEALTH_PATH:
        return OwnAnswer(200, "the router tells its own health")
    if request.method not in settings.methods:
        allowed = ", ".join(settings.methods)
        return OwnAnswer(405, f"method {request.method} is not one of {allowed}", (("Allow", allowed),))
    too_long = length_fault(received.path)
    if too_long and not any(route.conditions.searches_path for route in routes):
        too_long = ""
    fault = path_fault(received.path) or too_long
    if fault:
        return OwnAnswer(400, fault)
    return oci_answer(received.path) if settings.oci else None


def oci_answer(path: str) -> OwnAnswer | None:
    """What clients of a registry get at the roots of its API: no challenge for a token, and no catalog."""
    if path in OCI_ROOTS:
        return OwnAnswer(200, f"{path} is answered for clients of a registry", (OCI_HEADER,))
    if path == OCI_CATALOG:
        return OwnAnswer(404, "there is no catalog of a registry")
    return None


def path_fault(path: str) -> str:
    """Why a path is refused with 400, whatever the routes say; empty if it is not.

    A prefix that is refused makes each path below it refused, too.
    """
    if not path:
        return "the target of the request has no path"
    if has_dot_segment(path):
        return f"path {path} has a dot segment"
    if has_encoded_control(path):
        return f"path {path} has an encoded control character"
    for character, name in (("\\", "a backslash"), ("#", "a number sign")):
        if character in path:
            return f"path {path} has {name}"
    return ""


def length_fault(path: str) -> str:
    """Why a path is refused with 400 where some route has an expression for paths; empty if it is not."""
    if len(path) <= LONGEST_TEXT:
        return ""
    return f"the path has {len(path)} octets; at most {LONGEST_TEXT} are searched"


def has_dot_segment(path: str) -> bool:
    """Whether a segment is ``.`` or ``..``, also where it is encoded."""
    return any(_DOT_SEGMENT.fullmatch(segment) for segment in path.split("/"))


def has_encoded_control(path: str) -> bool:
    """Whether decoding would give a control character."""
    return _ENCODED_CONTROL.search(path) is not None


def malformed(request: Request) -> str:
    """Why HAProxy does not take this for a request of HTTP, and answers 400; empty if it does.

    Its framing (lengths, transfer encodings, line ends) is not part of a Request. DEL and characters beyond
    ASCII are refused here at every place of the target; HAProxy's own parser lets some of them pass.
    """
    if not _TOKEN.fullmatch(request.method):
        return f"method {request.method!r} has a character that is not allowed"
    if request.method in NOT_ANSWERED:
        return f"method {request.method} is never answered"
    if not _TARGET.fullmatch(request.target):
        return f"target {request.target!r} has a character that is not allowed"
    for name, value in request.headers:
        if not _TOKEN.fullmatch(name):
            return f"header name {name!r} has a character that is not allowed"
        if "\r" in value or "\n" in value:
            return f"header {name} has a line end in its value"
    return _host_fault(request)


def _host_fault(request: Request) -> str:
    hosts = [value.strip(" \t") for name, value in request.headers if lower(name) == HOST]
    if len({lower(host) for host in hosts}) > 1:
        return f"the request names two hosts, {hosts[0]} and {hosts[1]}"
    authority = authority_of(request.target)
    if not authority or not hosts:
        return ""
    scheme = lower(request.target.partition("://")[0])
    if _without_scheme_port(authority, scheme) != _without_scheme_port(hosts[0], scheme):
        return f"the target names {authority}, the header {hosts[0]} as the host"
    return ""


def _without_scheme_port(authority: str, scheme: str) -> str:
    host, _colon, port = lower(authority).rpartition(":")
    return host if host and port in {"", _SCHEME_PORTS.get(scheme, "")} else lower(authority)
