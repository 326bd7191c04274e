# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CA that the role makes: what others have made of its names is neither changed nor deleted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.certificates import certificates_of

GIVEN = "given"
GENERATED = "generated"
# cert-manager's, on a secret: the name of the Certificate that it is made for.
_MADE_FOR = "cert-manager.io/certificate-name"


@dataclass(frozen=True)
class Authority:
    """What is wished of the CA.

    :ivar ca: GIVEN, GENERATED, or another word where the role makes none
    :ivar namespace: of the registry, by which the role tells its own objects from those of another registry
    :ivar secret: name of the Secret, and of the Certificate that makes it
    :ivar certificate: PEM; with ``private_key`` for GIVEN
    """

    ca: str
    namespace: str
    issuer_name: str
    secret: str
    secret_namespace: str
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)

    def judge(self, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Compare with what is there.

        :param found: live objects with the names that the role uses
        :returns: ``faults``; ``writes_secret``, whether the Secret is one that the role writes; ``absent``,
            what a removal with its data deletes; ``kept``, what it does not, as a message names it
        """
        if self.ca not in (GIVEN, GENERATED):
            return {"faults": [], "writes_secret": False, "absent": [], "kept": []}
        there = {_identity(one): one for one in found}
        secret = there.get(("Secret", self.secret))
        # Issuers before what they need, the Certificate before the Secret, which it would make again.
        named = [there[identity] for identity in self._identities() if identity in there]
        own = [one for one in named if self._is_own(one)]
        return {
            "faults": [*self._secret_faults(secret), *self._name_faults(there)],
            # One with the same content stays as it is, so that no removal takes it for the role's.
            "writes_secret": self.ca == GIVEN and (secret is None or self._is_own(secret)),
            "absent": [_reference(one) for one in own],
            "kept": [_told(one) for one in named if one not in own],
        }

    def _identities(self) -> list[tuple[str, str]]:
        return [
            ("ClusterIssuer", self.issuer_name),
            ("ClusterIssuer", f"{self.issuer_name}-selfsigned"),
            ("Certificate", self.secret),
            ("Secret", self.secret),
        ]

    def _is_own(self, live: Mapping[str, Any]) -> bool:
        labels = live["metadata"].get("labels") or {}
        return (
            labels.get("app.kubernetes.io/managed-by") == "clusterdepot.artifacts"
            and labels.get("app.kubernetes.io/name") == "trow"
            and labels.get("app.kubernetes.io/instance") == self.namespace
        )

    def _secret_faults(self, secret: Mapping[str, Any] | None) -> list[str]:
        if secret is None:
            return []
        maker = (secret["metadata"].get("annotations") or {}).get(_MADE_FOR, "")
        if self.ca == GENERATED and maker == self.secret:
            return []
        if self.ca == GIVEN and not maker and (self._is_own(secret) or self._is_same(secret)):
            return []
        whose, instead = "somebody else has made", ""
        if maker == self.secret:
            whose, instead = "cert-manager has made", f"{GENERATED}, or "
        elif not maker and self._is_own(secret):
            whose, instead = "was given", f"{GIVEN}, or "
        allowed = f"{instead}another trow_ca_secret"
        there = f"the secret {self.secret_namespace}/{self.secret} is there and has a CA that {whose}"
        return [f"trow_ca is {self.ca!r}; allowed: {allowed}, because {there}"]

    def _is_same(self, secret: Mapping[str, Any]) -> bool:
        return (
            certificates_of(_text(secret, "tls.crt")) == certificates_of(self.certificate)
            and _text(secret, "tls.key").split() == self.private_key.split()
        )

    def _name_faults(self, there: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[str]:
        issuer, of_itself, certificate, _secret = self._identities()
        wanted = {issuer: ("trow_issuer_name", self.issuer_name, "another name, or trow_ca none")}
        if self.ca == GENERATED:
            wanted[of_itself] = ("trow_issuer_name", self.issuer_name, "another name")
            wanted[certificate] = ("trow_ca_secret", self.secret, "another name")
        faults = []
        for identity, (variable, value, allowed) in wanted.items():
            if identity in there and not self._is_own(there[identity]):
                why = f"{_told(there[identity])} is there, not made for a registry in {self.namespace}"
                faults.append(f"{variable} is {value!r}; allowed: {allowed}, because {why}")
        return faults


def _identity(live: Mapping[str, Any]) -> tuple[str, str]:
    return live["kind"], live["metadata"]["name"]


def _reference(live: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: live["metadata"][key] for key in ("name", "namespace") if live["metadata"].get(key)}
    return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata}


def _told(live: Mapping[str, Any]) -> str:
    metadata = live["metadata"]
    namespace = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"the {live['kind']} {namespace}{metadata['name']}"


def _text(secret: Mapping[str, Any], key: str) -> str:
    """What the Secret has under the key; empty where that is no text."""
    try:
        return base64.b64decode((secret.get("data") or {}).get(key, ""), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
