# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can go wrong between here and a registry, as one exception tree.

No text in these exceptions ever holds a credential or a token: they name hosts, paths, statuses and causes.
"""

from __future__ import annotations


class OciError(Exception):
    """Root of all errors of this package. ``message`` is one sentence for a person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class SyntaxFault(OciError):
    """A reference, URL, header or document does not follow its grammar."""


class DeadlineExceeded(OciError):
    """The one deadline of the whole call has passed."""


class ConnectFailed(OciError):
    """The name did not resolve, or no address behind it accepted a TCP connection."""


class TlsFailed(OciError):
    """The TLS handshake failed.

    ``verify_code`` is OpenSSL's X509_V_ERR number, or None where the chain was not the cause.
    """

    def __init__(self, message: str, verify_code: int | None = None) -> None:
        super().__init__(message)
        self.verify_code = verify_code


class ProtocolFault(OciError):
    """What came back is not HTTP, ends too early, or contradicts itself."""


class NoAnswer(ProtocolFault):
    """The server closed the connection without a single octet of an answer."""


class BodyTooLarge(OciError):
    """The answer is longer than the limit of its request."""


class RedirectRefused(OciError):
    """A redirect that loops, leads from https to http, or has no usable Location."""


class AuthenticationFailed(OciError):
    """The registry or its token server refused the credentials, or asks in a way nobody can answer."""


class TokenRefused(AuthenticationFailed):
    """The token server gives no token for what was asked for: wrong credentials, or too much."""


class CredentialsWithheld(AuthenticationFailed):
    """Credentials were asked for by a place that must not see them."""


class UnexpectedStatus(OciError):
    """An answer with a status that the protocol does not foresee here. ``status`` is the HTTP status code."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class ChunksRefused(OciError):
    """The registry takes no upload in chunks."""


class DigestMismatch(OciError):
    """The bytes received are not the bytes that were asked for."""
