# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user wishes of a Trow: read, judged as a whole, and kept as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault, shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.quantity import (
    EXAMPLES,
    parse_quantity,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.certificates import (
    certificate_fault,
    certificates_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.configuration import (
    Configuration,
    read_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.reading import (
    LABEL_RULE,
    NAME_RULE,
    Reader,
    is_address,
    is_host,
    is_key,
    is_label,
    is_label_value,
    is_name,
    is_reference,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import (
    Version,
    parse_version,
    read_version,
)

DEFAULT_VERSION = "0.10.0"
PASSWORD_SECRET = "trow-pass"
PASSWORD_KEY = "pass"
HOST_PATH = "hostpath"
STORAGE_CLASS = "class"
NGINX = "nginx"
_RESOURCES = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
_PATH = re.compile(r"/[-A-Za-z0-9._/]*\Z", re.ASCII)
_LONGEST_USER = 255


@dataclass(frozen=True)
class Image:
    """Where the image comes from."""

    reference: str
    pull_policy: str
    pull_secrets: tuple[str, ...]


@dataclass(frozen=True)
class Login:
    """Who may pull and push; an empty ``user`` is everybody.

    :ivar secret: name of the Secret with the password, under ``key``
    """

    user: str
    secret: str
    key: str


@dataclass(frozen=True)
class Ingress:
    """How the registry is reached from outside.

    :ivar timeout: seconds
    :ivar annotations: the user's own
    """

    class_name: str
    controller: str
    timeout: int
    annotations: Mapping[str, str]
    tls_secret: str
    issuer_name: str
    issuer_kind: str


@dataclass(frozen=True)
class Storage:
    """Where the images are.

    :ivar kind: HOST_PATH or STORAGE_CLASS
    :ivar path: a folder of nodes, for HOST_PATH, as are ``volume``, ``nodes`` and ``owner_image``
    :ivar class_name: for STORAGE_CLASS; empty is the cluster's default
    """

    kind: str
    size: str
    claim: str
    class_name: str
    path: str
    volume: str
    nodes: tuple[str, ...]
    owner_image: str


@dataclass(frozen=True)
class Pod:
    """How the pods are run.

    :ivar bind: IP address; empty is all
    """

    bind: str
    node_selector: Mapping[str, str]
    affinity: Mapping[str, Any]
    tolerations: tuple[Mapping[str, Any], ...]
    resources: Mapping[str, Any]
    log_level: str


@dataclass(frozen=True)
class Admission:
    """The webhook that the API server asks about pods.

    :ivar timeout: seconds
    :ivar exempt: namespaces that it is not asked for
    :ivar only: where there are any, the namespaces that it is asked for
    :ivar ca_bundle: certificates in PEM form, and nothing else; empty where cert-manager fills it in
    """

    failure_policy: str
    timeout: int
    replicas: int
    exempt: tuple[str, ...]
    only: tuple[str, ...]
    ca_bundle: str


@dataclass(frozen=True)
class Settings:
    """All that the files of a tree are made from."""

    namespace: str
    overlay_name: str
    version: Version
    host: str
    image: Image
    login: Login
    ingress: Ingress
    storage: Storage
    pod: Pod
    configuration: Configuration = field(default_factory=Configuration)
    admission: Admission | None = None
    accept_data_loss: bool = False


def read_settings(raw: Mapping[str, Any]) -> tuple[Settings, tuple[Fault, ...]]:
    """Read the variables of the role, without what their names begin with.

    A key that is left out, None or "" has its default; keys that are not known are passed over, since the
    role has more of them.

    :returns: the settings, which are of no use where there are faults, and every fault
    """
    reader = Reader(raw)
    default = parse_version(DEFAULT_VERSION)
    given = reader.given("version")
    version = default if given is None else read_version(given, "version", reader.faults) or default
    if version is None:
        raise AssertionError("the default is a version")
    host = reader.text("host", "", is_host, f"a DNS name such as registry.example.com ({NAME_RULE})")
    if reader.given("host") is None:
        reader.fault("host", "is missing; allowed: the DNS name by which clients reach the registry")
    settings = Settings(
        reader.label("namespace", "trow"),
        reader.text("overlay_name", "paas-sandbox", _is_overlay, f"{LABEL_RULE}; not cert-manager-..."),
        version,
        host,
        _read_image(reader, version),
        _read_login(reader, version),
        _read_ingress(reader),
        _read_storage(reader),
        _read_pod(reader),
        read_configuration(reader, version),
        accept_data_loss=reader.flag("accept_data_loss", default=False),
    )
    admission = _read_admission(reader, settings)
    return replace(settings, admission=admission), tuple(reader.faults)


def _is_overlay(name: str) -> bool:
    return is_label(name) and not name.startswith("cert-manager-")


def _read_image(reader: Reader, version: Version) -> Image:
    rule = "a reference such as registry.example.com/trow:0.10.0"
    return Image(
        reader.text("image", version.image, is_reference, rule),
        reader.choice("image_pull_policy", ("IfNotPresent", "Always", "Never")),
        reader.names("image_pull_secrets", is_name, NAME_RULE),
    )


def _read_login(reader: Reader, version: Version) -> Login:
    user = _user(reader)
    if user and not version.login_works:
        reader.fault(
            "user",
            f"with Trow {version} every login fails; allowed: another version such as 0.6.3, or no user",
        )
    _judge_password(reader)
    return Login(
        user,
        reader.name("password_secret", PASSWORD_SECRET),
        reader.text("password_key", PASSWORD_KEY, is_key, "letters, digits, '-', '_' and '.'"),
    )


def _judge_password(reader: Reader) -> None:
    """Find what no login could tell: Trow takes the password for ended at a colon. It is never shown."""
    where = "password_secret" if reader.given("password_file") is None else "password_file"
    password = reader.given("password")
    if password is None:
        return
    if (
        not isinstance(password, str)
        or not password.strip()
        or ":" in password
        or "\n" in password.rstrip("\r\n")
    ):
        reader.fault(where, "has a password that cannot be used; allowed: one line, not empty, without ':'")


def _user(reader: Reader) -> str:
    # Unlike elsewhere, an empty text is not the default here.
    user = reader.text("user", "", _is_user, "1 to 255 printable ASCII characters without ':' and blanks")
    return user or ("trow" if reader.is_missing("user") else "")


def _is_user(name: str) -> bool:
    return len(name) <= _LONGEST_USER and all("!" <= letter <= "~" and letter != ":" for letter in name)


def _read_ingress(reader: Reader) -> Ingress:
    return Ingress(
        reader.label("ingress_class", "nginx"),
        reader.choice("ingress_controller", (NGINX, "other")),
        reader.number("ingress_timeout", 600, 1, 86400),
        reader.texts("ingress_annotations"),
        reader.name("tls_secret", "trow-registry-tls"),
        reader.name("issuer_name", "ca-issuer"),
        reader.choice("issuer_kind", ("ClusterIssuer", "Issuer")),
    )


def _read_storage(reader: Reader) -> Storage:
    path = reader.text("hostpath_path", "/data", _is_folder, "an absolute path without '..', other than /")
    return Storage(
        reader.choice("storage", (HOST_PATH, STORAGE_CLASS)),
        reader.text("storage_size", "10Gi", _is_size, EXAMPLES),
        reader.name("claim", "trow-data"),
        reader.name("storage_class", ""),
        path.rstrip("/"),
        reader.name("hostpath_volume", "trow-data-hostpath-pv"),
        reader.names("hostpath_nodes", is_name, NAME_RULE),
        reader.text("owner_image", "docker.io/library/busybox:1.36", is_reference, "a reference of an image"),
    )


def _is_folder(path: str) -> bool:
    parts = path.rstrip("/").split("/")
    return _PATH.match(path) is not None and path.strip("/") != "" and ".." not in parts and "." not in parts


def _is_size(text: str) -> bool:
    try:
        return parse_quantity(text) > 0
    except ValueError:
        return False


def _read_pod(reader: Reader) -> Pod:
    selector = reader.texts("node_selector")
    for key, value in selector.items():
        if not is_label_value(value):
            reader.fault(f"node_selector.{key}", f"{shown(value)} cannot be the value of a label")
    return Pod(
        reader.text("bind", "", is_address, "an IP address"),
        selector,
        reader.mapping("affinity"),
        reader.mappings("tolerations"),
        reader.mapping("resources") or _RESOURCES,
        reader.choice("log_level", ("error", "warn", "info", "debug", "trace"), "info"),
    )


def _read_admission(reader: Reader, settings: Settings) -> Admission | None:
    wanted = reader.flag("admission", default=False)
    cert_manager = reader.label("cert_manager_namespace", "cert-manager")
    named = reader.names("admission_exclude_namespaces", is_label, LABEL_RULE)
    only = reader.names("admission_namespaces", is_label, LABEL_RULE)
    bundle = _read_certificates(reader, "admission_ca_bundle", "admission_ca_bundle")
    # What is in the file that the variable names.
    authority = _read_certificates(reader, "ca_certificate", "ca_certificate_file")
    admission = Admission(
        reader.choice("admission_failure_policy", ("Ignore", "Fail")),
        reader.number("admission_timeout", 5, 1, 30),
        reader.number("admission_replicas", 2, 1, 10),
        tuple(dict.fromkeys(("kube-system", settings.namespace, cert_manager, *named))),
        tuple(only),
        bundle or authority,
    )
    if not wanted:
        return None
    _judge_namespaces(reader, admission)
    if not settings.configuration.validation:
        reader.fault(
            "admission", "Trow refuses every pod where image_validation says nothing; set image_validation"
        )
    return admission


def _judge_namespaces(reader: Reader, admission: Admission) -> None:
    """Nothing that the webhook needs to answer, or that the cluster needs, may wait for its answer."""
    both = [name for name in admission.only if name in admission.exempt]
    if both:
        reader.fault("admission_namespaces", f"{', '.join(both)}: the webhook is never asked for it")
    if admission.failure_policy == "Fail" and not admission.only:
        reader.fault(
            "admission_failure_policy",
            "Fail would keep the cluster from starting what it needs itself; name the namespaces whose pods "
            "are to wait for the webhook by admission_namespaces",
        )


def _read_certificates(reader: Reader, key: str, variable: str) -> str:
    text = reader.given(key)
    if text is None:
        return ""
    fault = certificate_fault(text)
    if fault:
        reader.fault(variable, fault)
    return "" if fault else certificates_of(str(text))
