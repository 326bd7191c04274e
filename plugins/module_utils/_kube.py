# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that talks to the API server: raw JSON objects, paging, server-side apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube_connection import (
    POOL_SIZE,
    Answer,
    Connection,
    KubeConfigError,
    KubeError,
    KubeUnavailableError,
    open_connection,
)

__all__ = (
    "ApiResource",
    "KubeClient",
    "KubeConfigError",
    "KubeError",
    "KubeUnavailableError",
    "UnknownKindError",
    "connect",
)

PAGE_SIZE = 500
_UNAVAILABLE = frozenset({429, 500, 502, 503, 504})
# Said of an apply's object with a field that its kind does not have; its status is 500 all the same.
_UNREADABLE = "failed to create typed patch object"

Key = TypeVar("Key")
Value = TypeVar("Value")


class UnknownKindError(KubeError):
    """The API server has no such apiVersion and kind."""


@dataclass(frozen=True)
class ApiResource:
    """Where a kind is found: its plural name in paths, and whether its objects live in namespaces."""

    plural: str
    namespaced: bool


class KubeClient:
    """Verbs on objects of any kind, as plain dicts. May be used by several threads.

    :ivar warnings: texts of all ``Warning`` headers so far, each once, in order of appearance
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resources: dict[str, dict[str, ApiResource]] = {}
        self.warnings: list[str] = []

    @property
    def url(self) -> str:
        """The API server's address."""
        return self._connection.url

    def in_parallel(self, call: Callable[[Key], Value], keys: Iterable[Key]) -> dict[Key, Value]:
        """Call a function for each key at the same time; the first error is raised after all have ended."""
        distinct = list(dict.fromkeys(keys))
        if len(distinct) < 2:
            return {key: call(key) for key in distinct}
        with ThreadPoolExecutor(max_workers=min(POOL_SIZE, len(distinct))) as pool:
            return dict(zip(distinct, pool.map(call, distinct), strict=True))

    def discover(self, api_version: str) -> dict[str, ApiResource]:
        """Read what kinds an apiVersion has, once in the life of this client.

        Empty where there is no such group or version.
        """
        if api_version not in self._resources:
            answer = self._send("GET", _group_path(api_version), missing_is_none=True)
            # An unknown group is not kept: a CustomResourceDefinition applied later may bring it.
            if answer is None:
                return {}
            self._resources[api_version] = {
                entry["kind"]: ApiResource(entry["name"], bool(entry["namespaced"]))
                for entry in answer.get("resources", [])
                if "/" not in entry["name"]
            }
        return self._resources[api_version]

    def resource(self, api_version: str, kind: str) -> ApiResource:
        """Look a kind up in the API server's discovery document.

        :raises UnknownKindError: there is no such group, version or kind
        """
        known = self.discover(api_version)
        if kind not in known:
            self._resources.pop(api_version, None)
            raise UnknownKindError(f"the API server {self.url} knows no {api_version} {kind}", status=404)
        return known[kind]

    def get(self, api_version: str, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Read one object; None where there is none.

        :param namespace: None or empty for kinds without namespaces
        :raises UnknownKindError: the API server has no such kind
        :raises KubeUnavailableError: it did not answer
        :raises KubeError: it refused
        """
        path = self._object_path(api_version, kind, namespace, name)
        found: dict[str, Any] | None = self._send("GET", path, missing_is_none=True)
        return found

    def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
    ) -> list[dict[str, Any]]:
        """Read all objects of a kind, in one namespace or in all, page by page.

        A list whose continuation has expired (410) is read again from its start. Raises as ``get`` does.
        """
        path = self._collection_path(api_version, kind, namespace)
        query = _list_query(PAGE_SIZE, label_selector, field_selector)
        items: list[dict[str, Any]] = []
        token = ""
        while True:
            answer = self._exchange("GET", path, {**query, "continue": token} if token else query)
            if answer.status == 410 and token:
                items, token = [], ""
                continue
            body = self._accept(answer, "GET", path)
            items.extend(body.get("items") or [])
            token = body.get("metadata", {}).get("continue", "")
            if not token:
                return items

    def pages(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Sequence[dict[str, Any]]]:
        """Read all objects of a kind without ever holding more than one page of them.

        A list whose continuation has expired goes on with the newer state that the API server offers for it
        (API concepts, "Retrieving large results sets in chunks"), so an object that changed meanwhile may
        be given as it is then. Raises as ``get`` does.
        """
        path = self._collection_path(api_version, kind, namespace)
        query = _list_query(page_size, label_selector, field_selector)
        token = ""
        while True:
            answer = self._exchange("GET", path, {**query, "continue": token} if token else query)
            offered = _continue_token(answer) if answer.status == 410 else ""
            if offered and offered != token:
                token = offered
                continue
            body = self._accept(answer, "GET", path)
            yield body.get("items") or []
            token = body.get("metadata", {}).get("continue", "")
            if not token:
                return

    def apply(self, obj: Mapping[str, Any], *, field_manager: str, dry_run: bool = False) -> dict[str, Any]:
        """Server-side apply one object, taking over fields of other managers (KEP-555).

        :returns: the object as stored, or as it would be stored
        :raises KubeError: it was refused; ``reason`` tells how
        """
        metadata = obj["metadata"]
        path = self._object_path(obj["apiVersion"], obj["kind"], metadata.get("namespace"), metadata["name"])
        query = {"fieldManager": field_manager, "force": "true"}
        if dry_run:
            query["dryRun"] = "All"
        answer = self._exchange("PATCH", path, query, obj, "application/apply-patch+yaml")
        stored: dict[str, Any] = self._accept(answer, "PATCH", path)
        return stored

    def create(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """Create one object, which must have a name.

        :returns: the object as stored
        :raises KubeError: it was refused; status 409 where there is one of that name, as there is where this
          was sent a second time because the connection broke
        """
        metadata = obj["metadata"]
        path = self._collection_path(obj["apiVersion"], obj["kind"], metadata.get("namespace"))
        created: dict[str, Any] = self._accept(self._exchange("POST", path, None, obj), "POST", path)
        return created

    def evict(self, namespace: str, name: str, uid: str) -> bool:
        """Ask for the eviction of a pod, which PodDisruptionBudgets may hold up.

        :param uid: of the pod that is meant; another one of that name stays
        :returns: whether it is granted, or the pod is not there any more; false where it may be later
        :raises KubeError: it was refused for good
        """
        path = f"{self._object_path('v1', 'Pod', namespace, name)}/eviction"
        options = {"preconditions": {"uid": uid}}
        metadata = {"name": name, "namespace": namespace}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata, "deleteOptions": options}
        answer = self._exchange("POST", path, None, body)
        # 409: that pod is gone, and another one has its name.
        if answer.status in (404, 409):
            return True
        if answer.status == 429:
            return False
        self._accept(answer, "POST", path)
        return True

    def merge(
        self, api_version: str, kind: str, namespace: str | None, name: str, changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Change one object by a JSON Merge Patch (RFC 7386): null removes a key.

        :param changes: ``metadata.uid`` and ``metadata.resourceVersion`` in it are what the object must still
          have; otherwise the API server refuses by 409
        :returns: the object as stored
        :raises KubeError: it was refused
        """
        path = self._object_path(api_version, kind, namespace, name)
        answer = self._exchange("PATCH", path, None, changes, "application/merge-patch+json")
        stored: dict[str, Any] = self._accept(answer, "PATCH", path)
        return stored

    def patch(
        self,
        api_version: str,
        kind: str,
        namespace: str | None,
        name: str,
        operations: Sequence[Mapping[str, Any]],
    ) -> dict[str, Any]:
        """Change one object by a JSON Patch (RFC 6902), whose ``test`` operations guard it.

        :returns: the object as stored
        :raises KubeError: it was refused; status 422 where a ``test`` did not hold
        """
        path = self._object_path(api_version, kind, namespace, name)
        answer = self._exchange("PATCH", path, None, operations, "application/json-patch+json")
        stored: dict[str, Any] = self._accept(answer, "PATCH", path)
        return stored

    def delete(
        self,
        api_version: str,
        kind: str,
        namespace: str | None,
        name: str,
        *,
        propagation: str = "Background",
        version: str = "",
    ) -> bool:
        """Ask for the deletion of one object.

        :param propagation: ``Background`` or ``Foreground``
        :param version: the resourceVersion that it must still have; otherwise the API server refuses by 409
        :returns: whether there was such an object
        """
        path = self._object_path(api_version, kind, namespace, name)
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
        }
        if version:
            options["preconditions"] = {"resourceVersion": version}
        answer = self._exchange("DELETE", path, None, options)
        if answer.status == 404:
            return False
        self._accept(answer, "DELETE", path)
        return True

    def _send(self, method: str, path: str, *, missing_is_none: bool) -> Any:
        answer = self._exchange(method, path)
        if answer.status == 404 and missing_is_none:
            return None
        return self._accept(answer, method, path)

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
    ) -> Answer:
        answer = self._connection.exchange(method, path, query=query, body=body, content_type=content_type)
        self.warnings.extend(text for text in answer.warnings if text not in self.warnings)
        return answer

    def _accept(self, answer: Answer, method: str, path: str) -> Any:
        if answer.status < 300 and isinstance(answer.body, dict):
            return answer.body
        status = answer.body if isinstance(answer.body, dict) else {}
        message = str(status.get("message") or f"{method} {path} was answered by HTTP status {answer.status}")
        reason = str(status.get("reason") or "")
        if answer.status == 401:
            message = f"the API server {self.url} does not accept the credentials ({self._connection.origin})"
        if answer.status in _UNAVAILABLE and not message.startswith(_UNREADABLE):
            raise KubeUnavailableError(
                f"the API server {self.url} cannot serve at the moment: {message}",
                status=answer.status,
                reason=reason,
            )
        raise KubeError(message, status=answer.status, reason=reason)

    def _collection_path(self, api_version: str, kind: str, namespace: str | None) -> str:
        resource = self.resource(api_version, kind)
        within = f"/namespaces/{_segment(namespace)}" if resource.namespaced and namespace else ""
        return f"{_group_path(api_version)}{within}/{resource.plural}"

    def _object_path(self, api_version: str, kind: str, namespace: str | None, name: str) -> str:
        resource = self.resource(api_version, kind)
        if resource.namespaced and not namespace:
            raise KubeError(
                f"{kind.lower()}/{name} needs metadata.namespace, since objects of its kind live in "
                "namespaces"
            )
        return f"{self._collection_path(api_version, kind, namespace)}/{_segment(name)}"


def connect(kubeconfig: str | None, context: str | None, *, ends_at: float | None = None) -> KubeClient:
    """Prepare a client; nothing is sent yet.

    :param kubeconfig: path; None means K8S_AUTH_KUBECONFIG, KUBECONFIG, ``~/.kube/config``, then in-cluster
    :param context: name of a context in the kubeconfig; None means its current one
    :param ends_at: moment of the monotonic clock, in seconds, that no request outlasts; None means that
      each has its own limit only
    :raises KubeConfigError: the ``kubernetes`` library or a usable kubeconfig is missing
    """
    return KubeClient(open_connection(kubeconfig, context, ends_at))


def _list_query(page_size: int, label_selector: str, field_selector: str) -> dict[str, str]:
    query = {"limit": str(page_size), "labelSelector": label_selector, "fieldSelector": field_selector}
    return {name: value for name, value in query.items() if value}


def _continue_token(answer: Answer) -> str:
    metadata = answer.body.get("metadata") if isinstance(answer.body, dict) else None
    return str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""


def _segment(name: str) -> str:
    """Quote a name for a path; refuse what leads elsewhere (RFC 3986 section 5.2.4)."""
    if name in ("", ".", ".."):
        raise KubeError(f'"{name}" is no name', status=400, reason="BadRequest")
    return quote(name, safe="")


def _group_path(api_version: str) -> str:
    return f"/apis/{quote(api_version)}" if "/" in api_version else f"/api/{quote(api_version)}"
