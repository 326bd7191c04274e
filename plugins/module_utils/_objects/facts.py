# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be looked up in the cluster to judge a set of objects, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.addresses import (
    requested_addresses,
    requested_pool,
    served_addresses,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import Desired
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    core,
    dig,
    entries,
    number,
    text,
)

CERT_MANAGER = "cert-manager.io/v1"
KindKey = tuple[str, str]
STORAGE_CLASSES: KindKey = ("storage.k8s.io/v1", "StorageClass")
PERSISTENT_VOLUMES: KindKey = ("v1", "PersistentVolume")
ADDRESS_POOLS: KindKey = ("metallb.io/v1beta1", "IPAddressPool")
SERVICES: KindKey = ("v1", "Service")
INGRESS_CLASSES: KindKey = ("networking.k8s.io/v1", "IngressClass")


@dataclass(frozen=True)
class Facts:
    """What the cluster has.

    :ivar url: the API server's address, for messages
    :ivar scopes: for each kind asked for: whether it is namespaced, None where the API server has no such
      kind
    :ivar objects: objects asked for that could be read; None where there is none
    :ivar lists: lists asked for; a list that may not be read, or whose kind is unknown, is missing
    """

    url: str
    scopes: Mapping[KindKey, bool | None]
    objects: Mapping[ObjectKey, KubeObject | None]
    lists: Mapping[KindKey, tuple[KubeObject, ...]]

    def missing(self, key: ObjectKey) -> bool:
        """Whether it is known that there is no such object."""
        return key in self.objects and self.objects[key] is None


def kinds_brought(objects: Iterable[Desired]) -> dict[KindKey, bool]:
    """Give the kinds that CustomResourceDefinitions of the set bring, each with whether it is namespaced."""
    brought: dict[KindKey, bool] = {}
    for one in objects:
        if one.key.kind != "CustomResourceDefinition":
            continue
        group, kind = dig(one.body, "spec", "group"), dig(one.body, "spec", "names", "kind")
        for version in entries(one.body, "spec", "versions"):
            brought[(f"{group}/{version.get('name')}", str(kind))] = (
                dig(one.body, "spec", "scope") == "Namespaced"
            )
    return brought


def keys_to_read(objects: Iterable[Desired]) -> set[ObjectKey]:
    """Give all objects that the rules and the late values need, the wanted ones themselves included."""
    keys: set[ObjectKey] = set()
    for one in objects:
        keys.add(one.key)
        keys.update(one.late.sources)
        if one.key.namespace:
            keys.add(core("Namespace", "", one.key.namespace))
        issuer = issuer_of(one)
        if issuer is not None:
            keys.add(issuer)
        if (number(one.body, "spec", "replicas") or 0) > 1:
            keys.update(mounted_claims(one))
    return keys


def lists_to_read(objects: Iterable[Desired]) -> set[KindKey]:
    """Give the lists that the rules need at first."""
    lists: set[KindKey] = set()
    for one in objects:
        if one.key.kind == "PersistentVolumeClaim":
            lists.add(STORAGE_CLASSES)
        if one.key.kind == "Service" and (requested_addresses(one.body) or requested_pool(one.body)[1]):
            lists.add(ADDRESS_POOLS)
        if ingress_class(one):
            lists.add(INGRESS_CLASSES)
    return lists


def more_lists_to_read(objects: Iterable[Desired], facts: Facts) -> set[KindKey]:
    """Give the long lists that are needed: all Services only where an address is not yet held."""
    lists: set[KindKey] = set()
    classes = {entry["metadata"]["name"] for entry in facts.lists.get(STORAGE_CLASSES, ())}
    for one in objects:
        if one.key.kind == "PersistentVolumeClaim":
            name = text(one.body, "spec", "storageClassName")
            if name and name not in classes:
                lists.add(PERSISTENT_VOLUMES)
        elif (issuer := issuer_of(one)) is not None and facts.missing(issuer):
            lists.add((issuer.api_version, issuer.kind))
        elif one.key.kind == "Service" and ADDRESS_POOLS in facts.lists:
            held = set(served_addresses(facts.objects.get(one.key) or {}))
            if any(address not in held for _field, address in requested_addresses(one.body)):
                lists.add(SERVICES)
    return lists


def ingress_class(one: Desired) -> str:
    """Give the class that an Ingress asks for; empty for other objects, and where the cluster chooses."""
    if one.key.kind != "Ingress" or one.key.group != "networking.k8s.io":
        return ""
    return text(one.body, "spec", "ingressClassName") or ""


def issuer_of(one: Desired) -> ObjectKey | None:
    """Give the cert-manager issuer of a Certificate.

    None for other objects and for issuers of other projects.
    """
    reference = dig(one.body, "spec", "issuerRef")
    if (
        one.key.kind != "Certificate"
        or one.key.group != "cert-manager.io"
        or not isinstance(reference, Mapping)
    ):
        return None
    if reference.get("group", "cert-manager.io") != "cert-manager.io":
        return None
    kind = str(reference.get("kind") or "Issuer")
    namespace = "" if kind == "ClusterIssuer" else one.key.namespace
    return ObjectKey(CERT_MANAGER, kind, namespace, str(reference.get("name")))


def mounted_claims(one: Desired) -> list[ObjectKey]:
    """Give the claims that a workload's pods mount by name."""
    volumes = entries(one.body, "spec", "template", "spec", "volumes")
    names = [text(volume, "persistentVolumeClaim", "claimName") for volume in volumes]
    return [core("PersistentVolumeClaim", one.key.namespace, name) for name in names if name]
