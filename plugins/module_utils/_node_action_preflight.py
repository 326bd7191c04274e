# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be there before anything is begun: namespace, Secrets, service account."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import FaultsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    CA_KEY,
    Storage,
    check_secret,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, text

_FORBIDDEN = 403
_ENFORCED = "pod-security.kubernetes.io/enforce"
_PRIVILEGED = "privileged"


class NotReadyError(FaultsError):
    """What the pods need is not there; nothing was changed."""


def prepare(client: KubeClient, wish: Wish, *, check_mode: bool) -> tuple[Wish, list[str]]:
    """The wish with the keys that the storage's Secret has, and warnings.

    In check mode what is missing is a warning, since something before this may make it.

    :raises NotReadyError: something is missing
    :raises KubeError: the API server cannot be asked, or does not let this user read them
    """
    namespace = wish.settings.namespace
    fault = _namespace_fault(client, namespace)
    faults = [fault] if fault else []
    storage = wish.storage
    # Without a namespace all of its Secrets would be told, too.
    if storage is not None and not fault:
        storage, told = _checked(client, namespace, storage)
        faults += told
    account = wish.settings.service_account
    if account and not fault and client.get("v1", "ServiceAccount", namespace, account) is None:
        faults.append(f'the service account {account} is missing, in the namespace "{namespace}"')
    if faults and not check_mode:
        raise NotReadyError(faults)
    warnings = [f"{fault}; the run fails unless that is mended before" for fault in faults]
    return replace(wish, storage=storage), warnings


def _namespace_fault(client: KubeClient, name: str) -> str:
    try:
        found = client.get("v1", "Namespace", None, name)
    except KubeError as error:
        if error.status != _FORBIDDEN:
            raise
        # Who may not look finds out by what the API server says to the first object.
        return ""
    if found is None:
        return f'namespace "{name}" does not exist; create it, or use the role package_server, which makes it'
    if dig(found, "metadata", "deletionTimestamp"):
        return f'namespace "{name}" is being deleted; wait until it is gone, and create it anew'
    enforced = text(found, "metadata", "labels", _ENFORCED)
    if enforced not in (None, _PRIVILEGED):
        return (
            f'namespace "{name}" allows no privileged pods: its label {_ENFORCED} is {enforced}; set it to '
            f"{_PRIVILEGED}, or use another namespace"
        )
    return ""


def _checked(client: KubeClient, namespace: str, storage: Storage) -> tuple[Storage, list[str]]:
    faults = []
    if storage.secret:
        keys = _keys(client, namespace, storage.secret)
        storage, told = check_secret(storage, keys)
        if told is not None:
            faults.append(f'{told}, in the namespace "{namespace}"')
    if storage.ca_secret:
        keys = _keys(client, namespace, storage.ca_secret)
        where = f'the secret {storage.ca_secret} in the namespace "{namespace}", for storage.ca_secret,'
        if keys is None:
            faults.append(f"{where} is missing")
        elif CA_KEY not in keys:
            faults.append(f"{where} has no key {CA_KEY}")
    return storage, faults


def _keys(client: KubeClient, namespace: str, name: str) -> frozenset[str] | None:
    found = client.get("v1", "Secret", namespace, name)
    return None if found is None else frozenset(dig(found, "data") or {})
