# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values of routes and settings: each is read, or refused with a Fault that shows it.

Every reader takes what the user wrote, its place, and the list of faults that it adds to, and gives None
where it added one. What passes can stand between single quotes in HAProxy's configuration.

Sources: RFC 1123 section 2.1 (host names), RFC 3986 section 3.3 (characters of a path), RFC 9110 sections
5.6.2 and 9.1 (header names and methods; these here are a part of what is allowed there).
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address, ip_network

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown, text_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.guards import (
    NOT_ANSWERED,
    has_dot_segment,
    has_encoded_control,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    CODES,
    Network,
    Target,
)

DEFAULT_SCHEME = "https"
LONGEST_PATH = 1000
LONGEST_HEADER_VALUE = 1000

_OWN_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
_LONGEST_HOST = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
# Such a last label makes clients take the whole for an IPv4 address (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?P<rest>.*)\Z",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&()*+,;=:@/-]|%[0-9A-Fa-f]{2})*\Z")
_NOT_OF_PATHS = re.compile(r"[^A-Za-z0-9._~!$&()*+,;=:@%/-]")
_GROUP = re.compile(r"\\([1-9])(?![0-9])")
_HEADER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
_HEADER_VALUE = re.compile(rf"[ -&(-\[\]-~]{{1,{LONGEST_HEADER_VALUE}}}\Z")
# Of the connection, not of the request: HAProxy uses them up or changes them.
_OF_THE_CONNECTION = frozenset(
    (
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_METHOD = re.compile(r"[A-Za-z]{1,20}\Z")
_RANGE = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?\Z")

_HOST_RULE = "a DNS name (RFC 1123), an IPv4 address, or an IPv6 address in brackets"


def read_code(value: object, where: str, faults: list[Fault]) -> int | None:
    """The status code of a redirect; also as text, as a template of ansible-core before 2.19 gives it."""
    for code in CODES:
        if value in (code, str(code)) and not isinstance(value, float):
            return code
    allowed = ", ".join(str(code) for code in CODES)
    faults.append(Fault(where, f"{shown(value)} is not the code of a redirect; allowed: {allowed}"))
    return None


def read_name(value: object, where: str, faults: list[Fault]) -> str | None:
    """The name of a route."""
    rule = "1 to 63 letters, digits, '.', '_' and '-', a letter or digit first"
    return _matching(_NAME, value, where, f"is not the name of a route: {rule}", faults)


def read_host(value: object, where: str, faults: list[Fault]) -> str | None:
    """A host as requests name it, without a port: in lower case, IPv6 in brackets."""
    text = text_of(value, where, faults)
    if text is None:
        return None
    host = _canonical_host(text)
    if host is None:
        faults.append(Fault(where, f"{_address(text)} is not a host without a port: {_HOST_RULE}"))
    return host


def read_authority(
    value: object, where: str, faults: list[Fault], scheme: str = DEFAULT_SCHEME
) -> str | None:
    """A host and, if need be, a port, as a Target has them: without the port that is the scheme's own."""
    text = text_of(value, where, faults)
    if text is None:
        return None
    authority = _canonical_authority(text, scheme)
    if authority is None:
        rule = f"{_HOST_RULE}; then, if need be, ':' and a port from 1 to {_HIGHEST_PORT}"
        faults.append(Fault(where, f"{_address(text)} is not a host: {rule}"))
    return authority


def read_url(value: object, where: str, faults: list[Fault]) -> Target | None:
    """A target of ``http(s)://host[:port][/prefix]``.

    Faults do not show a URL that holds a user or a query, which could be secret.
    """
    text = text_of(value, where, faults)
    if text is None:
        return None
    parts = _URL.match(text)
    if parts is None:
        faults.append(Fault(where, f"{_address(text)} does not begin with http:// or https://"))
        return None
    if "@" in parts["authority"] or parts["rest"]:
        faults.append(Fault(where, "the URL must not hold a user, a query or a fragment"))
        return None
    scheme = parts["scheme"].lower()
    before = len(faults)
    host = read_authority(parts["authority"], where, faults, scheme)
    prefix = read_target_prefix(parts["path"], where, faults)
    if len(faults) > before or host is None or prefix is None:
        return None
    return Target(scheme, host, prefix)


def read_path(value: object, where: str, faults: list[Fault]) -> str | None:
    """A path as requests have it, not decoded."""
    text = text_of(value, where, faults)
    if text is None:
        return None
    reason = _path_fault(text)
    if reason is not None:
        faults.append(Fault(where, f"{shown(text)} is not a path: {reason}"))
        return None
    return text


def read_prefix(value: object, where: str, faults: list[Fault]) -> str | None:
    """A path of whole segments, without a slash at its end; "/" for all paths."""
    path = read_path(value, where, faults)
    return path if path is None else path.rstrip("/") or "/"


def read_target_prefix(value: object, where: str, faults: list[Fault]) -> str | None:
    """The path prefix of a Target: without a slash at its end, empty for none."""
    if value is None or value == "":
        return ""
    path = read_path(value, where, faults)
    return path if path is None else path.rstrip("/")


def read_expansion(value: object, where: str, faults: list[Fault]) -> str | None:
    r"""A path in which \1 to \9 stand for groups.

    A digit right behind such a reference is refused, since some would read it as a part of the number.
    """
    text = text_of(value, where, faults)
    if text is None:
        return None
    plain = _GROUP.sub("x", text)
    reason = (
        r"a backslash stands only before one digit from 1 to 9, the number of a group"
        if "\\" in plain
        else _path_fault(plain)
    )
    if reason is not None:
        faults.append(Fault(where, f"{shown(text)} cannot replace a path: {reason}"))
        return None
    return text


def highest_group(expansion: str) -> int:
    r"""The highest number of a group in what read_expansion gave; 0 where there is none."""
    return max((int(number) for number in _GROUP.findall(expansion)), default=0)


def read_header_name(value: object, where: str, faults: list[Fault]) -> str | None:
    """The name of a header, in lower case.

    Neither ``host``, whose port and case conditions on hosts know, nor one that is about the connection.
    """
    rule = "1 to 100 letters, digits, '_' and '-', a letter or digit first"
    name = _matching(_HEADER_NAME, value, where, f"is not the name of a header: {rule}", faults)
    if name is not None and name.lower() == "host":
        faults.append(Fault(where, f"{shown(name)} cannot be used as a header here: see 'hosts'"))
        return None
    if name is not None and name.lower() in _OF_THE_CONNECTION:
        faults.append(Fault(where, f"{shown(name)} is about the connection, and no route sees it"))
        return None
    return name if name is None else name.lower()


def read_header_value(value: object, where: str, faults: list[Fault]) -> str | None:
    """The whole value of a header."""
    if isinstance(value, (bool, int, float)):
        faults.append(Fault(where, f"{shown(value)} is not a string: put it in quotes"))
        return None
    allowed = f"1 to {LONGEST_HEADER_VALUE} printable ASCII characters other than ' and \\"
    rule = f"{allowed}, without blanks at the ends"
    text = _matching(_HEADER_VALUE, value, where, f"is not the value of a header: {rule}", faults)
    if text is not None and text.strip(" ") != text:
        faults.append(Fault(where, f"{shown(text)} is not the value of a header: {rule}"))
        return None
    return text


def read_network(value: object, where: str, faults: list[Fault]) -> Network | None:
    """A range of addresses: CIDR, or one address."""
    rule = "an address, or a range such as 10.0.0.0/8 or 2001:db8::/32"
    text = _matching(_RANGE, value, where, f"is not a range of addresses: {rule}", faults)
    if text is None:
        return None
    try:
        network = ip_network(text, strict=False)
        address = ip_address(text.partition("/")[0])
    except ValueError:
        faults.append(Fault(where, f"{shown(text)} is not a range of addresses: {rule}"))
        return None
    if network.network_address != address:
        faults.append(Fault(where, f"{shown(text)} has bits set behind its prefix; the range is {network}"))
        return None
    return network


def read_method(value: object, where: str, faults: list[Fault]) -> str | None:
    """The method of a request, in upper case; neither CONNECT, which has no path, nor PRI (HTTP/2)."""
    method = _matching(_METHOD, value, where, "is not a method: 1 to 20 letters", faults)
    if method is not None and method.upper() in NOT_ANSWERED:
        faults.append(Fault(where, f"{shown(method)} cannot be redirected: HAProxy never answers it"))
        return None
    return method if method is None else method.upper()


def _matching(
    pattern: re.Pattern[str], value: object, where: str, otherwise: str, faults: list[Fault]
) -> str | None:
    text = text_of(value, where, faults)
    if text is not None and pattern.match(text) is None:
        faults.append(Fault(where, f"{shown(text)} {otherwise}"))
        return None
    return text


def _address(text: str) -> str:
    """A host or URL as messages show it: what may hold a password or a signature is not repeated."""
    return "what is written here" if "@" in text or "?" in text else shown(text)


def _canonical_host(text: str) -> str | None:
    # Some letters beyond ASCII have lower-case forms within it.
    if not text.isascii() or len(text) > _LONGEST_HOST:
        return None
    lower = text.lower()
    try:
        if lower.startswith("[") and lower.endswith("]") and "%" not in lower:
            return f"[{IPv6Address(lower[1:-1])}]"
        if _HOST.match(lower) is None:
            return None
        return str(IPv4Address(lower)) if _NUMBER.match(lower.rpartition(".")[2]) else lower
    except AddressValueError:
        return None


def _canonical_authority(text: str, scheme: str) -> str | None:
    before, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        return _canonical_host(text)
    host = _canonical_host(before)
    if host is None or _PORT.match(port) is None or int(port) > _HIGHEST_PORT:
        return None
    return host if int(port) == _OWN_PORTS[scheme] else f"{host}:{port}"


def _path_fault(text: str) -> str | None:
    if not text.startswith("/"):
        return "it has to begin with a slash"
    if len(text) > LONGEST_PATH:
        return f"it is longer than {LONGEST_PATH} characters"
    if _PATH.match(text) is None:
        other = _NOT_OF_PATHS.search(text)
        if other is not None:
            return f"{shown(other[0])} is not allowed in it; percent-encode it if requests have it so"
        return "two hexadecimal digits have to follow each %"
    if "//" in text:
        return "it has an empty segment"
    if has_dot_segment(text):
        return "it has a dot segment, which clients and servers resolve"
    if has_encoded_control(text):
        return "it has an encoded control character"
    return None
