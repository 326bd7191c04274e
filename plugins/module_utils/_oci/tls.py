# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is trusted, and the TLS context made of it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from .certificate import certificates_of_pem
from .errors import SyntaxFault, TlsFailed


@dataclass(frozen=True, slots=True)
class Trust:
    """The roots to verify with: only those given, or the system's where none are.

    ``ca_path``: a PEM file, or a folder in OpenSSL's hashed form; ``ca``: PEM text. ``client_cert``,
    ``client_key``: PEM files to show to a server that asks who we are.
    """

    ca_path: Path | None = None
    ca: str | None = None
    verify: bool = True
    client_cert: Path | None = None
    client_key: Path | None = None

    @property
    def private(self) -> bool:
        """Whether roots were given, so that the system's do not count."""
        return self.ca_path is not None or self.ca is not None


def client_context(trust: Trust) -> ssl.SSLContext:
    """A context for TLS 1.2 and later that verifies chain and name, unless told not to verify at all.

    An intermediate, or the served certificate itself, given as root is trusted, as it is by container
    runtimes: the ``ca.crt`` of a namespaced issuer often is one. The stricter rules that newer Python
    versions add by default (RFC 5280's key identifiers) are left out for the same reason: the nodes would
    pull from such a registry. Raises TlsFailed where the roots cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    _load_client_certificate(context, trust)
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not trust.private:
        context.load_default_certs()
        return context
    _load_roots(context, trust)
    return context


def _load_roots(context: ssl.SSLContext, trust: Trust) -> None:
    try:
        if trust.ca is not None:
            for certificate in certificates_of_pem(trust.ca.encode()):
                context.load_verify_locations(cadata=certificate)
        if trust.ca_path is not None and trust.ca_path.is_dir():
            context.load_verify_locations(capath=str(trust.ca_path))
        elif trust.ca_path is not None:
            context.load_verify_locations(cafile=str(trust.ca_path))
    except SyntaxFault as error:
        raise TlsFailed(f"the CA given cannot be used: {error.message}") from error
    except ssl.SSLError as error:
        raise TlsFailed("the CA given cannot be used: it holds no certificate that can be read") from error
    except OSError as error:
        raise TlsFailed(f"the CA file {trust.ca_path} cannot be read: {error.strerror}") from error


def _load_client_certificate(context: ssl.SSLContext, trust: Trust) -> None:
    if trust.client_cert is None:
        return
    try:
        # The empty passphrase keeps OpenSSL from asking for one at the terminal.
        context.load_cert_chain(trust.client_cert, trust.client_key, password="")
    except ssl.SSLError as error:
        raise TlsFailed(
            "client_cert and client_key cannot be used: no certificate or no key in them, a key with a "
            "passphrase, or the key of another certificate"
        ) from error
    except OSError as error:
        raise TlsFailed(f"client_cert or client_key cannot be read: {error.strerror}") from error
