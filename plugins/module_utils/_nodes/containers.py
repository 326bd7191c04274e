# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of the pods: what each is told, what it sees, and what it may do.

Credentials of the storage are in ``catalogue`` and ``storage`` alone, privilege and the user's variables in
``action`` alone. The variables that the scripts want are described at their beginning.

Sources: Kubernetes' API (Container) and its "Pod Security Standards" (profile restricted), which all but
``action`` keep to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    CATALOGUE_FILE,
    PROXY_FILE,
    SCRIPT_FILE,
    SHARED_FOLDER,
    Configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.outcome import ACTION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import (
    ATTEMPT_KEY,
    PodSettings,
    attempt_name,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.server import (
    HEALTH_PATH,
    INSTANCE_VARIABLE,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    CA_KEY,
    HOST_FOLDER,
    Storage,
)

CATALOGUE = "catalogue"
STORAGE = "storage"
SERVER = "server"
RESULT = "result"
# Of an action, on a node.
STATE_FOLDER = "/var/lib/clusterdepot/actions"

# Volumes.
SCRIPTS_VOLUME = "scripts"
SHARED_VOLUME = "shared"
STAGE_VOLUME = "stage"
SCRIPT_VOLUME = "script"
VARIABLES_VOLUME = "variables"
RESULT_VOLUME = "result"
CA_VOLUME = "certificates"
SOURCE_VOLUME = "source"

_FOLDERS = {
    SCRIPTS_VOLUME: "/scripts",
    SHARED_VOLUME: SHARED_FOLDER,
    STAGE_VOLUME: "/stage",
    SCRIPT_VOLUME: "/script",
    VARIABLES_VOLUME: "/variables",
    RESULT_VOLUME: "/result",
    CA_VOLUME: "/certificates",
    SOURCE_VOLUME: HOST_FOLDER,
}
# The code that the action of a DaemonSet's pod ended with; there is none before its end.
_CODE_FILE = f"{_FOLDERS[RESULT_VOLUME]}/code"
# rclone's own name for no file; what it needs is in the environment.
_NO_CONFIGURATION = "/notfound"
_MESSAGE_FILE = "/dev/termination-log"
# The environment of a process is read by the others of its user, and these are in the node's namespace of
# processes. So neither is a user that anything else of a node runs as, nobody least of all: systemd's list
# ("Users, Groups, UIDs and GIDs on systemd Systems") leaves these numbers free.
STORAGE_USER = 61101
SERVER_USER = 61102
# Of a container that has nothing to hide.
_NOBODY = 65534
_POD_UID = "metadata.uid"
_NODE_NAME = "spec.nodeName"
# Ends with TERM at once, be it the first process of its namespace or not.
_SLEEP = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
# A container with all rights cannot be confined by the rest of what stands above.
_PRIVILEGED = {"privileged": True, "readOnlyRootFilesystem": True, "runAsUser": 0, "runAsGroup": 0}


@dataclass(frozen=True)
class Serving:
    """What the containers that serve packages have in common.

    :ivar packages: ``name/tag`` of those that are fetched first
    :ivar records: whether an action leaves its code, whereupon they give up what they have
    """

    storage: Storage
    settings: PodSettings
    configuration: Configuration
    packages: Sequence[str] = ()
    records: bool = False


def catalogue_container(serving: Serving) -> dict[str, Any]:
    """Fetches catalogue and packages; ends."""
    mounts = [_mount(SHARED_VOLUME, writes=True), _mount(STAGE_VOLUME, writes=True)]
    command = ["sh", _script("fetch_packages.sh")]
    if serving.records:
        # A pod whose node was started anew keeps its volumes.
        mounts.append(_mount(RESULT_VOLUME, writes=True))
        command = ["sh", "-c", f'rm -f {_CODE_FILE} && exec sh "$0"', _script("fetch_packages.sh")]
    environment = [*_fetching(serving, _MESSAGE_FILE), *_credentials(serving.storage)]
    return {
        **_container(CATALOGUE, serving.settings.rclone_image, command, environment, "256Mi"),
        "securityContext": _restricted(STORAGE_USER),
        "volumeMounts": [_mount(SCRIPTS_VOLUME), *mounts, *_of_storage(serving.storage)],
    }


def storage_container(serving: Serving) -> dict[str, Any]:
    """Serves the storage on a socket, and reads the catalogue again."""
    mounts = [_mount(SHARED_VOLUME, writes=True), _mount(STAGE_VOLUME, writes=True)]
    environment = [
        # That a later reading failed is in its log; the server goes on with the last one.
        *_fetching(serving, "/dev/null"),
        _variable("CATALOGUE_REFRESH", str(serving.settings.refresh)),
        _variable("FETCH_SCRIPT", _script("fetch_packages.sh")),
        *_finishing(serving),
        *_credentials(serving.storage),
    ]
    command = ["sh", _script("serve_storage.sh")]
    return {
        **_container(STORAGE, serving.settings.rclone_image, command, environment, "256Mi"),
        "securityContext": _restricted(STORAGE_USER),
        "volumeMounts": [
            _mount(SCRIPTS_VOLUME),
            *mounts,
            *_result_mount(serving),
            *_of_storage(serving.storage),
        ],
    }


def server_container(serving: Serving) -> dict[str, Any]:
    """HAProxy on the node's loopback."""
    port = serving.settings.port
    environment = [
        _variable("CATALOGUE_FOLDER", _FOLDERS[SHARED_VOLUME]),
        _variable("PROXY_FILE", _script(PROXY_FILE)),
        _field(INSTANCE_VARIABLE, _POD_UID),
        *_finishing(serving),
    ]
    command = ["sh", _script("serve_packages.sh")]
    return {
        # A process that was replaced stays beside the new one while it has downloads.
        **_container(SERVER, serving.settings.haproxy_image, command, environment, "128Mi"),
        "securityContext": _restricted(SERVER_USER),
        # As a port of the host, so that no two pods with the same one come to a node.
        "ports": [{"name": "packages", "containerPort": port, "hostPort": port, "hostIP": "127.0.0.1"}],
        "volumeMounts": [_mount(SCRIPTS_VOLUME), _mount(SHARED_VOLUME), *_result_mount(serving)],
    }


def health_probe(settings: PodSettings) -> dict[str, Any]:
    """Asks the package server on the node's loopback, which is the kubelet's own."""
    request = {"host": "127.0.0.1", "port": settings.port, "path": HEALTH_PATH}
    return {"httpGet": request, "periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 3}


def action_container(
    action: Action, settings: PodSettings, configuration: Configuration, *, serves: bool, records: bool
) -> dict[str, Any]:
    """Runs the script on the node, with all rights there.

    :param serves: whether the pod has a package server
    :param records: whether it leaves its code for the other containers, and ends with 0
    """
    mounts = [_mount(SCRIPTS_VOLUME), _mount(SCRIPT_VOLUME)]
    if configuration.variables:
        mounts.append(_mount(VARIABLES_VOLUME))
    if serves:
        mounts.append(_mount(STAGE_VOLUME))
    program = "run_action.sh"
    environment = _running(action, settings, configuration, serves=serves, stays=records)
    if records:
        program = "record_action.sh"
        mounts.append(_mount(RESULT_VOLUME, writes=True))
        environment.append(_variable("RECORD_FILE", _CODE_FILE))
        attempt = {"name": attempt_name(action.name), "key": ATTEMPT_KEY, "optional": True}
        environment.append({"name": "RUN_ATTEMPT", "valueFrom": {"configMapKeyRef": attempt}})
    command = ["sh", _script(program), *action.arguments]
    container = _container(ACTION, settings.action_image, command, environment, None)
    # Its message is its own; a log in its place would tell the wrong thing.
    del container["terminationMessagePolicy"]
    return {**container, "securityContext": dict(_PRIVILEGED), "volumeMounts": mounts}


def result_container(settings: PodSettings) -> dict[str, Any]:
    """Does nothing, and is ready where the action ended with 0."""
    probe = {"exec": {"command": ["sh", "-c", _literal(f'[ "$(cat {_CODE_FILE})" = 0 ]')]}}
    return {
        **_container(RESULT, settings.action_image, ["sh", "-c", _SLEEP], [], "16Mi"),
        "readinessProbe": {**probe, "periodSeconds": 30},
        "volumeMounts": [_mount(RESULT_VOLUME)],
    }


def as_sidecar(container: dict[str, Any]) -> dict[str, Any]:
    """The container, as one of the initial containers that goes on beside the others."""
    return {**container, "restartPolicy": "Always"}


def _container(
    name: str, image: str, command: Iterable[str], environment: list[dict[str, Any]], memory: str | None
) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [_literal(word) for word in command],
        # The image's own folder may be closed to the user that the container runs as.
        "workingDir": "/",
        "env": environment,
        "securityContext": _restricted(_NOBODY),
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}},
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if memory is not None:
        container["resources"]["limits"] = {"memory": memory}
    return container


def _restricted(user: int) -> dict[str, Any]:
    return {**_RESTRICTED, "runAsUser": user, "runAsGroup": user}


def _fetching(serving: Serving, message_file: str) -> list[dict[str, Any]]:
    """What fetch_packages.sh is told, but for the credentials."""
    given = _script(CATALOGUE_FILE) if serving.configuration.has_catalogue else ""
    pairs = {
        "CATALOGUE_REMOTE": serving.storage.remote,
        "CATALOGUE_FILE": given,
        "CATALOGUE_FOLDER": _FOLDERS[SHARED_VOLUME],
        "CATALOGUE_AWK": _script("catalogue.awk"),
        "CATALOGUE_PACKAGES": " ".join(serving.packages),
        "CATALOGUE_LIMIT": str(serving.settings.catalogue_limit),
        "STAGE_FOLDER": _FOLDERS[STAGE_VOLUME],
        "MESSAGE_FILE": message_file,
        "RCLONE_PID": "",
        "RCLONE_CONFIG": _NO_CONFIGURATION,
    }
    return [_variable(name, value) for name, value in pairs.items()]


def _credentials(storage: Storage) -> list[dict[str, Any]]:
    environment = [_variable(name, value) for name, value in storage.environment]
    for pairs, optional in ((storage.secret_keys, False), (storage.optional_secret_keys, True)):
        for name, key in pairs:
            reference: dict[str, Any] = {"name": storage.secret, "key": key}
            if optional:
                reference["optional"] = True
            environment.append({"name": name, "valueFrom": {"secretKeyRef": reference}})
    if storage.ca_secret:
        environment.append(_variable("RCLONE_CA_CERT", f"{_FOLDERS[CA_VOLUME]}/{CA_KEY}"))
    return environment


def _running(
    action: Action, settings: PodSettings, configuration: Configuration, *, serves: bool, stays: bool
) -> list[dict[str, Any]]:
    """What run_action.sh is told."""
    pairs = {
        "RUN_STATE": f"{STATE_FOLDER}/{action.name}",
        "RUN_HASH": action.content_hash,
        "RUN_SCRIPT": f"{_FOLDERS[SCRIPT_VOLUME]}/{SCRIPT_FILE}",
        "RUN_VARIABLES": _FOLDERS[VARIABLES_VOLUME] if configuration.variables else "",
        "RUN_PACKAGES": f"{_FOLDERS[STAGE_VOLUME]}/by-name" if serves else "",
        "RUN_NAMESPACES": " ".join(action.namespaces),
        "RUN_PORT": str(settings.port) if serves else "",
        "RUN_TIME_LIMIT": str(action.time_limit),
        "RUN_LOCK_LIMIT": str(settings.lock_limit),
        "RUN_SERVER_LIMIT": str(settings.server_limit if serves else 0),
        "RUN_GRACE": str(settings.grace),
        "RUN_FORCE": "true" if action.force else "false",
        "RUN_REMOVES": "true" if action.removes else "false",
        "RUN_STAYS": "true" if stays else "false",
        "RUN_NSENTER": settings.nsenter,
        "RUN_MESSAGE_FILE": _MESSAGE_FILE,
    }
    return [
        *(_variable(name, value) for name, value in pairs.items()),
        _field("RUN_INSTANCE", _POD_UID),
        _field("RUN_NODE", _NODE_NAME),
    ]


def _finishing(serving: Serving) -> list[dict[str, Any]]:
    return [_variable("FINISHED_FILE", _CODE_FILE if serving.records else "")]


def _result_mount(serving: Serving) -> list[dict[str, Any]]:
    return [_mount(RESULT_VOLUME)] if serving.records else []


def _of_storage(storage: Storage) -> list[dict[str, Any]]:
    mounts = [_mount(CA_VOLUME)] if storage.ca_secret else []
    return [*mounts, _mount(SOURCE_VOLUME)] if storage.host_path else mounts


def _mount(volume: str, *, writes: bool = False) -> dict[str, Any]:
    mount: dict[str, Any] = {"name": volume, "mountPath": _FOLDERS[volume]}
    return mount if writes else {**mount, "readOnly": True}


def _script(name: str) -> str:
    return f"{_FOLDERS[SCRIPTS_VOLUME]}/{name}"


def _variable(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": _literal(value)}


def _field(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _literal(text: str) -> str:
    """The text, as the kubelet has to be told it: it takes $(NAME) for a variable, and two $ for one."""
    return text.replace("$", "$$")
