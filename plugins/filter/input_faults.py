# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter input_faults: what is wrong with the variables of a role, all of it at once."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError

# RFC 1123, section 2.1, in the two lengths Kubernetes allows for names.
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_DNS_NAME = re.compile(
    r"(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*", re.IGNORECASE
)
# Kubernetes, apimachinery, resource.Quantity.
_QUANTITY = re.compile(r"(?P<number>[0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[mkMGTPE]|[eE][-+]?[0-9]+)?")
# Go, time.ParseDuration, without sign and without the units nobody means here.
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|h|m|s))+")
_LOOKS_LIKE_IPV4 = re.compile(r"[0-9.]+")
_INTEGER = re.compile(r"-?[0-9]+")


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_subdomain(text: str) -> bool:
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def _is_dns_name(text: str) -> bool:
    """Tell whether the text may be a DNS name of a certificate, as no IP address may (RFC 5280, 4.2.1.6)."""
    return (
        len(text) <= 253
        and _DNS_NAME.fullmatch(text) is not None
        and _LOOKS_LIKE_IPV4.fullmatch(text) is None
    )


def _is_address(text: str) -> bool:
    return _is_ip_address(text) or (_is_dns_name(text) and not text.startswith("*"))


def _is_quantity(text: str) -> bool:
    match = _QUANTITY.fullmatch(text)
    return match is not None and float(match["number"]) > 0


def _is_host_port(text: str) -> bool:
    """Tell whether the text is ``host:port`` with an IPv6 address in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not _is_port(port):
        return False
    if host.startswith("[") and host.endswith("]"):
        return ":" in host and _is_ip_address(host[1:-1])
    return ":" not in host and _is_address(host)


def _is_registry_host(text: str) -> bool:
    """Tell whether the text is what names a registry in an image reference.

    Without a port it must have a dot: another first part of a reference is no registry (distribution,
    reference/normalize.go).
    """
    return _is_host_port(text) or (":" not in text and "." in text and _is_address(text))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 1 <= int(text) <= 65535


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_docker_config(text: str) -> bool:
    """Tell whether the text is a Docker config.json that a kubelet can log in with."""
    try:
        auths = json.loads(text)["auths"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return (
        isinstance(auths, dict) and bool(auths) and all(isinstance(login, dict) for login in auths.values())
    )


_ENDS = "that starts and ends with a letter or digit (RFC 1123)"
_KINDS: dict[str, tuple[Callable[[str], bool], str]] = {
    "absolute_path": (
        lambda text: re.fullmatch(r"(/[A-Za-z0-9._-]+)+", text) is not None and ".." not in text.split("/"),
        "an absolute path of letters, digits, dots, dashes and underscores, without '..'",
    ),
    "address": (_is_address, "an IPv4 or IPv6 address or a DNS name"),
    "dns_label": (
        lambda text: _LABEL.fullmatch(text) is not None,
        f"a name of at most 63 lower case letters, digits and dashes {_ENDS}",
    ),
    "dns_name": (_is_dns_name, "a DNS name, which an IP address is not"),
    "dns_subdomain": (
        _is_subdomain,
        f"a name of at most 253 lower case letters, digits, dashes and dots {_ENDS}",
    ),
    "docker_config": (
        _is_docker_config,
        "a Docker config.json whose auths has a mapping for each registry, as text or as a dictionary",
    ),
    "duration": (lambda text: _DURATION.fullmatch(text) is not None, "a duration such as 30s, 15m or 2160h"),
    "host_port": (_is_host_port, "host:port, an IPv6 address in brackets"),
    "ip_address": (_is_ip_address, "an IPv4 or IPv6 address"),
    "port": (_is_port, "a port from 1 to 65535"),
    "quantity": (_is_quantity, "a size greater than 0 such as 500Mi, 5Gi or 1Ti"),
    "registry_host": (
        _is_registry_host,
        "the registry as in an image reference: host:port, an IPv6 address in brackets, or a host with a dot",
    ),
    "text": (bool, "not empty"),
    "url": (_is_url, "an http:// or https:// URL"),
}
# Values of these kinds are never shown.
_SECRET_KINDS = frozenset({"docker_config"})


def _integer_fault(text: str, check: Mapping[str, Any]) -> str | None:
    """Return what is allowed if the text is no integer within ``minimum`` and ``maximum``, if given."""
    minimum, maximum = check.get("minimum"), check.get("maximum")
    if (
        _INTEGER.fullmatch(text) is not None
        and (minimum is None or int(text) >= minimum)
        and (maximum is None or int(text) <= maximum)
    ):
        return None
    bounds = [f"{word} {bound}" for word, bound in (("from", minimum), ("to", maximum)) if bound is not None]
    return " ".join(["an integer", *bounds])


def _allowed_instead(value: object, check: Mapping[str, Any]) -> str | None:
    """Return what is allowed instead of the value, or None if the value is right."""
    kind = check.get("kind")
    text = _as_text(value)
    if text == "" and check.get("optional", False):
        return None
    if kind == "integer":
        return _integer_fault(text, check)
    if kind not in _KINDS:
        known = ", ".join(sorted([*_KINDS, "integer"]))
        raise AnsibleFilterError(f"input_faults: unknown kind {kind!r}; known: {known}")
    holds, allowed = _KINDS[kind]
    return None if holds(text) else allowed


def _as_text(value: object) -> str:
    if isinstance(value, Mapping):
        return json.dumps(value, default=str)
    return "" if value is None else str(value)


def input_faults(checks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one sentence for each value that is not of its kind, in the order of the checks.

    A check is ``{variable, value, kind}``, with ``optional`` (the empty string is right, too), ``minimum``
    and ``maximum`` (kind ``integer``). A list is checked element by element; ``filled`` makes the empty
    list a fault. ``part``, such as ``from.name``, has that part of each element checked instead; elements
    without it are passed over. Or a check is ``{variable, value, fault, allowed}``: ``fault`` is the truth of
    a condition over several variables. A value of the kind ``docker_config`` may be a dictionary, and is
    never shown.
    """
    faults: list[str] = []
    for check in checks:
        variable, value = check["variable"], check.get("value")
        if "fault" in check:
            if check["fault"]:
                faults.append(_sentence(variable, value, check["allowed"]))
            continue
        if isinstance(value, (list, tuple)):
            if not value and check.get("filled", False):
                faults.append(_sentence(variable, [], "a list of at least one element"))
            named = list(_elements(variable, value, check.get("part", "")))
        else:
            named = [(variable, value)]
        for name, element in named:
            allowed = _allowed_instead(element, check)
            if allowed is not None:
                shown = "(hidden)" if check.get("kind") in _SECRET_KINDS else _shown(element)
                faults.append(f"{name} is {shown}; allowed: {allowed}")
    return faults


def _elements(variable: str, elements: Iterable[object], part: str) -> Iterator[tuple[str, object]]:
    """Give what is to be checked of each element, with its place in the user's own list."""
    for index, element in enumerate(elements):
        found, name = element, f"{variable}[{index}]"
        for key in part.split(".") if part else ():
            if not isinstance(found, Mapping) or key not in found:
                break
            found, name = found[key], f"{name}.{key}"
        else:
            yield name, found


def _sentence(variable: str, value: object, allowed: str) -> str:
    return f"{variable} is {_shown(value)}; allowed: {allowed}"


def _shown(value: object) -> str:
    return repr(str(value)) if isinstance(value, str) else str(value)


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"input_faults": input_faults}
