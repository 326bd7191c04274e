# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight rules: from objects and facts to faults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import (
    Desired,
    read_wanted,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    ADDRESS_POOLS,
    PERSISTENT_VOLUMES,
    SERVICES,
    STORAGE_CLASSES,
    Facts,
    keys_to_read,
    lists_to_read,
    more_lists_to_read,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import ObjectKey, core
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.late import (
    DATA_FROM,
    ROLLOUT_ON,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.order import rank
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight import (
    faults_of,
    kind_faults,
    missing_sources,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.preflight_claim import (
    consumerless_claims,
)

Object = dict[str, Any]
API_VERSIONS = {
    "Deployment": "apps/v1",
    "Certificate": "cert-manager.io/v1",
    "StorageClass": "storage.k8s.io/v1",
}


def obj(
    kind: str, name: str, spec: Any = None, annotations: dict[str, str] | None = None, **more: Any
) -> Object:
    metadata = {"name": name, "namespace": "n", "annotations": annotations or {}}
    return {
        "apiVersion": API_VERSIONS.get(kind, "v1"),
        "kind": kind,
        "metadata": metadata,
        "spec": spec or {},
        **more,
    }


def claim(**spec: Any) -> Object:
    return obj("PersistentVolumeClaim", "c", {"resources": {"requests": {"storage": "1Gi"}}, **spec})


def storage_class(name: str, *, default: bool = False, **more: Any) -> Object:
    marks = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    return obj("StorageClass", name, annotations=marks, **more)


def balancer(name: str, address: str, **annotations: str) -> Object:
    spec = {"type": "LoadBalancer", "loadBalancerIP": address}
    return obj("Service", name, spec, {key.replace("_", "-"): value for key, value in annotations.items()})


def holding(name: str, address: str, annotations: dict[str, str] | None = None) -> Object:
    served = {"loadBalancer": {"ingress": [{"ip": address}]}}
    return obj("Service", name, {"type": "LoadBalancer"}, annotations, status=served)


POOL = obj("IPAddressPool", "pool", {"addresses": ["192.0.2.0/24"]})
OTHER_POOL = obj("IPAddressPool", "other", {"addresses": ["198.51.100.0/24"]})
SHARED = {"metallb.io/allow-shared-ip": "key"}


def facts(*live: Object, missing: tuple[ObjectKey, ...] = (), **lists: list[Object]) -> Facts:
    named = {
        "classes": STORAGE_CLASSES,
        "pools": ADDRESS_POOLS,
        "services": SERVICES,
        "volumes": PERSISTENT_VOLUMES,
    }
    objects: dict[ObjectKey, Object | None] = dict.fromkeys(missing)
    objects.update({one.key: one.body for one in desired(*live)})
    return Facts("https://x", {}, objects, {named[name]: tuple(items) for name, items in lists.items()})


def desired(*objects: Object) -> tuple[Desired, ...]:
    wanted = read_wanted(objects, [])
    assert not wanted.faults
    return wanted.objects


def mounting(replicas: int) -> Object:
    volume = {"name": "v", "persistentVolumeClaim": {"claimName": "c"}}
    return obj("Deployment", "d", {"replicas": replicas, "template": {"spec": {"volumes": [volume]}}})


ONCE, MANY = ["ReadWriteOnce"], ["ReadWriteMany"]
CASES: list[tuple[str, list[Object], Facts, list[str]]] = [
    ("class exists", [claim(storageClassName="a")], facts(classes=[storage_class("a")]), []),
    ("class in the set", [claim(storageClassName="a"), storage_class("a")], facts(classes=[]), []),
    (
        "class of a volume",
        [claim(storageClassName="a")],
        facts(classes=[], volumes=[claim(storageClassName="a")]),
        [],
    ),
    ("no class wanted", [claim(storageClassName="")], facts(classes=[]), []),
    ("default class", [claim()], facts(classes=[storage_class("a", default=True)]), []),
    ("no default class", [claim()], facts(classes=[storage_class("a")]), ["no default StorageClass"]),
    ("classes unreadable", [claim(storageClassName="a")], facts(), []),
    (
        "unknown class",
        [claim(storageClassName="b")],
        facts(classes=[storage_class("a")]),
        ['"b" does not exist'],
    ),
    ("no size", [obj("PersistentVolumeClaim", "c")], facts(), ["has no spec.resources.requests.storage"]),
    (
        "zero size",
        [claim(resources={"requests": {"storage": "0"}})],
        facts(),
        ["is not greater than zero"],
    ),
    ("same claim", [claim(accessModes=ONCE)], facts(claim(accessModes=ONCE, storageClassName="a")), []),
    ("other mode", [claim(accessModes=MANY)], facts(claim(accessModes=ONCE)), ["spec.accessModes"]),
    ("one replica", [mounting(1), claim(accessModes=ONCE)], facts(), []),
    ("many writers", [mounting(2), claim(accessModes=MANY)], facts(), []),
    ("two replicas", [mounting(2), claim(accessModes=ONCE)], facts(), ["spec.replicas 2"]),
    (
        "two replicas, claim in the cluster",
        [mounting(2)],
        facts(claim(accessModes=ONCE)),
        ["spec.replicas 2"],
    ),
    ("address in a pool", [balancer("s", "192.0.2.1")], facts(pools=[POOL]), []),
    ("no MetalLB", [balancer("s", "203.0.113.1")], facts(), []),
    ("address in no pool", [balancer("s", "203.0.113.1")], facts(pools=[POOL]), ["is in no MetalLB"]),
    (
        "address in another pool",
        [balancer("s", "192.0.2.1", **{"metallb.io/address-pool": "other"})],
        facts(pools=[POOL, OTHER_POOL]),
        ["is not in the pool other"],
    ),
    (
        "held",
        [balancer("s", "192.0.2.1")],
        facts(pools=[POOL], services=[holding("t", "192.0.2.1")]),
        ["already held by service/t"],
    ),
    (
        "held by itself",
        [balancer("s", "192.0.2.1")],
        facts(pools=[POOL], services=[holding("s", "192.0.2.1")]),
        [],
    ),
    (
        "shared",
        [balancer("s", "192.0.2.1", **SHARED)],
        facts(pools=[POOL], services=[holding("t", "192.0.2.1", SHARED)]),
        [],
    ),
    (
        "twice in the set",
        [balancer("s", "192.0.2.1"), balancer("t", "192.0.2.1")],
        facts(pools=[POOL]),
        ["service/t in namespace n: spec.loadBalancerIP 192.0.2.1 is already held by service/s"],
    ),
    (
        "namespace missing",
        [obj("ConfigMap", "x")],
        facts(missing=(core("Namespace", "", "n"),)),
        ['namespace "n"'],
    ),
]


@pytest.mark.parametrize(
    ("objects", "known", "told"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_rule(objects: list[Object], known: Facts, told: list[str]) -> None:
    faults = faults_of(desired(*objects), known, [], check_mode=False)
    assert len(faults) == len(told), faults
    for fault, words in zip(faults, told, strict=True):
        assert words in fault


def test_an_address_whose_holder_leaves_is_free() -> None:
    known = facts(pools=[POOL], services=[holding("t", "192.0.2.1")])
    assert (
        faults_of(desired(balancer("s", "192.0.2.1")), known, [core("Service", "n", "t")], check_mode=False)
        == []
    )


def test_unknown_kinds_are_told_once_a_kind() -> None:
    objects = desired(obj("Certificate", "a"), obj("Certificate", "b"), obj("ConfigMap", "c"))
    scopes = {("cert-manager.io/v1", "Certificate"): None, ("v1", "ConfigMap"): False}
    unknown, wrong = sorted(kind_faults(objects, scopes, "https://x"))
    assert unknown.startswith("cert-manager is not installed: the API server https://x knows no")
    assert "certificate/a" in unknown
    assert "certificate/b" in unknown
    assert 'has metadata.namespace "n"' in wrong


def test_claims_without_consumer() -> None:
    late = storage_class("a", default=True, volumeBindingMode="WaitForFirstConsumer")
    key = core("PersistentVolumeClaim", "n", "c")
    assert consumerless_claims(desired(claim()), [late]) == {key}
    assert consumerless_claims(desired(claim(), mounting(0)), [late]) == {key}
    assert consumerless_claims(desired(claim(), mounting(1)), [late]) == frozenset()
    assert consumerless_claims(desired(claim()), [storage_class("a", default=True)]) == frozenset()


def test_readers_come_after_what_they_read() -> None:
    kinds = [
        "CustomResourceDefinition",
        "Namespace",
        "ServiceAccount",
        "Secret",
        "Certificate",
        "Deployment",
        "Service",
    ]
    ranks = [rank(core(kind, "n", "x")) for kind in kinds]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)
    assert rank(core("Unheard", "n", "x")) == rank(core("Certificate", "n", "x"))


FIELDS = st.sampled_from(
    [
        "accessModes",
        "claimName",
        "issuerRef",
        "kind",
        "loadBalancerIP",
        "name",
        "persistentVolumeClaim",
        "replicas",
        "requests",
        "resources",
        "spec",
        "storage",
        "storageClassName",
        "template",
        "type",
        "volumeName",
        "volumes",
        "versions",
        "names",
        "metadata",
        "annotations",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=12,
)
KINDS = st.sampled_from(
    [
        "PersistentVolumeClaim",
        "Deployment",
        "Service",
        "Certificate",
        "StorageClass",
        "CustomResourceDefinition",
    ]
)
SPECS = st.dictionaries(FIELDS, JSON, max_size=5)


@given(st.lists(st.tuples(KINDS, SPECS | JSON, st.booleans()), max_size=3))
def test_no_spec_however_odd_breaks_a_rule(entries: list[tuple[str, Any, bool]]) -> None:
    given_objects = [
        {**obj(kind, f"x{index}"), "spec": spec} for index, (kind, spec, _late) in enumerate(entries)
    ]
    for one, (kind, _spec, late) in zip(given_objects, entries, strict=True):
        if late and kind == "Deployment":
            one["metadata"]["annotations"] = {ROLLOUT_ON: "secret/x"}
    objects = read_wanted(given_objects, []).objects
    known = facts(classes=[storage_class("a")], pools=[POOL], services=[])
    keys_to_read(objects)
    lists_to_read(objects)
    more_lists_to_read(objects, known)
    kind_faults(objects, {}, "https://x")
    faults_of(objects, known, [], check_mode=False)
    consumerless_claims(objects, [storage_class("a")])
    for found in objects:
        if found.late.rollout_on:
            assert isinstance(found.body["spec"]["template"], dict)


def test_sources_of_late_values_that_nothing_makes_are_named_with_who_needs_them() -> None:
    waiting = obj("Secret", "copy", annotations={DATA_FROM: "k=secret/shop/login#k, l=secret/shop/given#l"})
    also = obj("ConfigMap", "also", annotations={DATA_FROM: "k=secret/shop/login#k"})
    given = obj("Secret", "given")
    given["metadata"]["namespace"] = "shop"
    login = core("Secret", "shop", "login")
    wanted = desired(waiting, also, given)
    nothing = facts(missing=(login, core("Secret", "shop", "given")))
    assert missing_sources(wanted, nothing, ()) == {login: [wanted[0].key, wanted[1].key]}
    assert missing_sources(wanted, nothing, (login,)) == {}
    # What may not be read is not known to be missing.
    assert missing_sources(wanted, facts(), ()) == {}
