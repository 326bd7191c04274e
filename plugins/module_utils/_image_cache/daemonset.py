# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DaemonSet of a shard: made, and read back.

Sources: Kubernetes, "Pod Security Standards" (profile restricted); KEP-4639 (image volumes). All images of a
pod are pulled one after another, in the order of its containers; so what asks a registry in any case comes
after all pins, which need none where the image is present.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    DIGESTS_HASH,
    SHARD_LABEL,
    read_group,
    read_pins,
    write_annotations,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.container_names import (
    pin_name,
    refresh_name,
    refreshes_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import Strategy
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import (
    Group,
    LiveShard,
    Shard,
    group_hash,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import Resolved
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.schedule import (
    BUSYBOX,
    SLEEPER_FOLDER,
    pin_command,
    refresh_command,
    refresh_count,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, entries, text
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference

_INSTANCE_LABEL = "app.kubernetes.io/instance"
_SLEEPER = "sleeper"
_SLEEPER_SOURCE = "/bin/busybox"
_IMAGE_FOLDER = "/image"
_NOBODY = 65534


@dataclass(frozen=True)
class PodSettings:
    """What all pods of a cache have in common.

    :ivar instance: the cache's name, a label value
    :ivar interval: seconds between two looks at a registry; 0 = none after the pod's start
    :ivar sleeper_image: has a statically linked busybox as ``/bin/busybox``
    :ivar image_pull_secrets: names of secrets for the sleeper image
    :ivar tolerations: as in a pod
    :ivar node_selector: labels; an entry's own selector goes before them
    :ivar priority_class: empty = none
    """

    namespace: str
    instance: str
    interval: int
    sleeper_image: str
    image_pull_secrets: Sequence[str]
    tolerations: Sequence[Mapping[str, Any]]
    node_selector: Mapping[str, str]
    priority_class: str


@dataclass(frozen=True)
class Pin:
    """An image of a DaemonSet, the container that keeps it, and those that refresh it."""

    container: str
    reference: str
    strategy: Strategy
    refresh_containers: tuple[str, ...]


@dataclass(frozen=True)
class _Container:
    """A container that holds one image."""

    name: str
    reference: str
    pull_policy: str
    command: list[str]


def hash_of_digests(references: Iterable[str], expected: Mapping[str, Resolved]) -> str:
    """Give the hash of what the references were resolved to: 64 hexadecimal digits, whatever their order."""
    known = sorted((name, expected[name].digest) for name in set(references) if name in expected)
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def daemonset(
    shard: Shard, settings: PodSettings, expected: Mapping[str, Resolved], digests_hash: str
) -> dict[str, Any]:
    """Give a shard's DaemonSet.

    :param expected: what the shard's references were resolved to; references that are not known are left out
    :param digests_hash: for the pods' template, which a new one recreates; empty = none
    """
    selector = {
        "app.kubernetes.io/name": "image-cache",
        _INSTANCE_LABEL: settings.instance,
        SHARD_LABEL: shard.name,
    }
    labels = {
        **selector,
        "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
        "app.kubernetes.io/part-of": "clusterdepot",
    }
    template: dict[str, Any] = {"labels": labels}
    if digests_hash:
        template["annotations"] = {DIGESTS_HASH: digests_hash}
    pins = {pin_name(parse_reference(reference)): reference for reference in shard.references}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": shard.name,
            "namespace": settings.namespace,
            "labels": dict(labels),
            "annotations": write_annotations(shard.group, pins, expected),
        },
        "spec": {
            "selector": {"matchLabels": selector},
            "revisionHistoryLimit": 1,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
            "template": {"metadata": template, "spec": _pod(shard.group, pins, settings)},
        },
    }


def _pod(group: Group, pins: Mapping[str, str], settings: PodSettings) -> dict[str, Any]:
    holding = _containers(pins, group.strategy, settings.interval)
    volumes: list[dict[str, Any]] = [{"name": _SLEEPER, "emptyDir": {}}]
    if group.strategy is Strategy.VOLUME:
        volumes += [
            {"name": one.name, "image": {"reference": one.reference, "pullPolicy": one.pull_policy}}
            for one in holding
        ]
        containers = [_mounting(one, settings.sleeper_image) for one in holding]
    else:
        containers = [_running(one) for one in holding]
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "nodeSelector": {
            **settings.node_selector,
            **dict(group.node_selector),
            "kubernetes.io/os": "linux",
        },
        "initContainers": [_sleeper(settings.sleeper_image)],
        "containers": containers,
        "volumes": volumes,
    }
    secrets = dict.fromkeys(name for name in (group.pull_secret, *settings.image_pull_secrets) if name)
    if secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in secrets]
    if group.architectures:
        pod["affinity"] = _affinity(group.architectures)
    if settings.tolerations:
        pod["tolerations"] = [dict(toleration) for toleration in settings.tolerations]
    if settings.priority_class:
        pod["priorityClassName"] = settings.priority_class
    return pod


def _affinity(architectures: Iterable[str]) -> dict[str, Any]:
    term = {"key": "kubernetes.io/arch", "operator": "In", "values": sorted(architectures)}
    terms = [{"matchExpressions": [term]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def _containers(pins: Mapping[str, str], strategy: Strategy, interval: int) -> list[_Container]:
    """Give the pins, then what refreshes the images that move."""
    moving = {pin: name for pin, name in pins.items() if parse_reference(name).digest is None}
    keeping = [
        _Container(pin, name, "IfNotPresent", pin_command(interval, pin in moving))
        for pin, name in pins.items()
    ]
    if strategy is Strategy.VOLUME:
        # The kubelet asks for a volume's image at every sync of the pod, so nothing has to end for that.
        commands = [pin_command(interval, False)]
    else:
        count = refresh_count(interval)
        commands = [refresh_command(interval, k, count) for k in range(count)]
    return keeping + [
        _Container(refresh_name(pin, k), name, "Always", command)
        for pin, name in moving.items()
        for k, command in enumerate(commands)
    ]


def _running(one: _Container) -> dict[str, Any]:
    return _restricted(one.name, one.reference, one.pull_policy, one.command, [_sleeper_mount(True)])


def _mounting(one: _Container, sleeper_image: str) -> dict[str, Any]:
    image = {"name": one.name, "mountPath": _IMAGE_FOLDER, "readOnly": True}
    mounts = [_sleeper_mount(True), image]
    return _restricted(one.name, sleeper_image, "IfNotPresent", one.command, mounts)


def _sleeper(image: str) -> dict[str, Any]:
    # A file that is being run cannot be written to, but replaced: that is what -f does.
    command = [_SLEEPER_SOURCE, "cp", "-f", _SLEEPER_SOURCE, BUSYBOX]
    container = _restricted(_SLEEPER, image, "IfNotPresent", command, [_sleeper_mount(False)])
    container["resources"] = _resources("10m", "4Mi", "32Mi")
    return container


def _sleeper_mount(read_only: bool) -> dict[str, Any]:
    mount: dict[str, Any] = {"name": _SLEEPER, "mountPath": SLEEPER_FOLDER}
    return {**mount, "readOnly": True} if read_only else mount


def _restricted(
    name: str, image: str, pull_policy: str, command: list[str], mounts: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": pull_policy,
        "command": command,
        # The image's own folder may be closed to the user that the pod runs as.
        "workingDir": "/",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": _resources("1m", "1Mi", "16Mi"),
        "volumeMounts": mounts,
    }


def _resources(cpu: str, memory: str, most_memory: str) -> dict[str, Any]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most_memory}}


def read_shard(obj: Mapping[str, Any]) -> LiveShard:
    """Read a DaemonSet of the cache; what it does not tell, or not in its form, is empty."""
    group = read_group(obj)
    instance = text(dig(obj, "metadata", "labels"), _INSTANCE_LABEL) or ""
    return LiveShard(
        name=text(obj, "metadata", "name") or "",
        group_hash=group_hash(instance, group) if group else "",
        references=tuple(dict.fromkeys(read_pins(obj).values())),
        digests_hash=text(dig(obj, "spec", "template", "metadata", "annotations"), DIGESTS_HASH) or "",
        architectures=group.architectures if group else frozenset(),
    )


def pins_of(obj: Mapping[str, Any]) -> tuple[Pin, ...]:
    """Give the images of a DaemonSet of the cache, in the order of their containers."""
    containers = entries(obj, "spec", "template", "spec", "containers")
    names = [name for container in containers if (name := text(container, "name")) is not None]
    group = read_group(obj)
    strategy = group.strategy if group else Strategy.SLEEPER
    return tuple(
        Pin(pin, reference, strategy, refreshes_of(pin, names)) for pin, reference in read_pins(obj).items()
    )
