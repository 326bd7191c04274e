# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the parameters of node_action, and tells all that is wrong with them before anybody is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.user_values import (
    is_subdomain,
    read_reference,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import (
    KEYS,
    Action,
    read_action,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.batches import (
    Rollout,
    read_rollout,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.catalogue import (
    Catalogue,
    from_variables,
    read_catalogue,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    configuration_faults,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.drain import (
    DrainRules,
    read_drain_rules,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import (
    Selection,
    read_selection,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    PodSettings,
    default_port,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod_files import (
    check_pod_files,
    read_pod_files,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    Storage,
    read_storage,
)

_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_BOUNDS: tuple[tuple[str, int, int], ...] = (
    ("port", 1024, 65535),
    ("start_timeout", 1, 86400),
    ("catalogue_timeout", 1, 86400),
    ("server_timeout", 1, 86400),
    ("lock_timeout", 0, 86400),
    ("refresh", 0, 86400),
)
_IMAGES = ("rclone_image", "haproxy_image", "action_image")
_NAMES = (("priority_class", "a PriorityClass"), ("service_account", "a service account"))


def read_options(
    parameters: Mapping[str, Any], *, look_at_files: bool = True
) -> tuple[Wish | None, tuple[str, ...]]:
    """Read all parameters; None where there is a fault, each of which begins with the name of its parameter.

    :param parameters: as Ansible hands them over, validated by the argument specification
    :param look_at_files: whether the scripts of the pods are needed; False where only faults are wanted
    :raises PodFilesError: they are not where they should be
    """
    parameters = _reduced(parameters)
    faults: list[Fault] = []
    storage, found = read_storage(parameters["storage"])
    faults += found
    catalogue = _read_catalogue(parameters["catalogue"], faults)
    action = _read_action(parameters, storage, catalogue, faults)
    selection, found = read_selection({key: parameters[key] for key in ("selector", "tolerations")}, "")
    faults += found
    rollout, found = read_rollout({key: parameters[key] for key in ("canary", "max_parallel", "max_fail")})
    faults += found
    rules, found = read_drain_rules(parameters["drain"])
    faults += found
    faults += _other_faults(parameters)
    settings = _settings(parameters, action, selection, catalogue)
    packages = action.packages if action is not None else ()
    faults += configuration_faults(packages, storage, settings)
    pod_files: Mapping[str, str] = {}
    if parameters["pod_files"] is not None:
        pod_files, found = check_pod_files(parameters["pod_files"])
        faults += found
    elif look_at_files:
        pod_files = read_pod_files()
    if faults or action is None:
        return None, tuple(map(str, faults))
    return _wish(parameters, action, storage, settings, rollout, rules, pod_files), ()


def _reduced(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters without those that do not matter to a removal that has nothing to run.

    A storage that is gone must not keep from removing, nor must a script that is not used.
    """
    if parameters["state"] != "absent":
        return parameters
    unused = ["script", "scripts", "canary"]
    if parameters["absent_script"] is None:
        unused += ["storage", "catalogue", "packages"]
    return {**parameters, **dict.fromkeys(unused)}


def _wish(
    parameters: Mapping[str, Any],
    action: Action,
    storage: Storage | None,
    settings: PodSettings,
    rollout: Rollout,
    rules: DrainRules,
    pod_files: Mapping[str, str],
) -> Wish:
    return Wish(
        action=action,
        storage=storage,
        settings=settings,
        selection=settings.selection,
        rollout=replace(rollout, canary=0) if action.removes else rollout,
        cordons=parameters["cordon"] != "none",
        drain=rules if parameters["cordon"] == "drain" else None,
        daemonset=parameters["mode"] == "daemonset",
        pod_files=pod_files,
    )


def _read_action(
    parameters: Mapping[str, Any], storage: Storage | None, catalogue: Catalogue | None, faults: list[Fault]
) -> Action | None:
    # Its ``namespaces`` are called node_namespaces in this module, where ``namespace`` is something else.
    raw = {key: parameters["node_namespaces" if key == "namespaces" else key] for key in KEYS}
    if raw["arguments"] is None and storage is not None and storage.kind == "azureblob":
        raw["arguments"] = [raw["name"], parameters["storage"]["account"]]
    known = None if catalogue is None else catalogue.entries
    place = () if storage is None else storage.place
    action, found = read_action(raw, known, storage_place=place, removes=parameters["state"] == "absent")
    faults += [replace(one, where=re.sub(r"^namespaces\b", "node_namespaces", one.where)) for one in found]
    return action


def _read_catalogue(raw: object, faults: list[Fault]) -> Catalogue | None:
    """The catalogue; None where it is in the storage, which is what an empty one means, too."""
    if raw in (None, "", [], {}):
        return None
    if isinstance(raw, str):
        catalogue, found = read_catalogue(raw)
        faults += [replace(fault, where=f"catalogue: {fault.where}") for fault in found]
    else:
        catalogue, found = from_variables(raw, "catalogue")
        faults += found
    return catalogue


def _settings(
    parameters: Mapping[str, Any], action: Action | None, selection: Selection, catalogue: Catalogue | None
) -> PodSettings:
    port = parameters["port"] or 0
    if parameters["port"] is None and action is not None:
        port = default_port(action.name)
    return PodSettings(
        namespace=parameters["namespace"],
        port=port,
        rclone_image=parameters["rclone_image"],
        haproxy_image=parameters["haproxy_image"],
        action_image=parameters["action_image"],
        selection=selection,
        image_pull_secrets=tuple(parameters["image_pull_secrets"]),
        priority_class=parameters["priority_class"] or "",
        service_account=parameters["service_account"] or "",
        catalogue="" if catalogue is None else catalogue.write_toml(),
        refresh=parameters["refresh"],
        catalogue_limit=parameters["catalogue_timeout"],
        server_limit=parameters["server_timeout"],
        lock_limit=parameters["lock_timeout"],
        start_timeout=parameters["start_timeout"],
    )


def _other_faults(parameters: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with single values, and with some that are given together."""
    faults: list[Fault] = []
    if _DNS_LABEL.match(parameters["namespace"]) is None:
        told = f"{shown(parameters['namespace'])} is no DNS label of at most 63 characters"
        faults.append(Fault("namespace", told))
    for option, least, most in _BOUNDS:
        value = parameters[option]
        if value is not None and not least <= value <= most:
            faults.append(Fault(option, f"{shown(value)} is not between {least} and {most}"))
    faults += _name_faults(parameters)
    if parameters["drain"] is not None and parameters["cordon"] != "drain":
        faults.append(Fault("drain", f"is of no use with cordon: {parameters['cordon']}"))
    if parameters["mode"] == "daemonset" and parameters["state"] == "present":
        faults += _daemonset_faults(parameters)
    return faults


def _name_faults(parameters: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the names of images and objects."""
    faults: list[Fault] = []
    for option in _IMAGES:
        read_reference(parameters[option], option, faults)
    for position, secret in enumerate(parameters["image_pull_secrets"]):
        if not is_subdomain(secret):
            faults.append(Fault(f"image_pull_secrets[{position}]", f"{shown(secret)} is no name of a secret"))
    for option, what in _NAMES:
        if parameters[option] and not is_subdomain(parameters[option]):
            faults.append(Fault(option, f"{shown(parameters[option])} is no name of {what}"))
    return faults


def _daemonset_faults(parameters: Mapping[str, Any]) -> list[Fault]:
    """What a DaemonSet's controller, which starts the pods then, knows nothing of."""
    faults = []
    if parameters["canary"] not in (None, 0):
        faults.append(Fault("canary", "a DaemonSet starts all pods by itself; allowed with mode: jobs"))
    if parameters["cordon"] != "none":
        told = f"{parameters['cordon']}: a DaemonSet's pods do not wait for that; allowed with mode: jobs"
        faults.append(Fault("cordon", told))
    if parameters["force"]:
        told = (
            "a DaemonSet's pods would be forced whenever they are started; allowed with mode: jobs; here, "
            "take the action back by state: absent before, or change its content"
        )
        faults.append(Fault("force", told))
    return faults
