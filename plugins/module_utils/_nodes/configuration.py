# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pods are given as files: immutable ConfigMaps and a Secret, named after what they hold.

A pod keeps what it was started with, and two runs at once do not disturb each other.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    CONFIGURATION,
    NODE_ACTION,
    PACKAGE_SERVER,
    PodSettings,
    labels,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import (
    RECORD_FILES,
    RUN_FILES,
    SERVER_FILES,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.server import (
    ServerOptions,
    proxy_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import WORKLOAD, Storage

# Keys of the ConfigMaps.
PROXY_FILE = "haproxy.cfg"
CATALOGUE_FILE = "packages.toml"
SCRIPT_FILE = "script"
# Where the containers have the catalogue and the socket.
SHARED_FOLDER = "/shared"
# A ConfigMap has 1 MiB at most, and the scripts take a part of it.
LARGEST_CATALOGUE = 917_504
# Linux: 128 KiB for one variable of the environment, with its name.
LARGEST_PACKAGES = 131_000

_HASH_DIGITS = 12


@dataclass(frozen=True)
class Configuration:
    """The objects, in the order in which they are made, and their names.

    :ivar scripts: ConfigMap with the pods' scripts, haproxy.cfg and, if it is given, packages.toml
    :ivar script: ConfigMap with the user's script; empty where there is no action
    :ivar variables: Secret with the user's variables; empty where there are none
    :ivar has_catalogue: whether packages.toml is among them
    """

    objects: tuple[dict[str, Any], ...]
    scripts: str
    script: str = ""
    variables: str = ""
    has_catalogue: bool = False

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Kind and name of each object."""
        return frozenset((str(one["kind"]), str(one["metadata"]["name"])) for one in self.objects)


def action_configuration(
    action: Action, storage: Storage | None, settings: PodSettings, pod_files: Mapping[str, str]
) -> Configuration:
    """What the pods of an action are given.

    :param pod_files: as ``read_pod_files`` gives them
    """
    owner = _Owner(NODE_ACTION, action.name, settings.namespace)
    files = (*RUN_FILES, *RECORD_FILES)
    scripts = _configmap(owner, _scripts(files, storage, settings, pod_files))
    script = _configmap(owner, {SCRIPT_FILE: action.script})
    objects, variables = [scripts, script], ""
    if action.variables:
        # After the action's hash, which tells no more of them than is known already.
        variables = f"{action.name}-{action.content_hash[:_HASH_DIGITS]}"
        values = {name: base64.b64encode(value.encode()).decode("ascii") for name, value in action.variables}
        objects.append(owner.made("Secret", variables, {"type": "Opaque", "data": values}))
    return Configuration(
        objects=tuple(objects),
        scripts=str(scripts["metadata"]["name"]),
        script=str(script["metadata"]["name"]),
        variables=variables,
        has_catalogue=CATALOGUE_FILE in scripts["data"],
    )


def server_configuration(
    name: str, storage: Storage, settings: PodSettings, pod_files: Mapping[str, str]
) -> Configuration:
    """What the pods of a package server that stays are given."""
    owner = _Owner(PACKAGE_SERVER, name, settings.namespace)
    scripts = _configmap(owner, _scripts((), storage, settings, pod_files))
    return Configuration(
        objects=(scripts,),
        scripts=str(scripts["metadata"]["name"]),
        has_catalogue=CATALOGUE_FILE in scripts["data"],
    )


def configuration_faults(
    packages: Iterable[str], storage: Storage | None, settings: PodSettings
) -> list[Fault]:
    """What is right by itself and cannot go together; places are the module's options.

    :param packages: those that an action names
    """
    faults = []
    names = tuple(packages)
    if storage is None:
        faults += [Fault("packages", "are of no use without 'storage'")] if names else []
        faults += [Fault("catalogue", "is of no use without 'storage'")] if settings.catalogue else []
    elif storage.identity == WORKLOAD and not settings.service_account:
        told = f"is missing: the identity {WORKLOAD} is that of a service account"
        faults.append(Fault("service_account", told))
    size = len(settings.catalogue.encode("utf-8", "surrogatepass"))
    if size > LARGEST_CATALOGUE:
        told = f"has {size} octets; allowed: {LARGEST_CATALOGUE}, or any size in the storage"
        faults.append(Fault("catalogue", told))
    size = len(" ".join(names).encode("utf-8", "surrogatepass"))
    if size > LARGEST_PACKAGES:
        faults.append(Fault("packages", f"their names have {size} octets; allowed: {LARGEST_PACKAGES}"))
    return faults


@dataclass(frozen=True)
class _Owner:
    """What the objects belong to."""

    kind: str
    name: str
    namespace: str

    def made(self, kind: str, name: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """An object of the API's first version that cannot be changed."""
        return {
            "apiVersion": "v1",
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": labels(self.kind, self.name, CONFIGURATION),
            },
            "immutable": True,
            **content,
        }


def _configmap(owner: _Owner, data: Mapping[str, str]) -> dict[str, Any]:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    return owner.made("ConfigMap", f"{owner.name}-{digest[:_HASH_DIGITS]}", {"data": dict(data)})


def _scripts(
    names: tuple[str, ...], storage: Storage | None, settings: PodSettings, pod_files: Mapping[str, str]
) -> dict[str, str]:
    if storage is not None:
        names = (*names, *SERVER_FILES)
    data = {name: pod_files[name] for name in names}
    if storage is not None:
        data[PROXY_FILE] = proxy_configuration(ServerOptions(settings.port, SHARED_FOLDER))
        if settings.catalogue:
            data[CATALOGUE_FILE] = settings.catalogue
    return data
