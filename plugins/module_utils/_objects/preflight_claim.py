# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight rules of PersistentVolumeClaims and of the workloads that mount them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.desired import Desired
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.facts import (
    PERSISTENT_VOLUMES,
    STORAGE_CLASSES,
    Facts,
    mounted_claims,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import (
    KubeObject,
    ObjectKey,
    dig,
    number,
    text,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.quantity import (
    EXAMPLES,
    parse_quantity,
)

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_SINGLE_NODE = frozenset({"ReadWriteOnce", "ReadWriteOncePod"})


def claim_faults(objects: Sequence[Desired], facts: Facts) -> list[str]:
    """Judge all claims of the set, and the workloads that mount claims."""
    claims = [one for one in objects if one.key.kind == "PersistentVolumeClaim"]
    faults: list[str] = []
    for claim in claims:
        live = facts.objects.get(claim.key)
        faults.extend(_size_faults(claim, live))
        if live is None:
            faults.extend(_class_faults(claim, objects, facts))
        else:
            faults.extend(_immutable_faults(claim, live))
            faults.extend(_expansion_faults(claim, live, facts))
    faults.extend(_sharing_faults(objects, facts))
    return faults


def default_class(classes: Sequence[KubeObject]) -> KubeObject | None:
    """Give the default StorageClass: the newest where several are marked, as the API server chooses it."""
    marked = [entry for entry in classes if dig(entry, "metadata", "annotations", _DEFAULT_CLASS) == "true"]
    return max(marked, key=lambda entry: str(dig(entry, "metadata", "creationTimestamp")), default=None)


def _size(obj: Mapping[str, Any]) -> object:
    return dig(obj, "spec", "resources", "requests", "storage")


def _size_faults(claim: Desired, live: KubeObject | None) -> Iterator[str]:
    size = _size(claim.body)
    where = f'{claim.key.full}: spec.resources.requests.storage "{size}"'
    if size is None:
        yield f"{claim.key.full} has no spec.resources.requests.storage; give {EXAMPLES}"
        return
    try:
        wanted = parse_quantity(size)
    except ValueError:
        yield f"{where} is no size; give {EXAMPLES}"
        return
    if wanted <= 0:
        yield f"{where} is not greater than zero; give {EXAMPLES}"
    elif live is not None and _size(live) is not None and wanted < parse_quantity(_size(live)):
        yield (
            f"{where} is smaller than the existing claim's {_size(live)}; "
            f"a claim cannot shrink, give {_size(live)} or more"
        )


def _class_faults(claim: Desired, objects: Sequence[Desired], facts: Facts) -> Iterator[str]:
    classes = facts.lists.get(STORAGE_CLASSES)
    if classes is None or dig(claim.body, "spec", "volumeName"):
        return
    given = [one.body for one in objects if (one.key.api_version, one.key.kind) == STORAGE_CLASSES]
    every = [*classes, *given]
    names = sorted(str(dig(entry, "metadata", "name")) for entry in every)
    existing = f"existing are: {', '.join(names)}" if names else "the cluster has none"
    wanted = text(claim.body, "spec", "storageClassName")
    if wanted is None and default_class(every) is None:
        yield (
            f"{claim.key.full} has no spec.storageClassName and the cluster has no default StorageClass; "
            f"name one ({existing})"
        )
    elif wanted and wanted not in names and not _has_volume(wanted, objects, facts):
        yield f'{claim.key.full}: spec.storageClassName "{wanted}" does not exist; {existing}'


def _has_volume(name: str, objects: Sequence[Desired], facts: Facts) -> bool:
    """Whether some volume bears that class: volumes made by hand need no StorageClass object."""
    given = [one.body for one in objects if one.key.kind == "PersistentVolume"]
    volumes = [*facts.lists.get(PERSISTENT_VOLUMES, ()), *given]
    return any(dig(volume, "spec", "storageClassName") == name for volume in volumes)


def _joined(value: Any) -> str:
    return ", ".join(sorted(map(str, value))) if isinstance(value, list) else str(value)


def _immutable_faults(claim: Desired, live: KubeObject) -> Iterator[str]:
    state = dig(live, "status", "phase") or "existing"
    for field, plain in (
        ("storageClassName", str),
        ("accessModes", _joined),
        ("volumeMode", str),
        ("volumeName", str),
    ):
        wanted, old = dig(claim.body, "spec", field), dig(live, "spec", field)
        if wanted is None or (old is None and field == "volumeName"):
            continue
        if plain(wanted) != plain(old or ""):
            yield (
                f'{claim.key.full}: spec.{field} "{plain(wanted)}" differs from the {state} claim\'s '
                f'"{plain(old or "")}" '
                f"and cannot be changed; give the old value, or delete the claim with its data"
            )


def _expansion_faults(claim: Desired, live: KubeObject, facts: Facts) -> Iterator[str]:
    name = dig(live, "spec", "storageClassName")
    for entry in facts.lists.get(STORAGE_CLASSES, ()):
        if dig(entry, "metadata", "name") != name or entry.get("allowVolumeExpansion"):
            continue
        if _grows(claim, live):
            yield (
                f'{claim.key.full}: spec.resources.requests.storage "{_size(claim.body)}" is greater than '
                "the existing claim's "
                f"{_size(live)}, and StorageClass {name} does not allow expansion; give {_size(live)}"
            )


def _grows(claim: Desired, live: KubeObject) -> bool:
    try:
        return parse_quantity(_size(claim.body)) > parse_quantity(_size(live))
    except ValueError:
        return False


def _sharing_faults(objects: Sequence[Desired], facts: Facts) -> Iterator[str]:
    given = {one.key: one.body for one in objects}
    for one in objects:
        replicas = number(one.body, "spec", "replicas")
        if one.key.kind not in ("Deployment", "StatefulSet") or replicas is None or replicas < 2:
            continue
        for key in mounted_claims(one):
            modes = _access_modes(given.get(key), facts.objects.get(key))
            if modes and modes <= _SINGLE_NODE:
                yield (
                    f"{one.key.full}: spec.replicas {replicas} does not fit {key.short}, whose access "
                    "mode is "
                    f"{', '.join(sorted(modes))}; allowed are 1 replica, or a claim with ReadWriteMany"
                )


def _access_modes(*claims: Mapping[str, Any] | None) -> frozenset[str]:
    for claim in claims:
        modes = dig(claim, "spec", "accessModes")
        if modes and isinstance(modes, list):
            return frozenset(map(str, modes))
    return frozenset()


def consumerless_claims(objects: Sequence[Desired], classes: Sequence[KubeObject]) -> frozenset[ObjectKey]:
    """Give the claims that may stay Pending: bound at the first consumer, of which the set has none."""
    consumed = {key for one in objects if _runs_pods(one) for key in mounted_claims(one)}
    late = {
        dig(entry, "metadata", "name")
        for entry in classes
        if entry.get("volumeBindingMode") == "WaitForFirstConsumer"
    }
    preset = default_class(classes)
    waiting = set()
    for one in objects:
        name = text(one.body, "spec", "storageClassName")
        if name is None:
            name = text(preset, "metadata", "name")
        if one.key.kind == "PersistentVolumeClaim" and name in late and one.key not in consumed:
            waiting.add(one.key)
    return frozenset(waiting)


def _runs_pods(one: Desired) -> bool:
    return bool(dig(one.body, "spec", "replicas") != 0)
