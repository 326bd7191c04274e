# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few requests that setting the cluster up takes, with the administrator's certificate."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from devcluster.errors import ClusterError

FIELD_MANAGER = "clusterdepot-devcluster"
REQUEST_SECONDS = 30.0

# Kind -> (API path, plural); a kind of a cluster-wide resource has no namespace in its path.
_PATHS = {
    "ClusterIssuer": ("/apis/cert-manager.io/v1", "clusterissuers"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "CustomResourceDefinition": ("/apis/apiextensions.k8s.io/v1", "customresourcedefinitions"),
    "EndpointSlice": ("/apis/discovery.k8s.io/v1", "endpointslices"),
    "IPAddressPool": ("/apis/metallb.io/v1beta1", "ipaddresspools"),
    "IngressClass": ("/apis/networking.k8s.io/v1", "ingressclasses"),
    "Namespace": ("/api/v1", "namespaces"),
    "Secret": ("/api/v1", "secrets"),
    "Service": ("/api/v1", "services"),
    "StorageClass": ("/apis/storage.k8s.io/v1", "storageclasses"),
}


@dataclass(frozen=True)
class Api:
    """One kept connection to the API server."""

    connection: http.client.HTTPSConnection

    @staticmethod
    def connect(pki: Path, address: IPv4Address, port: int) -> Api:
        """A connection that is opened by the first request."""
        context = ssl.create_default_context(cafile=str(pki / "authority.crt"))
        context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
        host = str(address)
        return Api(http.client.HTTPSConnection(host, port, timeout=REQUEST_SECONDS, context=context))

    def get(self, path: str) -> dict[str, Any]:
        """The parsed answer; raises ClusterError with the status and the start of the body."""
        return self._request("GET", path)

    def apply(self, definition: dict[str, Any]) -> None:
        """Server-side apply; JSON is YAML, which is what the content type asks for."""
        path = f"{object_path(definition)}?fieldManager={FIELD_MANAGER}&force=true"
        self._request("PATCH", path, definition, "application/apply-patch+yaml")

    def _request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, {"Content-Type": content_type})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            detail = text.decode(errors="replace")[:500]
            raise ClusterError(f"{method} {path}: {answer.status} {answer.reason}: {detail}")
        parsed: dict[str, Any] = json.loads(text)
        return parsed


def object_path(definition: dict[str, Any]) -> str:
    """API path of an object; raises KeyError for a kind that set-up never applies."""
    prefix, plural = _PATHS[definition["kind"]]
    metadata = definition["metadata"]
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{prefix}{namespace}/{plural}/{metadata['name']}"
