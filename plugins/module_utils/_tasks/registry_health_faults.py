# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the parameters of registry_health, told before anybody is asked anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.target import registry_of_url
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import (
    certificates_of_pem,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import parse_digest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import parse_platform
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import is_unicode
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    require_repository,
    require_tag,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import (
    is_ip_address,
    parse_url,
)

_BOUNDS: tuple[tuple[str, float, float], ...] = (
    ("timeout", 0.1, 86400),
    ("retries", 0, 86400),
    ("delay", 0, 86400),
    ("connections", 1, 64),
    ("max_latency_ms", 1, 86400000),
    ("round_trip_size", 1, 10 * 1024**3),
)
_ALGORITHMS = ("sha256:", "sha512:")
_LOGINS = ("username", "credentials_secret", "docker_config", "docker_config_secret")


def parameter_faults(parameters: Mapping[str, Any]) -> list[str]:
    """All that is wrong with the parameters, each as one sentence."""
    return [fault for fault in _faults(parameters) if fault is not None]


def _faults(parameters: Mapping[str, Any]) -> Iterator[str | None]:
    yield _syntax_fault("url", registry_of_url, parameters["url"])
    yield _syntax_fault("round_trip_repository", require_repository, parameters.get("round_trip_repository"))
    yield _syntax_fault("ca", _certificates, parameters["ca"])
    if parameters["address"] and not is_ip_address(parameters["address"]):
        yield f"address: {parameters['address']!r} is not an IPv4 or IPv6 address"
    for position, host in enumerate(parameters["token_hosts"]):
        yield _syntax_fault(f"token_hosts[{position}]", _host_name, host)
    yield from _file_and_bound_faults(parameters)
    if parameters["client_key"] and not parameters["client_cert"]:
        yield "client_key: give client_cert as well"
    yield from _login_faults(parameters)
    logins = [name for name in _LOGINS if parameters[name] is not None]
    if len(logins) > 1:
        yield f"{' and '.join(logins)}: give one of them"
    for position, entry in enumerate(parameters["expect"]):
        yield from _expect_faults(f"expect[{position}]", entry)


def _login_faults(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name in ("username", "password"):
        if parameters[name] == "":
            yield f"{name}: empty; leave username and password out to ask without credentials"
        if not is_unicode(parameters[name] or ""):
            yield f"{name}: not Unicode text"
    if (parameters["username"] is None) != (parameters["password"] is None):
        yield "username and password: give both or neither"
    if ":" in (parameters["username"] or ""):
        yield "username: a colon is not allowed (RFC 7617)"


def _file_and_bound_faults(parameters: Mapping[str, Any]) -> Iterator[str]:
    for name in ("ca_path", "client_cert", "client_key", "docker_config"):
        if parameters[name]:
            yield from _path_faults(name, parameters[name])
    for name, least, most in _BOUNDS:
        value = parameters.get(name)
        # Not the other way round: NaN is less than nothing.
        if value is not None and not least <= value <= most:
            yield f"{name}: {value} is not between {_plain(least)} and {_plain(most)}"


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _path_faults(name: str, path: str) -> Iterator[str]:
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        yield f"{name}: {path} does not exist"
    except OSError as error:
        yield f"{name}: {path} cannot be looked at: {(error.strerror or 'unknown reason').lower()}"


def _expect_faults(name: str, entry: Mapping[str, Any]) -> Iterator[str | None]:
    yield _syntax_fault(f"{name}.repository", _repository, entry["repository"])
    for tag in entry.get("tags") or ():
        yield _syntax_fault(f"{name}.tags", _tag_or_digest, tag)
    for platform in entry.get("platforms") or ():
        yield _syntax_fault(f"{name}.platforms", parse_platform, platform)
    if entry.get("platforms") and not entry.get("tags") and not entry.get("all_tags"):
        yield f"{name}.platforms: give tags or all_tags too; without them no image is looked at"


def _repository(text: str) -> None:
    try:
        require_repository(text)
    except SyntaxFault as error:
        if ":" in text or "@" in text:
            raise SyntaxFault(f"{error.message}; a tag or digest belongs in tags") from error
        raise


def _tag_or_digest(text: str) -> None:
    if ":" not in text:
        require_tag(text)
        return
    try:
        parse_digest(text)
    except SyntaxFault as error:
        shown = repr(text if len(text) <= 80 else f"{text[:77]}...")
        if "/" in text or not text.startswith(_ALGORITHMS):
            raise SyntaxFault(
                f"{shown} is neither a tag nor a digest: give the name of the repository in repository, and "
                "here only what comes after it"
            ) from error
        raise SyntaxFault(f"{shown}: {error.message}") from error


def _host_name(text: str) -> None:
    try:
        host = parse_url(f"https://[{text}]" if ":" in text else f"https://{text}").origin.host
    except SyntaxFault:
        host = ""
    if host != text.lower() or not host:
        # Not repeated: it may be a URL with a password.
        raise SyntaxFault("not a host name or IP address; scheme, port and path do not belong there")


def _certificates(text: str) -> None:
    if not is_unicode(text):
        raise SyntaxFault("not Unicode text")
    try:
        certificates_of_pem(text.encode())
    except SyntaxFault as error:
        if "-----BEGIN" not in text:
            raise SyntaxFault(f"{error.message}; the name of a file belongs in ca_path") from error
        raise


def _syntax_fault(name: str, read: Callable[[str], object], value: str | None) -> str | None:
    if value is None:
        return None
    try:
        read(value)
    except SyntaxFault as error:
        return f"{name}: {error.message}"
    return None
