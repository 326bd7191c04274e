# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Trow is started with, by version."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import Version

DATA_FOLDER = "/data"
CONFIGURATION_FOLDER = "/etc/trow/configuration"
PASSWORD_FILE = "/etc/trow/password/pass"
CERTIFICATE_FOLDER = "/etc/trow/certificate"
CONFIGURATION_FILE = "config.yaml"
VALIDATION_FILE = "image-validation.yaml"
PROXIES_FILE = "registry-proxies.yaml"

_CONFIGURATION_ARGUMENTS = {
    CONFIGURATION_FILE: "--config-file",
    VALIDATION_FILE: "--image-validation-config-file",
    PROXIES_FILE: "--proxy-registry-config-file",
}


@dataclass(frozen=True)
class Start:
    """How Trow is started.

    :ivar host: the name of the registry
    :ivar bind: IP address; empty is all, by IPv6 where the version does so by itself
    :ivar user: empty where there is no login; the password is in PASSWORD_FILE
    :ivar configuration: names of files in CONFIGURATION_FOLDER
    :ivar tls: whether certificate and key are in CERTIFICATE_FOLDER
    """

    host: str
    port: int
    bind: str = ""
    user: str = ""
    configuration: tuple[str, ...] = ()
    tls: bool = False


def arguments(version: Version, start: Start) -> tuple[str, ...]:
    """The arguments as a pod has them, each ``--name=value``, so that no value is taken for a name.

    Each ``$`` is there twice, because the kubelet makes one of two, and puts in the value of a variable for
    ``$(NAME)`` (Kubernetes API, Container, args).
    """
    named = [*_listening(version, start), f"--data-dir={DATA_FOLDER}"]
    named.append(f"{version.line.name_argument}={start.host}")
    if start.user:
        named += [f"--user={start.user}", f"--password=file://{PASSWORD_FILE}"]
    named += [
        f"{_CONFIGURATION_ARGUMENTS[name]}={CONFIGURATION_FOLDER}/{name}" for name in start.configuration
    ]
    if start.tls:
        named.append(f"--tls={CERTIFICATE_FOLDER}/tls.crt,{CERTIFICATE_FOLDER}/tls.key")
    return tuple(argument.replace("$", "$$") for argument in named)


def _listening(version: Version, start: Start) -> list[str]:
    if not version.line.bind_argument:
        return [f"--host={start.bind or '0.0.0.0'}", f"--port={start.port}"]
    address = start.bind or "::"
    return [f"--bind=[{address}]:{start.port}" if ":" in address else f"--bind={address}:{start.port}"]
