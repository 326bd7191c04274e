# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.input_faults import (
    FilterModule,
    input_faults,
)

RIGHT: dict[str, list[object]] = {
    "absolute_path": ["/etc/containerd/certs.d", "/x"],
    "address": ["172.17.1.62", "fd00::1", "registry.example.com", "registry"],
    "dns_label": ["docker-registry", "a", "9", "x" * 63],
    "dns_name": ["*.docker-registry.svc", "Registry.Example.com", "a.1b"],
    "dns_subdomain": ["a.b-c.d", "x" * 63 + ".y", "x" * 253],
    "docker_config": [
        '{"auths": {"registry.example.com": {"auth": "dTpw"}}}',
        {"auths": {"registry.example.com:5000": {"username": "u", "password": "p"}}, "more": 1},
    ],
    "duration": ["2160h", "1h30m", "0.5s", "100ms"],
    "host_port": ["172.17.1.62:5000", "[fd00::1]:443", "registry.example.com:1", "localhost:65535"],
    "ip_address": ["172.17.1.62", "::1"],
    "port": ["1", "65535", 5000],
    "quantity": ["5Gi", "500Mi", "1.5T", "100", "2e9", "1500m", 7],
    "registry_host": [
        "172.17.1.62:5000",
        "[fd00::1]:443",
        "localhost:5000",
        "registry.example.com",
        "10.0.0.1",
    ],
    "text": ["x"],
    "url": ["https://registry-1.docker.io", "http://10.0.0.1:5000/"],
}
WRONG: dict[str, list[object]] = {
    "absolute_path": ["", "etc", "/", "/a/../b", "/a b", "/a/", "/a\n"],
    "address": ["172.17.1.620", "1.2.3", "*.example.com", "a_b", "", "fd00::g"],
    "dns_label": ["", "Docker", "a.b", "-a", "a-", "x" * 64, "a\n", "ä"],
    "dns_name": ["172.17.1.62", "", "a..b", "*", "a.*.b", "x" * 64 + ".y"],
    "dns_subdomain": ["a..b", ".a", "a.", "A", "x" * 254],
    "duration": ["", "90", "1d", "h", "-1h", "1h 30m"],
    "host_port": [
        "172.17.1.62",
        "host:",
        ":5000",
        "host:0",
        "host:65536",
        "fd00::1:443",
        "[x]:1",
        "a b:1",
        "[1.2.3.4]:1",
    ],
    "ip_address": ["172.17.1.620", "registry", "", "172.17.1.62:5000"],
    "port": ["0", "65536", "-1", "http", "", "\uff11"],
    "quantity": ["5Gig", "", "Gi", "0", "0Gi", "-1Gi", "5 Gi", "5GB", "1,5Gi"],
    "registry_host": ["", "registry", "fd00::1", "registry.example.com:0", "*.example.com", "https://x.org"],
    "text": [""],
    "url": ["docker.io", "ftp://x", "https://", "https://x:99999", ""],
}


def _check(kind: str, value: object, **more: Any) -> list[str]:
    return input_faults([{"variable": "v", "value": value, "kind": kind, **more}])


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in RIGHT for value in RIGHT[kind]])
def test_right_values_have_no_fault(kind: str, value: object) -> None:
    assert _check(kind, value) == []


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in WRONG for value in WRONG[kind]])
def test_wrong_values_are_named_with_what_is_allowed(kind: str, value: object) -> None:
    (fault,) = _check(kind, value)
    assert fault.startswith(f"v is {value!r}; allowed: ")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hunter2",
        "[]",
        '{"auths": "hunter2"}',
        '{"auths": {"r": "hunter2"}}',
        {"auths": {}},
        {"r": "hunter2"},
        3,
    ],
)
def test_wrong_secrets_are_told_without_being_shown(value: object) -> None:
    (fault,) = _check("docker_config", [value])
    assert fault.startswith("v[0] is (hidden); allowed: a Docker config.json")
    assert "hunter2" not in fault


def test_empty_is_right_only_where_it_is_optional() -> None:
    assert _check("ip_address", "", optional=True) == []
    assert _check("ip_address", None, optional=True) == []
    assert len(_check("ip_address", "", optional=False)) == 1
    assert len(_check("ip_address", "x", optional=True)) == 1


@pytest.mark.parametrize("value", [0, "3", 65535])
def test_integer_within_its_bounds(value: object) -> None:
    assert _check("integer", value, minimum=0, maximum=65535) == []


@pytest.mark.parametrize(
    ("value", "bounds", "allowed"),
    [
        (-1, {"minimum": 0}, "an integer from 0"),
        (70000, {"minimum": 0, "maximum": 65535}, "an integer from 0 to 65535"),
        ("1.5", {}, "an integer"),
        ("", {"maximum": 3}, "an integer to 3"),
    ],
)
def test_integer_out_of_its_bounds(value: object, bounds: dict[str, int], allowed: str) -> None:
    assert _check("integer", value, **bounds) == [f"v is {value!r}; allowed: {allowed}"]


def test_every_element_of_a_list_is_checked_and_all_faults_are_told_in_order() -> None:
    assert [fault.split(";")[0] for fault in _check("ip_address", ["10.0.0.1", "x", "y"])] == [
        "v[1] is 'x'",
        "v[2] is 'y'",
    ]


def test_part_of_an_element_is_checked_and_keeps_its_place_in_the_list() -> None:
    elements: list[object] = [{"from": {"name": "ok"}}, {}, "x", {"from": {}}, {"from": {"name": "N"}}]
    (fault,) = _check("dns_label", elements, part="from.name")
    assert fault.startswith("v[4].from.name is 'N'; allowed: ")


def test_empty_list_is_a_fault_only_where_it_must_be_filled() -> None:
    assert _check("text", []) == []
    assert _check("text", [], filled=True) == ["v is []; allowed: a list of at least one element"]


def test_condition_is_told_only_where_it_is_a_fault() -> None:
    check = {"variable": "replicas", "value": 2, "allowed": "1, because the claim is ReadWriteOnce"}
    assert input_faults([{**check, "fault": False}]) == []
    assert input_faults([{**check, "fault": True}]) == [
        "replicas is 2; allowed: 1, because the claim is ReadWriteOnce"
    ]


def test_unknown_kind_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(AnsibleFilterError, match="unknown kind 'colour'"):
        _check("colour", "red")


def test_filter_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"input_faults": input_faults}
