# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a user declares of packages and actions to what the nodes are given, or to what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import shown, unique
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    server_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.daemonset import server_daemonset
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    PodSettings,
    default_port,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    WORKLOAD,
    Storage,
    check_secret,
)

# The role tells these to each action.
_OF_ROLE = ("namespace", "kubeconfig", "context", "pod_files")
# These are taken from the role by an action that does not have them.
_SHARED = (
    "storage",
    "catalogue",
    "refresh",
    "catalogue_timeout",
    "selector",
    "tolerations",
    "service_account",
    "rclone_image",
    "haproxy_image",
    "action_image",
    "image_pull_secrets",
    "priority_class",
)
# All that matters where an action is taken back, wherever it was done, and nothing is run for that.
_OF_REMOVAL = (
    "namespace",
    "name",
    "tolerations",
    "max_parallel",
    "max_fail",
    "start_timeout",
    "lock_timeout",
    "action_image",
    "image_pull_secrets",
    "priority_class",
)
# What matters, too, where something is.
_OF_ABSENT_SCRIPT = (
    "absent_script",
    "arguments",
    "packages",
    "variables",
    "node_namespaces",
    "time_limit",
    "storage",
    "catalogue",
    "port",
    "refresh",
    "catalogue_timeout",
    "server_timeout",
    "service_account",
    "rclone_image",
    "haproxy_image",
)
_OPTION = re.compile(r"[a-z][a-z0-9_]*(?=[:.\[])")
# Is judged beside the actions, for what they have in common.
_PROBE = {"name": "package-server", "script": "true"}
_CLIENT_ID = "azure.workload.identity/client-id"


class Served(Protocol):
    """What is read of the options of an action."""

    @property
    def storage(self) -> Storage | None:
        """Where its packages are."""

    @property
    def settings(self) -> PodSettings:
        """How its pods are run."""


class Read(Protocol):
    """Reads the options of node_action, or gives every fault of them, in sentences that begin with it."""

    def __call__(self, options: Mapping[str, Any], /) -> tuple[Served | None, Sequence[str]]: ...


@dataclass(frozen=True)
class _Run:
    """One action.

    :ivar where: its place in the list
    :ivar own: the options that it was given itself
    :ivar options: all that node_action is told
    """

    where: str
    own: frozenset[str]
    options: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.options.get("name"))


@dataclass(frozen=True)
class _Wish:
    """The role's variables.

    :ivar secret_made: the Secret that the role makes; empty where it makes none
    :ivar shared: the options that actions have in common
    """

    raw: Mapping[str, Any]
    secret_made: str
    shared: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> _Wish:
        # Before ansible-core 2.19, a template that gives nothing gives an empty string.
        shared = {key: raw[key] for key in _SHARED if raw[key] not in (None, "", {})}
        made = ""
        if raw["storage_secret_data"] and isinstance(shared.get("storage"), Mapping):
            storage = shared["storage"]
            made = str(storage.get("secret") or f"{raw['name']}-storage")
            shared["storage"] = {**storage, "secret": made}
        return cls(raw, made, {"namespace": raw["namespace"], **shared})

    def completed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options, with a service account where the storage's identity is one's."""
        if _identity(options) != WORKLOAD or options.get("service_account"):
            return dict(options)
        return {**options, "service_account": self.raw["name"]}


def prepare(
    raw: Mapping[str, Any],
    prefix: str,
    read: Read,
    pod_files: Mapping[str, str],
    *,
    removes: bool = False,
) -> dict[str, Any]:
    """Judge what the role was given, and make of it what its tasks need.

    :param raw: the role's variables, without what their names begin with
    :param prefix: begins the name of the variable that a fault is about
    :param pod_files: the scripts of the pods, as ``read_pod_files`` gives them
    :param removes: whether everything is taken back: what only a run needs is not judged then
    :returns: ``faults``; and where there are none, ``objects`` of the server that stays, ``unwanted`` ones,
        which are to be deleted where they have the role's labels, ``names`` of the actions in their order,
        ``runs``, the options of each, ``secret_made``, ``service_account_made`` and
        ``service_account_annotations``
    """
    wish = _Wish.of(raw)
    runs, faults = _read_runs(wish, removes=removes)
    served = None
    if not removes:
        probe = wish.completed({**wish.shared, **_PROBE, "port": raw["port"]})
        served, told = read(probe)
        faults += [*told, *_server_faults(wish, served), *_port_faults(wish, runs)]
    for run in runs:
        faults += [_placed(fault, run) for fault in read(run.options)[1]]
    if faults:
        return _prepared() | {"faults": [f"{prefix}{fault}" for fault in unique(faults)]}
    prepared = _prepared() | {
        "names": [run.name for run in runs],
        "runs": {run.name: dict(run.options) for run in runs},
        "unwanted": _unwanted(wish, runs, removes=removes),
    }
    if removes:
        return prepared
    if raw["resident"] and served is not None:
        prepared["objects"] = _server_objects(wish, served, pod_files)
    return prepared | {
        "secret_made": wish.secret_made,
        "service_account_made": _makes_account(wish, runs),
        "service_account_annotations": _account_annotations(wish, runs),
    }


def _prepared() -> dict[str, Any]:
    return {
        "faults": [],
        "objects": [],
        "unwanted": [],
        "names": [],
        "runs": {},
        "secret_made": "",
        "service_account_made": False,
        "service_account_annotations": {},
    }


def _read_runs(wish: _Wish, *, removes: bool) -> tuple[list[_Run], list[str]]:
    """The actions that can be judged, and what is wrong with the list itself."""
    listed = wish.raw["actions"]
    if not isinstance(listed, (list, tuple)):
        return [], [f"actions: {shown(listed)} is not a list of actions"]
    runs: list[_Run] = []
    faults: list[str] = []
    for index, action in enumerate(listed):
        where = f"actions[{index}]"
        if not isinstance(action, Mapping):
            faults.append(f"{where}: {shown(action)} is not a mapping with options of node_action")
            continue
        faults += [
            f"{where}.{key}: is told to all actions by the role" for key in _OF_ROLE if action.get(key)
        ]
        name = action.get("name")
        if name in [run.options.get("name") for run in runs]:
            faults.append(f"{where}.name: {shown(name)} is the name of another action of the list")
        if name == wish.raw["name"]:
            faults.append(f"{where}.name: {shown(name)} is the name of the package server")
        given = {str(key): value for key, value in action.items() if key not in _OF_ROLE}
        options = _without_nothing({**wish.shared, **given})
        if "storage" not in options and "catalogue" not in given:
            options.pop("catalogue", None)
        if removes:
            options = _taken_back(options)
        runs.append(_Run(where, frozenset(given), wish.completed(options)))
    return runs, faults


def _taken_back(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a removal: what only a run needs may be wrong then."""
    wanted = (*_OF_REMOVAL, *_OF_ABSENT_SCRIPT) if options.get("absent_script") else _OF_REMOVAL
    return {**{key: options[key] for key in wanted if key in options}, "state": "absent"}


def _without_nothing(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, without a storage that an action says there is none of, and without what is null."""
    return {
        key: value
        for key, value in options.items()
        if value is not None and not (key == "storage" and value in ("", {}))
    }


def _placed(fault: str, run: _Run) -> str:
    """The fault of an action's option, with the variable that the option comes from."""
    option = _OPTION.match(fault)
    if option is None:
        return f"{run.where}: {fault}"
    shared = option[0] in _SHARED or option[0] == "namespace"
    return fault if shared and option[0] not in run.own else f"{run.where}.{fault}"


def _server_faults(wish: _Wish, served: Served | None) -> list[str]:
    raw = wish.raw
    faults = []
    if raw["resident"] and "storage" not in wish.shared:
        faults.append("storage: is missing; allowed: where the packages are that are served all the time")
    data = raw["storage_secret_data"]
    if not data:
        return faults
    where = "storage_secret_data"
    if not isinstance(data, Mapping):
        return [*faults, f"{where}: a {type(data).__name__} is not a mapping of keys to what is secret"]
    if "storage" not in wish.shared:
        return [*faults, f"{where}: is of no use without a storage"]
    # Their values are never shown.
    faults += [
        f"{where}[{key}]: is not a text that holds something"
        for key, value in data.items()
        if not (value and isinstance(value, (str, Mapping)))
    ]
    if served is None or served.storage is None:
        return faults
    known = [key for _variable, key in (*served.storage.secret_keys, *served.storage.optional_secret_keys)]
    faults += [
        f"{where}: the key {shown(key)} is not known; allowed: {', '.join(known)}"
        for key in data
        if key not in known
    ]
    _judged, reason = check_secret(served.storage, list(data))
    return faults if reason is None else [*faults, f"{where}: {reason}"]


def _port_faults(wish: _Wish, runs: Iterable[_Run]) -> list[str]:
    """Two that listen on one port of a node would keep each other's pods waiting."""
    taken = {str(wish.raw["port"]): "the package server"} if wish.raw["resident"] else {}
    faults = []
    by_name = {run.name: run for run in runs}
    for run in by_name.values():
        if "storage" not in run.options or run.options.get("state") == "absent":
            continue
        port = str(run.options.get("port") or default_port(run.name))
        if port in taken:
            faults.append(f"{run.where}.port: {port} is the port of {taken[port]}; allowed: any other one")
        taken.setdefault(port, f"the action {shown(run.name)}")
    return faults


def _server_objects(wish: _Wish, served: Served, pod_files: Mapping[str, str]) -> list[dict[str, Any]]:
    storage, name = served.storage, str(wish.raw["name"])
    if storage is None:
        return []
    secrets = [secret for secret in (storage.secret, storage.ca_secret) if secret]
    if wish.secret_made:
        storage, _reason = check_secret(storage, list(wish.raw["storage_secret_data"]))
    configuration = server_configuration(name, storage, served.settings, pod_files)
    daemonset = server_daemonset(name, storage, served.settings, configuration)
    if secrets:
        # Its pods know what a Secret held when they were started.
        told = ",".join(f"secret/{secret}" for secret in unique(secrets))
        annotations = daemonset["metadata"].setdefault("annotations", {})
        annotations["artifacts.clusterdepot.io/rollout-on"] = told
    return [*configuration.objects, daemonset]


def _unwanted(wish: _Wish, runs: Iterable[_Run], *, removes: bool) -> list[dict[str, Any]]:
    """What the role makes at times, and does not want now; what others made by these names is not meant."""
    raw = wish.raw
    name, secret = str(raw["name"]), f"{raw['name']}-storage"
    used = [wish.shared, *(run.options for run in runs)]
    unwanted = []
    if removes or not raw["resident"]:
        unwanted.append(("apps/v1", "DaemonSet", name))
    if removes and wish.secret_made:
        unwanted.append(("v1", "Secret", wish.secret_made))
    elif secret not in [_of_storage(options, key) for options in used for key in ("secret", "ca_secret")]:
        unwanted.append(("v1", "Secret", secret))
    makes = _makes_account(wish, runs)
    if (makes and removes) or name not in [options.get("service_account") for options in used]:
        unwanted.append(("v1", "ServiceAccount", name))
    return [
        {"apiVersion": version, "kind": kind, "metadata": {"name": one, "namespace": raw["namespace"]}}
        for version, kind, one in unwanted
    ]


def _makes_account(wish: _Wish, runs: Iterable[_Run]) -> bool:
    """Whether a storage needs a service account, and none was named for it."""
    if wish.raw["service_account"]:
        return False
    needing = [run.options for run in runs if "service_account" not in run.own]
    return any(_identity(options) == WORKLOAD for options in (wish.shared, *needing))


def _account_annotations(wish: _Wish, runs: Iterable[_Run]) -> dict[str, str]:
    found = [_of_storage(options, "client_id") for options in (wish.shared, *(run.options for run in runs))]
    identifier = next((one for one in found if one), None)
    return {} if identifier is None else {_CLIENT_ID: str(identifier)}


def _identity(options: Mapping[str, Any]) -> object:
    return _of_storage(options, "identity")


def _of_storage(options: Mapping[str, Any], key: str) -> object:
    storage = options.get("storage")
    return storage.get(key) if isinstance(storage, Mapping) else None
