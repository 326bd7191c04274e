# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of the role to the files of the tree, or to what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, unique
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.admission import (
    CERTIFICATE_SECRET,
    WEBHOOK,
    validator_name,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.manifests import (
    ACCOUNT,
    INGRESS,
    SERVICE,
    STATEFUL_SET,
    base_files,
    ingress_files,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.overlay import (
    CONFIGURATION,
    configuration_secret,
    overlay_files,
    overlay_folder,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import (
    DEFAULT_VERSION,
    HOST_PATH,
    Settings,
    read_settings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.storage import storage_faults
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.tree import Content
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.upgrade import (
    image_fault,
    judge_upgrade,
    written_by,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import parse_version
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.yaml_writer import yaml_text

_ACCOUNT = ("v1", "ServiceAccount", ACCOUNT)
_OF_WEBHOOK = (
    ("policy/v1", "PodDisruptionBudget", WEBHOOK),
    ("apps/v1", "Deployment", WEBHOOK),
    ("v1", "Service", WEBHOOK),
    ("v1", "ConfigMap", WEBHOOK),
    ("cert-manager.io/v1", "Certificate", WEBHOOK),
    # Which cert-manager leaves.
    ("v1", "Secret", CERTIFICATE_SECRET),
)
_CONFIG_MAP = ("v1", "ConfigMap", CONFIGURATION)
_CONFIG_SECRET = ("v1", "Secret", CONFIGURATION)
_ALWAYS = (
    ("networking.k8s.io/v1", "Ingress", INGRESS),
    ("apps/v1", "StatefulSet", STATEFUL_SET),
    ("v1", "Service", SERVICE),
    _ACCOUNT,
)


def prepare(wish: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Judge the wish, and make the files of the tree.

    :param wish: the role's variables without what their names begin with, as ``read_settings`` reads them;
        and ``running`` and ``claimed``, the live StatefulSet and claim, or nothing
    :param prefix: begins the name of the variable that a fault is about
    :returns: ``faults``, ``warnings``, ``files`` (path to text, or to the mapping of the kustomization
        that the user's own files are added to), ``overlay`` (the folder to build), ``secrets`` (what may
        not be in files), ``password_secret``, ``claim``, ``volume``, ``absent`` (what earlier runs may have
        made and is not wanted), ``removal`` (all objects but claim and volume), ``url`` and ``version``;
        where there are faults, everything else is empty
    """
    settings, found = read_settings(wish)
    written = written_by(_object(wish.get("running")), _object(wish.get("claimed")))
    upgrade_fault, upgrade_warning = "", ""
    refused = {_variable(fault) for fault in found}
    if not refused & {"version", "accept_data_loss"}:
        upgrade_fault, upgrade_warning = judge_upgrade(settings, written)
    faults = [str(fault) for fault in (*found, *storage_faults(settings.storage))]
    faults += [image_fault(settings)] if not refused & {"version", "image"} else []
    faults = [fault for fault in (*faults, upgrade_fault) if fault]
    if faults:
        told = [f"{prefix}{_with_prefix(fault, prefix)}" for fault in unique(faults)]
        return {**_prepared(), "faults": told}
    secret = configuration_secret(settings)
    warnings = [*_warnings(settings), *([upgrade_warning] if upgrade_warning else [])]
    storage = settings.storage
    return {
        **_prepared(),
        "warnings": [_with_prefix(warning, prefix) for warning in warnings],
        "files": tree_files(settings),
        "overlay": overlay_folder(settings),
        "secrets": [] if secret is None else [secret],
        "password_secret": settings.login.secret if settings.login.user else "",
        "claim": storage.claim,
        "volume": storage.volume if storage.kind == HOST_PATH else "",
        "absent": _absent(settings),
        "removal": _removal(settings),
        "url": f"https://{settings.host}",
        "version": str(settings.version),
    }


def tree_files(settings: Settings) -> dict[str, Content]:
    """All files of the tree that are ours."""
    default = parse_version(DEFAULT_VERSION) or settings.version
    constant = {**base_files(default), **ingress_files(settings.ingress)}
    return {
        **{path: yaml_text(content) for path, content in constant.items()},
        **overlay_files(settings),
    }


def _prepared() -> dict[str, Any]:
    return {
        "faults": [],
        "warnings": [],
        "files": {},
        "overlay": "",
        "secrets": [],
        "password_secret": "",
        "claim": "",
        "volume": "",
        "absent": [],
        "removal": [],
        "url": "",
        "version": "",
    }


def _object(value: object) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) and value else None


def _variable(fault: Fault) -> str:
    return fault.where.partition(".")[0].partition("[")[0]


def _with_prefix(sentence: str, prefix: str) -> str:
    """The sentence with the names that users know of other variables in it."""
    for name in (
        "accept_data_loss",
        "admission_namespaces",
        "hostpath_nodes",
        "image_validation",
    ):
        sentence = sentence.replace(f" {name}", f" {prefix}{name}")
    return sentence


def _warnings(settings: Settings) -> list[str]:
    warnings = []
    if not settings.login.user:
        warnings.append("without a user everybody who reaches the registry can push to it")
    version = settings.version
    if not version.is_known:
        warnings.append(
            f"Trow {version} is later than {version.line.name}.{version.line.last}, the last of its line that"
            " is known; it is taken to have the same arguments and the same database"
        )
    storage, pod = settings.storage, settings.pod
    if storage.kind == HOST_PATH and not (storage.nodes or pod.node_selector or pod.affinity):
        warnings.append(
            f"{storage.path} is a folder of whatever node the pod runs on; with several nodes, name the one "
            "with the images by hostpath_nodes"
        )
    return warnings


def _absent(settings: Settings) -> list[dict[str, Any]]:
    has_files = bool(settings.configuration.files(settings.version))
    is_secret = settings.configuration.is_secret()
    unwanted = [] if has_files and not is_secret else [_CONFIG_MAP]
    if not (has_files and is_secret):
        unwanted.append(_CONFIG_SECRET)
    if settings.admission is None:
        return [_validator(settings), *_references([*unwanted, *_OF_WEBHOOK], settings)]
    if settings.admission.replicas == 1:
        unwanted.append(_OF_WEBHOOK[0])
    return _references(unwanted, settings)


def _removal(settings: Settings) -> list[dict[str, Any]]:
    # The webhook first: without its pods, it would be asked in vain.
    others = [*_ALWAYS, *_OF_WEBHOOK, _CONFIG_MAP, _CONFIG_SECRET]
    return [_validator(settings), *_references(others, settings)]


def _validator(settings: Settings) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": validator_name(settings.namespace)},
    }


def _references(objects: list[tuple[str, str, str]], settings: Settings) -> list[dict[str, Any]]:
    return [
        {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": settings.namespace}}
        for version, kind, name in objects
    ]
