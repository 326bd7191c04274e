# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trow's configuration: which images its webhook lets in, and which registries it passes on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown, unknown_keys
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.arguments import (
    CONFIGURATION_FILE,
    PROXIES_FILE,
    VALIDATION_FILE,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.reading import Reader, is_writable
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import Version
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.yaml_writer import yaml_text

_SIZE = re.compile(r"\d{1,12}(?:\.\d{1,3})? ?(?:[KMGTP]i?)?B\Z", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9._]*[A-Za-z0-9])?(?::\d{1,5})?\Z", re.ASCII)
_ALIAS = re.compile(r"[a-z0-9](?:[-a-z0-9._]*[a-z0-9])?\Z", re.ASCII)
_VALIDATION_KEYS = ("default", "allow", "deny")
_PASSWORD = "password"


@dataclass(frozen=True)
class Configuration:
    """What Trow is told in files.

    :ivar validation: ``default``, ``allow`` and ``deny``; empty where nothing is said
    :ivar proxies: ``registries``, ``offline`` and perhaps ``max_size``; empty where nothing is said
    """

    validation: Mapping[str, Any] = field(default_factory=dict)
    proxies: Mapping[str, Any] = field(default_factory=dict)

    def is_secret(self) -> bool:
        """Whether there is a password in it."""
        return any(_PASSWORD in registry for registry in self.proxies.get("registries", ()))

    def files(self, version: Version) -> dict[str, str]:
        """The files, name to text; none where the version does by itself what is wanted."""
        if version.line.one_configuration:
            if not self.validation and not self.proxies:
                return {}
            # Trow does not start without this key, and with an empty mapping it would be online.
            whole: dict[str, Any] = {"registry_proxies": self.proxies or {"registries": [], "offline": True}}
            if self.validation:
                whole["image_validation"] = self.validation
            return {CONFIGURATION_FILE: yaml_text(whole)}
        parts = {}
        if self.validation:
            parts[VALIDATION_FILE] = yaml_text(self.validation)
        if self.proxies:
            parts[PROXIES_FILE] = yaml_text(self.proxies)
        return parts


def read_configuration(reader: Reader, version: Version) -> Configuration:
    """Read ``image_validation`` and ``registry_proxies``."""
    return Configuration(_read_validation(reader), _read_proxies(reader, version))


def _read_proxies(reader: Reader, version: Version) -> dict[str, Any]:
    where = "registry_proxies"
    given: dict[Any, Any] = reader.mapping(where)
    if not given:
        return {}
    reader.faults += unknown_keys(given, ("registries", "offline", "max_size"), where)
    listed = given.get("registries") or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        reader.fault(f"{where}.registries", "is not a list of mappings")
        listed = []
    registries = [
        _read_registry(one, f"{where}.registries[{index}]", version, reader.faults)
        for index, one in enumerate(listed)
    ]
    read: dict[str, Any] = {"registries": registries, "offline": given.get("offline") or False}
    if not isinstance(read["offline"], bool):
        reader.fault(f"{where}.offline", f"{shown(read['offline'])} is not a boolean; allowed: true, false")
    max_size = given.get("max_size") or ""
    if not max_size:
        return read
    if not isinstance(max_size, str) or _SIZE.match(max_size) is None:
        reader.fault(f"{where}.max_size", f"{shown(max_size)} is not a size such as 50GiB or 500MB")
    if not version.limits_proxied:
        reader.fault(f"{where}.max_size", f"Trow {version} has no such limit; it is there from 0.7.2 on")
    return {**read, "max_size": max_size}


def _read_validation(reader: Reader) -> dict[str, Any]:
    given: dict[Any, Any] = reader.mapping("image_validation")
    if not given:
        return {}
    reader.faults += unknown_keys(given, _VALIDATION_KEYS, "image_validation")
    default = given.get("default")
    if default not in ("Allow", "Deny"):
        reader.fault("image_validation.default", f"{shown(default)} is not allowed; allowed: Allow, Deny")
    read: dict[str, Any] = {"default": default}
    for key in ("allow", "deny"):
        prefixes = given.get(key) or []
        if not isinstance(prefixes, list) or not all(isinstance(prefix, str) for prefix in prefixes):
            reader.fault(
                f"image_validation.{key}", f"{shown(prefixes)} is not a list of prefixes of references"
            )
            prefixes = []
        if "" in prefixes:
            reader.fault(
                f"image_validation.{key}", "an empty prefix decides nothing; that is what default is for"
            )
        read[key] = prefixes
    return read


def _read_registry(
    given: Mapping[Any, Any], where: str, version: Version, faults: list[Fault]
) -> dict[str, Any]:
    line = version.line
    known = ["host", "username", _PASSWORD]
    known += ["alias", "ignore_repos"] if line.proxy_aliases else []
    known += ["insecure"] if line.insecure_proxies else []
    known += ["path_prefix"] if line.proxy_paths else []
    faults += [
        Fault(fault.where, f"{fault.message} with Trow {version}")
        for fault in unknown_keys(given, known, where)
    ]
    faults += _name_faults(given, where, needs_alias=line.proxy_aliases)
    faults += _text_faults(given, where)
    if ("username" in given) != (_PASSWORD in given):
        faults.append(Fault(where, "has one of username and password; allowed: both, or neither"))
    if not isinstance(given.get("insecure", False), bool):
        faults.append(Fault(f"{where}.insecure", f"{shown(given['insecure'])} is not a boolean"))
    ignored = given.get("ignore_repos", [])
    if not isinstance(ignored, list) or not all(isinstance(one, str) for one in ignored):
        faults.append(Fault(f"{where}.ignore_repos", f"{shown(ignored)} is not a list of repositories"))
    return {key: given[key] for key in known if key in given}


def _name_faults(given: Mapping[str, Any], where: str, *, needs_alias: bool) -> list[Fault]:
    faults = []
    host, alias = given.get("host"), given.get("alias")
    if not isinstance(host, str) or _HOST.match(host) is None:
        allowed = "a name such as docker.io, with a port if need be, without a scheme"
        faults.append(Fault(f"{where}.host", f"{_shown_name(host)} is not allowed; allowed: {allowed}"))
    if needs_alias and (not isinstance(alias, str) or _ALIAS.match(alias) is None):
        allowed = "the part of references behind f/, such as docker"
        faults.append(Fault(f"{where}.alias", f"{_shown_name(alias)} is not allowed; allowed: {allowed}"))
    return faults


def _shown_name(name: object) -> str:
    # As in a URL, a password may be before the sign.
    return "what has an '@'" if isinstance(name, str) and "@" in name else shown(name)


def _text_faults(given: Mapping[str, Any], where: str) -> list[Fault]:
    # Neither is shown: both may be secret.
    return [
        Fault(f"{where}.{key}", "is not a text that holds something")
        for key in ("username", _PASSWORD, "path_prefix")
        if key in given and not (isinstance(given[key], str) and given[key] and is_writable(given[key]))
    ]
