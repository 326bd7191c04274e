# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.configuration import Configuration
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import LINES, Version
from tests.unit.plugins.module_utils._trow.wishes import VALIDATION, faults_of, settings_of

VERSIONS = [Version(line, line.newest) for line in LINES]
# What each line has of a registry; the structures are Trow's own, and deny nothing that they do not know.
REGISTRIES: dict[str, dict[str, Any]] = {
    "0.6": {"host": "ghcr.io", "alias": "ghcr", "ignore_repos": ["a/b"]},
    "0.7": {"host": "ghcr.io", "alias": "ghcr"},
    "0.8": {"host": "ghcr.io", "alias": "ghcr"},
    "0.9": {"host": "ghcr.io", "insecure": True},
    "0.10": {"host": "ghcr.io:5000", "path_prefix": "team"},
}


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_nothing_is_said_where_nothing_is_wished(version: Version) -> None:
    assert Configuration().files(version) == {}


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_what_is_wished_is_said_as_the_version_reads_it(version: Version) -> None:
    registry = REGISTRIES[version.line.name]
    settings = settings_of(
        version=str(version), image_validation=VALIDATION, registry_proxies={"registries": [registry]}
    )
    files = {name: yaml.safe_load(text) for name, text in settings.configuration.files(version).items()}
    proxies = {"registries": [registry], "offline": False}
    if version.line.name == "0.6":
        assert files == {"image-validation.yaml": VALIDATION, "registry-proxies.yaml": proxies}
    else:
        assert files == {"config.yaml": {"registry_proxies": proxies, "image_validation": VALIDATION}}


@pytest.mark.parametrize("version", VERSIONS[1:], ids=str)
def test_a_file_without_proxies_keeps_trow_offline(version: Version) -> None:
    settings = settings_of(version=str(version), image_validation=VALIDATION)
    (text,) = settings.configuration.files(version).values()
    assert yaml.safe_load(text)["registry_proxies"] == {"registries": [], "offline": True}


def test_all_three_parts_of_the_validation_are_there() -> None:
    settings = settings_of(image_validation={"default": "Allow"})
    assert settings.configuration.validation == {"default": "Allow", "allow": [], "deny": []}


def test_passwords_make_it_a_secret() -> None:
    registry = {"host": "ghcr.io", "username": "me", "password": "hush"}
    assert settings_of(registry_proxies={"registries": [registry]}).configuration.is_secret()
    assert not settings_of(registry_proxies={"registries": [{"host": "ghcr.io"}]}).configuration.is_secret()


@pytest.mark.parametrize(
    ("version", "proxies", "words"),
    [
        ("0.10", {"registry": []}, "the key 'registry' is not known; allowed: registries, offline, max_size"),
        ("0.10", {"registries": "ghcr.io"}, "registry_proxies.registries: is not a list of mappings"),
        ("0.10", {"registries": [{"host": "https://ghcr.io"}]}, "registries[0].host: 'https://ghcr.io'"),
        ("0.10", {"registries": [{}]}, "registries[0].host: nothing is not allowed"),
        ("0.10", {"registries": [{"host": "a", "alias": "a"}]}, "'alias' is not known"),
        ("0.10", {"registries": [{"host": "a", "insecure": "no"}]}, "insecure: 'no' is not a boolean"),
        ("0.10", {"registries": [{"host": "a", "username": "a"}]}, "allowed: both, or neither"),
        ("0.9", {"registries": [{"host": "a", "path_prefix": "x"}]}, "with Trow 0.9.4"),
        ("0.8", {"registries": [{"host": "a", "alias": "a", "insecure": True}]}, "'insecure' is not known"),
        ("0.8", {"registries": [{"host": "a"}]}, "registries[0].alias: nothing is not allowed"),
        ("0.7.1", {"max_size": "5GiB"}, "it is there from 0.7.2 on"),
        ("0.10", {"max_size": "much"}, "'much' is not a size"),
        ("0.10", {"offline": "no"}, "offline: 'no' is not a boolean"),
    ],
)
def test_each_fault_is_told(version: str, proxies: dict[str, Any], words: str) -> None:
    (fault,) = faults_of(version=version, registry_proxies=proxies)
    assert words in str(fault)


@pytest.mark.parametrize("password", ["", 5, "hush\0", "hush\ud800"])
def test_no_fault_shows_a_password(password: object) -> None:
    registry = {"host": "ghcr.io", "username": "me", "password": password}
    faults = faults_of(registry_proxies={"registries": [registry]})
    assert faults
    assert "hush" not in "".join(map(str, faults))


@pytest.mark.parametrize("key", ["host", "alias"])
def test_no_fault_shows_a_password_in_a_name(key: str) -> None:
    registry = {"host": "docker.io", "alias": "docker", key: "https://me:hush@docker.io"}
    (fault,) = faults_of(version="0.8", registry_proxies={"registries": [registry]})
    assert fault.where == f"registry_proxies.registries[0].{key}"
    assert "hush" not in fault.message


@pytest.mark.parametrize(
    ("validation", "words"),
    [
        ({"allow": []}, "image_validation.default: nothing is not allowed; allowed: Allow, Deny"),
        ({"default": "deny"}, "image_validation.default: 'deny'"),
        ({"default": "Deny", "allow": "a"}, "image_validation.allow: 'a' is not a list"),
        ({"default": "Deny", "deny": [""]}, "image_validation.deny: an empty prefix"),
        ({"default": "Deny", "default_action": 1}, "'default_action' is not known"),
    ],
)
def test_each_fault_of_the_validation_is_told(validation: dict[str, Any], words: str) -> None:
    (fault,) = faults_of(image_validation=validation)
    assert words in str(fault)
