# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to an API server: which kubeconfig, which credentials, one HTTP exchange.

Only ``_kube`` uses it. The credentials, whatever their kind (certificate, token, exec plugin, in-cluster),
are read by
the ``kubernetes`` client library; requests go through the connection pool of its REST client as plain JSON,
since its typed models are slow (kubernetes-client/python issue 1921).
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError

POOL_SIZE = 8
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
IN_CLUSTER_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


class KubeError(ArtifactsError):
    """The API server cannot be used, or refused a request.

    :ivar status: HTTP status code, 0 where there was no answer
    :ivar reason: ``reason`` of the Status object (``NotFound``, ``Invalid`` and so on), empty where there
      is none
    """

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class KubeConfigError(KubeError):
    """There is no usable kubeconfig."""


class KubeUnavailableError(KubeError):
    """The API server did not answer, or answered that it cannot serve at the moment.

    The same request may succeed later.
    """


@dataclass(frozen=True)
class Answer:
    """What the API server answered.

    :ivar status: HTTP status code
    :ivar body: the JSON document, or None where the body was none
    :ivar warnings: texts of the ``Warning`` headers (KEP-1693)
    """

    status: int
    body: Any
    warnings: tuple[str, ...]


class Connection:
    """HTTP exchanges with one API server over a pool of kept connections; may be used by several threads.

    :ivar url: the server's address
    :ivar origin: where address and credentials came from, for messages
    """

    def __init__(self, configuration: Any, origin: str, ends_at: float | None = None) -> None:
        """Prepare; ``ends_at`` is the moment of the monotonic clock (seconds) that no exchange outlasts."""
        urllib3 = importlib.import_module("urllib3")
        client = importlib.import_module("kubernetes.client")
        # A refused connection is reported at once; who wants to wait repeats the request itself.
        configuration.retries = False
        configuration.connection_pool_maxsize = POOL_SIZE
        self.url = str(configuration.host).rstrip("/")
        self.origin = origin
        self._configuration = configuration
        self._pool = client.ApiClient(configuration).rest_client.pool_manager
        self._ends_at = ends_at
        self._limits = urllib3.Timeout
        self._http_error = urllib3.exceptions.HTTPError
        self._dropped = urllib3.exceptions.ProtocolError

    def exchange(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send one request and read its answer, whatever its status.

        :raises KubeUnavailableError: the server could not be reached or did not answer in time, or there is
          no time left to ask it
        """
        target = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {
            "Accept": "application/json",
            "User-Agent": "clusterdepot.artifacts",
            **self._credentials(),
        }
        content = None
        if body is not None:
            headers["Content-Type"] = content_type
            content = json.dumps(body).encode()

        def send() -> Any:
            return self._pool.request(method, target, body=content, headers=headers, timeout=self._timeout())

        try:
            response = self._twice(send)
        except self._http_error as error:
            raise KubeUnavailableError(
                f"cannot reach the API server {self.url} ({self.origin}): {plain_cause(error)}"
            ) from error
        warnings = tuple(
            text for header in response.headers.getlist("Warning") for text in parse_warnings(header)
        )
        return Answer(response.status, decode(response.data), warnings)

    def _timeout(self) -> Any:
        if self._ends_at is None:
            return self._limits(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise KubeUnavailableError(
                f"the time limit was over before the API server {self.url} ({self.origin}) could be asked"
            )
        return self._limits(total=left, connect=min(CONNECT_TIMEOUT, left), read=min(READ_TIMEOUT, left))

    def _twice(self, send: Callable[[], Any]) -> Any:
        # The server may close a kept connection in the moment we use it; every request sent here
        # may arrive twice: what is created has a name of its own.
        try:
            return send()
        except self._dropped:
            return send()

    def _credentials(self) -> dict[str, str]:
        settings = self._configuration.auth_settings().values()
        return {
            entry["key"]: entry["value"] for entry in settings if entry["in"] == "header" and entry["value"]
        }


def open_connection(kubeconfig: str | None, context: str | None, ends_at: float | None = None) -> Connection:
    """Read the credentials and prepare a connection; nothing is sent yet.

    :param kubeconfig: path; None means K8S_AUTH_KUBECONFIG, KUBECONFIG, ``~/.kube/config``, then in-cluster
    :param context: name of a context in the kubeconfig; None means its current one
    :param ends_at: see Connection
    :raises KubeConfigError: the library is missing, or no usable kubeconfig was found
    """
    if importlib.util.find_spec("kubernetes") is None:
        raise KubeConfigError(missing_required_lib("kubernetes"))
    config = importlib.import_module("kubernetes.config")
    configuration = importlib.import_module("kubernetes.client").Configuration()
    path, chosen_by = _kubeconfig_path(kubeconfig)
    if path is None:
        origin = "credentials of the pod's service account"
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException as error:
            raise KubeConfigError(f"{origin}, are not usable: {_one_line(str(error))}") from error
        return Connection(configuration, origin, ends_at)
    origin = f"kubeconfig {path}, {chosen_by}"
    try:
        config.load_kube_config(
            config_file=path, context=context, client_configuration=configuration, persist_config=False
        )
    except config.ConfigException as error:
        raise KubeConfigError(f"{origin}, is not usable: {_one_line(str(error))}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KubeConfigError(f"{origin}, cannot be read: {_one_line(str(error))}") from error
    except (importlib.import_module("yaml").YAMLError, AttributeError, TypeError, ValueError) as error:
        raise KubeConfigError(f"{origin}, is not a kubeconfig: {_one_line(str(error))}") from error
    return Connection(configuration, f"{origin}{f', context {context}' if context else ''}", ends_at)


def _kubeconfig_path(kubeconfig: str | None) -> tuple[str | None, str]:
    """Find the kubeconfig to use and say by what it was chosen; None for in-cluster credentials."""
    choices = (
        (kubeconfig, "given as kubeconfig"),
        (os.environ.get("K8S_AUTH_KUBECONFIG"), "given by the variable K8S_AUTH_KUBECONFIG"),
        (os.environ.get("KUBECONFIG"), "given by the variable KUBECONFIG"),
    )
    for value, chosen_by in choices:
        if not value:
            continue
        paths = [Path(entry).expanduser() for entry in value.split(os.pathsep) if entry]
        if not any(path.is_file() for path in paths):
            raise KubeConfigError(
                f"kubeconfig {value}, {chosen_by}, does not exist; give the path of an existing file"
            )
        return os.pathsep.join(map(str, paths)), chosen_by
    default = Path("~/.kube/config").expanduser()
    if default.is_file():
        return str(default), "the default"
    if IN_CLUSTER_TOKEN.is_file() and os.environ.get("KUBERNETES_SERVICE_HOST"):
        return None, "in-cluster"
    raise KubeConfigError(
        "no kubeconfig: the option kubeconfig and the variables K8S_AUTH_KUBECONFIG and KUBECONFIG are "
        f"not set, {default} "
        "does not exist, and this is no pod; give the path of an existing file"
    )


def parse_warnings(header: str) -> list[str]:
    """Give the texts of a ``Warning`` header, such as ``299 agent "text"`` (RFC 7234 section 5.5)."""
    found = re.findall(r'\d{3} \S+ "((?:[^"\\]|\\.)*)"', header)
    return [re.sub(r"\\(.)", r"\1", text) for text in found]


def decode(data: bytes) -> Any:
    """Read a body as JSON; None for what is none, such as a proxy's error page."""
    try:
        return json.loads(data)
    except ValueError:
        return None


def plain_cause(error: BaseException) -> str:
    """Say in few words why a server was not reached, without the library's object names."""
    text = _one_line(str(error))
    known = (
        ("Connection refused", "connection refused"),
        (
            "certificate verify failed",
            "its certificate is not trusted by the kubeconfig's certificate authority",
        ),
        ("Name or service not known", "its name does not resolve"),
        ("Temporary failure in name resolution", "its name does not resolve"),
        ("No route to host", "no route to host"),
        ("Network is unreachable", "network is unreachable"),
        ("timed out", "no answer in time"),
        ("Connection reset by peer", "connection reset by peer"),
        ("RemoteDisconnected", "connection closed without an answer"),
    )
    for mark, cause in known:
        if mark in text:
            return cause
    return re.sub(r"<[^>]*>:?\s*", "", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
