# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ingress controller's parts name the same addresses, ports and files."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import yaml

from devcluster.addresses import Addresses
from devcluster.api import object_path
from devcluster.components import INGRESS_CLASS, components
from devcluster.folders import Folders
from devcluster.plan import Component
from devcluster.steps.ingress import KINDS, crds, objects

FOLDERS = Folders(Path("/cache"), Path("/state"))
ADDRESSES = Addresses(IPv4Network("100.64.0.0/18"))
COMPONENTS = {component.name: component for component in components(FOLDERS, ADDRESSES)}
LOOPBACK = re.compile(r"127\.0\.0\.1:(\d+)")


def flags(component: Component) -> dict[str, str]:
    pairs = (word.removeprefix("--").partition("=") for word in component.command if "=" in word)
    return {name: value for name, _, value in pairs}


def applied() -> dict[str, dict[str, Any]]:
    found = list(objects(ADDRESSES))
    assert len({object_path(definition) for definition in found}) == len(found)
    return {definition["kind"]: definition for definition in found}


def test_the_service_leads_to_where_envoy_listens() -> None:
    given = flags(COMPONENTS["contour"])
    slice_ = applied()["EndpointSlice"]
    (endpoint,) = slice_["endpoints"]
    for port in slice_["ports"]:
        listening = (
            given[f"envoy-service-{port['name']}-address"],
            given[f"envoy-service-{port['name']}-port"],
        )
        assert ([listening[0]], int(listening[1])) == (endpoint["addresses"], port["port"])
    assert given["ingress-status-address"] == str(ADDRESSES.node)


def test_the_service_is_left_to_its_users_but_for_its_ports() -> None:
    service = applied()["Service"]
    assert set(service["spec"]) == {"ports"}
    slice_ = applied()["EndpointSlice"]
    assert slice_["metadata"]["labels"]["kubernetes.io/service-name"] == service["metadata"]["name"]
    assert [port["port"] for port in slice_["ports"]] == [port["port"] for port in service["spec"]["ports"]]


def test_contour_serves_the_class_that_is_applied() -> None:
    assert flags(COMPONENTS["contour"])["ingress-class-name"] == applied()["IngressClass"]["metadata"]["name"]
    assert applied()["IngressClass"]["metadata"]["name"] == INGRESS_CLASS


def test_nothing_waits_for_the_ingress_controller() -> None:
    own = {"ingress", "contour", "envoy"}
    assert all(own.isdisjoint(part.needs) for part in COMPONENTS.values() if part.name not in own)


def test_probes_ask_different_ports_of_the_loopback() -> None:
    ports = Counter(
        LOOPBACK.findall(part.probe.target)[0]
        for part in COMPONENTS.values()
        if LOOPBACK.search(part.probe.target)
    )
    assert set(ports.values()) == {1}


def document(kind: str) -> str:
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"annotations": {"of": "a generator"}, "name": f"{kind}.projectcontour.io"},
        "status": {"conditions": []},
    }
    return yaml.safe_dump(definition)


def test_only_the_kinds_that_contour_needs_are_taken_of_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "share/contour"
    folder.mkdir(parents=True)
    names = ["contourdeployments", *sorted(KINDS), "extensionservices"]
    (folder / "crds.yaml").write_text("---\n" + "\n---\n".join(document(name) for name in names))
    found = list(crds(Folders(tmp_path, Path("/state"))))
    assert [definition["metadata"]["name"] for definition in found] == [
        f"{kind}.projectcontour.io" for kind in sorted(KINDS)
    ]
    assert all("status" not in definition for definition in found)
