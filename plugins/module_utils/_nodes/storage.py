# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the packages are: the option ``storage``, and what rclone has to be told of it.

Sources: rclone's documentation of its backends azureblob, s3, google cloud storage, http and local, and of
configuration by environment variables; Azure's naming rules for storage accounts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import (
    Fault,
    place,
    shown,
    text_of,
    unknown_keys,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.user_values import (
    read_secret_name,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.values import read_url

TYPES = ("azureblob", "s3", "gcs", "http", "local")
NONE, NODE, WORKLOAD = IDENTITIES = ("none", "node", "workload")
DEFAULT_CONTAINER = "pkg"
DEFAULT_PROVIDER = "AWS"
# Of the Secret ``ca_secret``.
CA_KEY = "ca.crt"
# Where the containers have a folder of the node.
HOST_FOLDER = "/source"
LONGEST_PATH = 1024

_VARIABLE = "RCLONE_CONFIG_STORAGE_"
_REMOTE = "storage:"
_OF_WHO_ASKS = frozenset(
    f"{_VARIABLE}{name}" for name in ("ANONYMOUS", "ENV_AUTH", "MSI_CLIENT_ID", "USE_MSI")
)
_CLOUD = ("identity", "secret", "ca_secret")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "azureblob": ("type", "account", "container", "prefix", "endpoint", "client_id", *_CLOUD),
    "s3": ("type", "bucket", "prefix", "region", "endpoint", "provider", *_CLOUD),
    "gcs": ("type", "bucket", "prefix", *_CLOUD),
    "http": ("type", "url", "prefix", "secret", "ca_secret"),
    "local": ("type", "path", "prefix"),
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "azureblob": ("account",),
    "s3": ("bucket",),
    "gcs": ("bucket",),
    "http": ("url",),
    "local": ("path",),
}
# Of the Secret: rclone's variable, without its beginning, and the key.
_SECRET_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "azureblob": (),
    "s3": (("ACCESS_KEY_ID", "access_key_id"), ("SECRET_ACCESS_KEY", "secret_access_key")),
    "gcs": (("SERVICE_ACCOUNT_CREDENTIALS", "service_account_credentials"),),
    "http": (("HEADERS", "headers"),),
    "local": (),
}
_OPTIONAL_SECRET_KEYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "azureblob": (("KEY", "account_key"), ("SAS_URL", "sas_url")),
    "s3": (("SESSION_TOKEN", "session_token"),),
    "gcs": (),
    "http": (),
    "local": (),
}
_GRAMMARS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "account": (re.compile(r"[a-z0-9]{3,24}\Z"), "3 to 24 lower-case letters and digits"),
    "container": (
        re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}\Z"),
        "3 to 63 lower-case letters, digits and single '-', a letter or digit at both ends",
    ),
    "bucket": (
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,220}[A-Za-z0-9]\Z"),
        "3 to 222 letters, digits, '.', '_' and '-', a letter or digit at both ends",
    ),
    "region": (re.compile(r"[A-Za-z0-9-]{1,64}\Z"), "1 to 64 letters, digits and '-'"),
    "provider": (re.compile(r"[A-Za-z0-9]{1,40}\Z"), "a name of rclone's, such as AWS, Minio or Other"),
    "client_id": (
        re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z"),
        "such as 00000000-0000-0000-0000-000000000000",
    ),
}


@dataclass(frozen=True)
class Storage:
    """A storage for rclone.

    A web server that lists no folders gives only what is fetched beforehand: packages with a sha256, and
    those that an action names.

    :ivar kind: one of TYPES
    :ivar remote: as rclone names it: ``storage:pkg/folder``
    :ivar environment: rclone's variables of that remote, none of them secret
    :ivar secret: name of the Secret with its credentials; empty where there is none
    :ivar secret_keys: a variable, and the key of the Secret that has its value
    :ivar optional_secret_keys: the same; where ``secret_keys`` are none, one of these has to be there
    :ivar ca_secret: name of the Secret whose key CA_KEY has the certificates to trust; may be empty
    :ivar host_path: folder of the node, which HOST_FOLDER of the containers stands for; may be empty
    :ivar identity: one of IDENTITIES
    :ivar client_id: of an identity that Azure knows; may be empty
    """

    kind: str
    remote: str
    environment: tuple[tuple[str, str], ...]
    secret: str = ""
    secret_keys: tuple[tuple[str, str], ...] = ()
    optional_secret_keys: tuple[tuple[str, str], ...] = ()
    ca_secret: str = ""
    host_path: str = ""
    identity: str = NONE
    client_id: str = ""

    @property
    def place(self) -> tuple[str, ...]:
        """What tells it from other storages, be it asked under another identity; nothing of it is secret."""
        options = (f"{name}={value}" for name, value in self.environment if name not in _OF_WHO_ASKS)
        return (self.kind, self.remote, self.host_path, *sorted(options))


def read_storage(raw: object, where: str = "storage") -> tuple[Storage | None, list[Fault]]:
    """Read the option, and tell every fault; None where there is one, or where it is None. Never raises."""
    if raw is None:
        return None, []
    if not isinstance(raw, Mapping):
        return None, [Fault(where, f"{shown(raw)} is not a mapping with the keys of a storage")]
    given = {key: value for key, value in raw.items() if value is not None}
    kind, allowed = given.get("type"), ", ".join(TYPES)
    if kind is None:
        return None, [Fault(place(where, "type"), f"is missing; allowed: {allowed}")]
    if not isinstance(kind, str) or kind not in TYPES:
        return None, [Fault(place(where, "type"), f"{shown(kind)} is not a storage; allowed: {allowed}")]
    faults = [
        Fault(fault.where, f"{fault.message} (of the type {kind})")
        for fault in unknown_keys(given, _KEYS[kind], where)
    ]
    faults += [Fault(place(where, key), "is missing") for key in _NEEDED[kind] if key not in given]
    values = {
        key: _read_value(key, given[key], place(where, key), faults) for key in _KEYS[kind] if key in given
    }
    identity = values.get("identity") or NONE
    if identity != NONE and values.get("secret"):
        told = f"{shown(identity)} is given beside a secret; allowed: one of them"
        faults.append(Fault(place(where, "identity"), told))
    if identity == NONE and values.get("client_id"):
        told = f"is of use with the identity {NODE} or {WORKLOAD} only"
        faults.append(Fault(place(where, "client_id"), told))
    return (None, faults) if faults else (_storage(kind, values), [])


def check_secret(storage: Storage, keys: Collection[str] | None) -> tuple[Storage, str | None]:
    """The storage with just those optional keys that its Secret has; or a sentence, where that does not do.

    :param keys: of the Secret as it is; None where there is no such Secret
    """
    if not storage.secret:
        return storage, None
    if keys is None:
        return storage, f"the storage's secret {storage.secret} is missing"
    found = tuple(pair for pair in storage.optional_secret_keys if pair[1] in keys)
    missing = [key for _variable, key in storage.secret_keys if key not in keys]
    if missing:
        told = " and ".join(missing)
        return storage, f"the storage's secret {storage.secret} has no key {told}"
    if not storage.secret_keys and not found:
        told = " or ".join(key for _variable, key in storage.optional_secret_keys)
        return storage, f"the storage's secret {storage.secret} has no key {told}"
    return replace(storage, secret_keys=(*storage.secret_keys, *found), optional_secret_keys=()), None


def _storage(kind: str, values: Mapping[str, str | None]) -> Storage:
    """The storage of values without faults."""
    given = {key: value for key, value in values.items() if value}
    secret = given.get("secret", "")
    root, options = _root_and_options(kind, given)
    prefix = given.get("prefix", "")
    separator = "/" if root and prefix and not root.endswith("/") else ""
    return Storage(
        kind=kind,
        remote=f"{_REMOTE}{root}{separator}{prefix}",
        environment=tuple((f"{_VARIABLE}{name}", value) for name, value in options),
        secret=secret,
        secret_keys=_variables(_SECRET_KEYS[kind]) if secret else (),
        optional_secret_keys=_variables(_OPTIONAL_SECRET_KEYS[kind]) if secret else (),
        ca_secret=given.get("ca_secret", ""),
        host_path=given.get("path", ""),
        identity=given.get("identity", NONE),
        client_id=given.get("client_id", ""),
    )


def _root_and_options(kind: str, given: Mapping[str, str]) -> tuple[str, list[tuple[str, str]]]:
    identity, endpoint = given.get("identity", NONE), given.get("endpoint")
    anonymous = identity == NONE and "secret" not in given
    at = [("ENDPOINT", endpoint)] if endpoint else []
    of_environment = [("ENV_AUTH", "true")] if identity != NONE else []
    match kind:
        case "azureblob":
            options = [("TYPE", "azureblob"), ("ACCOUNT", given["account"]), *at]
            if identity == NODE:
                of_environment = [("USE_MSI", "true")]
                if "client_id" in given:
                    of_environment.append(("MSI_CLIENT_ID", given["client_id"]))
            return given.get("container", DEFAULT_CONTAINER), options + of_environment
        case "s3":
            options = [("TYPE", "s3"), ("PROVIDER", given.get("provider", DEFAULT_PROVIDER)), *at]
            options += [("REGION", given["region"])] if "region" in given else []
            return given["bucket"], options + of_environment
        case "gcs":
            options = [("TYPE", "google cloud storage"), *of_environment]
            return given["bucket"], options + ([("ANONYMOUS", "true")] if anonymous else [])
        case "http":
            return "", [("TYPE", "http"), ("URL", given["url"])]
        case _:
            # A folder may name its newest file by a link.
            return HOST_FOLDER, [("TYPE", "local"), ("COPY_LINKS", "true")]


def _variables(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{_VARIABLE}{name}", key) for name, key in pairs)


def _read_value(key: str, value: object, where: str, faults: list[Fault]) -> str | None:
    match key:
        case "type":
            return None
        case "secret" | "ca_secret":
            return read_secret_name(value, where, faults)
        case "endpoint" | "url":
            target = read_url(value, where, faults)
            return None if target is None else f"{target.scheme}://{target.host}{target.path_prefix}"
        case "prefix":
            return _read_prefix(value, where, faults)
        case "path":
            return _read_host_path(value, where, faults)
        case "identity":
            return _read_identity(value, where, faults)
        case _:
            pattern, rule = _GRAMMARS[key]
            text = text_of(value, where, faults)
            if text is not None and pattern.match(text) is None:
                faults.append(Fault(where, f"{shown(text)} cannot be used: {rule}"))
                return None
            return text


def _read_identity(value: object, where: str, faults: list[Fault]) -> str | None:
    if isinstance(value, str) and value in IDENTITIES:
        return value
    faults.append(Fault(where, f"{shown(value)} is not an identity; allowed: {', '.join(IDENTITIES)}"))
    return None


def _read_prefix(value: object, where: str, faults: list[Fault]) -> str | None:
    """A folder inside the storage, without slashes at its ends."""
    text = text_of(value, where, faults)
    if text is None:
        return None
    if text.strip("/") and not _is_plain_path(text.strip("/")):
        rule = f"at most {LONGEST_PATH} octets, no '\"' or control characters, no empty parts, '.' or '..'"
        faults.append(Fault(where, f"{shown(text)} is not a folder of the storage: {rule}"))
        return None
    return text.strip("/")


def _read_host_path(value: object, where: str, faults: list[Fault]) -> str | None:
    text = text_of(value, where, faults)
    if text is None:
        return None
    if not text.startswith("/") or not _is_plain_path(text.strip("/")):
        rule = "absolute, not the root, no parts that are empty, '.' or '..', no control characters, no '\"'"
        faults.append(Fault(where, f"{shown(text)} is not a folder of a node: {rule}"))
        return None
    return text.rstrip("/")


def _is_plain_path(text: str) -> bool:
    return (
        text.isprintable()
        and len(text.encode()) <= LONGEST_PATH
        # rclone is told the remote in quotes, among others.
        and '"' not in text
        and all(part not in {"", ".", ".."} for part in text.split("/"))
    )
