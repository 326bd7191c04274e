# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials out of a config.json as ``docker login`` writes it.

Source: the docker CLI's configuration file (``auths``, keys that may be URLs, ``auth`` as base64 of
``user:password``, ``identitytoken``); the same form is in secrets of type kubernetes.io/dockerconfigjson.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from .credentials import Credentials
from .document import json_object
from .errors import SyntaxFault
from .printable import is_unicode
from .urls import Origin

_DOCKER_HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"


def credentials_of_config(content: bytes, registry: Origin) -> Credentials:
    """The credentials for this registry.

    A key that is the host itself is preferred to one that is a URL. Raises SyntaxFault, which never repeats
    a value, where there are none.
    """
    auths = json_object(content, "the docker config").get("auths")
    if not isinstance(auths, Mapping):
        raise SyntaxFault("the docker config has no object 'auths'")
    key = _matching_key([str(key) for key in auths], registry)
    if key is None:
        known = ", ".join(sorted(str(key) for key in auths)[:10]) or "nothing"
        raise SyntaxFault(f"the docker config has no entry for {registry.authority}; it has: {known}")
    entry = auths[key]
    if not isinstance(entry, Mapping):
        raise SyntaxFault(f"the docker config's entry {key} is not an object")
    return _credentials(key, entry)


def host_of_key(key: str) -> str:
    """The ``host[:port]`` that a key of ``auths`` means: without scheme and path, in lower case."""
    rest = key.removeprefix("https://").removeprefix("http://")
    return rest.partition("/")[0].lower()


def _matching_key(keys: list[str], registry: Origin) -> str | None:
    if registry.host in _DOCKER_HUB_HOSTS:
        names = [*sorted(_DOCKER_HUB_HOSTS)]
    else:
        host = f"[{registry.host}]" if ":" in registry.host else registry.host
        names = list(dict.fromkeys((registry.authority, f"{host}:{registry.port}")))
    if registry.host in _DOCKER_HUB_HOSTS and _DOCKER_HUB_KEY in keys:
        return _DOCKER_HUB_KEY
    for name in names:
        if name in keys:
            return name
    return next((key for key in keys if host_of_key(key) in names), None)


def _credentials(key: str, entry: Mapping[str, object]) -> Credentials:
    username, password = _text(entry, "username"), _text(entry, "password")
    encoded = _text(entry, "auth")
    if encoded:
        username, password = _decoded(key, encoded)
    identity_token = _text(entry, "identitytoken")
    if not all(is_unicode(text) for text in (username, password, identity_token)):
        raise SyntaxFault(f"the docker config's entry {key} holds credentials that are no Unicode text")
    if identity_token:
        return Credentials(username, "", identity_token)
    if (encoded or username) and not password:
        raise SyntaxFault(f"the docker config's entry {key} has an empty password")
    if not username or not password:
        raise SyntaxFault(
            f"the docker config's entry {key} holds no credentials: they are in a credential helper, "
            "and helpers are not run"
        )
    return Credentials(username, password)


def _decoded(key: str, encoded: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        raise SyntaxFault(f"the docker config's entry {key}: 'auth' is not base64 of UTF-8") from None
    username, colon, password = text.partition(":")
    if not colon:
        raise SyntaxFault(f"the docker config's entry {key}: 'auth' is not user:password")
    return username, password.strip("\0")


def _text(entry: Mapping[str, object], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""
