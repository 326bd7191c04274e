# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach registries: what the user gave, and what secrets of the cluster hold."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolver import (
    Access,
    read_endpoint,
    registry_origin,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.docker_config import (
    credentials_of_config,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust

_DOCKER_CONFIG = ".dockerconfigjson"


class AccessError(ArtifactsError):
    """A secret that is named for a registry is not there, or does not hold what it should."""


def read_access(
    client: KubeClient,
    registries: Iterable[Mapping[str, Any]],
    namespace: str,
    names: Iterable[str],
    pull_secrets: Iterable[str],
) -> tuple[dict[str, Access], dict[str, str]]:
    """Say for each registry how to reach it, and for those that cannot be reached as the user wants it, why.

    A pull secret that is not there, or has nothing for a registry, means that it is asked anonymously, as the
    kubelet does then.

    :param registries: as the option of image_cache_sync, judged already
    :param names: the registries that are wanted, as references name them
    :raises KubeError: the API server cannot be asked
    """
    configs = {name: _docker_config(client, namespace, name) for name in pull_secrets}
    given = {entry["registry"]: entry for entry in registries}
    access: dict[str, Access] = {}
    obstacles: dict[str, str] = {}
    for registry in names:
        entry = given.get(registry, {})
        endpoint, prefix = read_endpoint(entry["endpoint"]) if entry.get("endpoint") else (None, "")
        try:
            trust = _trust(client, entry)
        except AccessError as error:
            obstacles[registry] = error.message
            continue
        credentials = _credentials(configs, registry)
        access[registry] = Access(endpoint, prefix, trust, credentials)
    return access, obstacles


def missing_secrets(client: KubeClient, namespace: str, names: Iterable[str]) -> list[str]:
    """Which of these secrets are not there, sorted. Raises KubeError."""
    return [name for name in sorted(set(names)) if client.get("v1", "Secret", namespace, name) is None]


def _trust(client: KubeClient, entry: Mapping[str, Any]) -> Trust:
    ca = entry.get("ca")
    secret = entry.get("ca_secret")
    if secret:
        place = f"{secret['namespace']}/{secret['name']}"
        found = client.get("v1", "Secret", secret["namespace"], secret["name"])
        if found is None:
            raise AccessError(f"there is no secret {place} with its certificate authority")
        ca = _value(found, "ca.crt").decode("ascii", "replace")
        if not ca:
            raise AccessError(f"the secret {place} has no key ca.crt")
    path = entry.get("ca_path")
    return Trust(Path(path) if path else None, ca or None, entry.get("validate_certs", True))


def _docker_config(client: KubeClient, namespace: str, name: str) -> bytes:
    found = client.get("v1", "Secret", namespace, name)
    return _value(found, _DOCKER_CONFIG) if found is not None else b""


def _value(secret: Mapping[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode((secret.get("data") or {}).get(key) or "")
    except binascii.Error:
        return b""


def _credentials(configs: Mapping[str, bytes], registry: str) -> dict[str, Credentials]:
    found: dict[str, Credentials] = {}
    for name, content in configs.items():
        try:
            found[name] = credentials_of_config(content, registry_origin(registry))
        except SyntaxFault:
            continue
    return found
