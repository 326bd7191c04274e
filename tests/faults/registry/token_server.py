# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token server by the distribution project's specification: it signs what the registry verifies."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "token server of a test"
SERVICE = "registry, of a test"


@dataclass
class TokenServer:
    """``asked``: the scopes of each request; ``authorizations``: what came in its Authorization header."""

    url: str
    jwks: Path
    asked: list[list[str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    @property
    def registry_settings(self) -> dict[str, object]:
        """The registry's ``auth`` section."""
        return {
            "token": {"realm": self.url, "service": SERVICE, "issuer": ISSUER, "jwks": str(self.jwks)},
        }


@contextmanager
def token_server(
    folder: Path,
    username: str,
    password: str,
    *,
    anonymous: bool = False,
    granted: Callable[[str], bool] = lambda _scope: True,
) -> Iterator[TokenServer]:
    """Serves until the block ends. ``anonymous``: everybody gets a token, one that grants nothing.

    ``granted``: whether a scope may be asked for; one that may not is answered 403.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "use": "sig"}
    jwk |= {"x": _encode(numbers.x.to_bytes(32, "big")), "y": _encode(numbers.y.to_bytes(32, "big"))}
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps({"keys": [jwk]}))
    expected = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            server.asked.append(query.get("scope", []))
            server.authorizations.append(self.headers.get("Authorization"))
            known = self.headers.get("Authorization") == expected
            if not known and not (anonymous and server.authorizations[-1] is None):
                self._answer(
                    401, {"errors": [{"code": "UNAUTHORIZED", "message": f"not {server.authorizations[-1]}"}]}
                )
                return
            scopes = query.get("scope", []) if known else []
            if not all(map(granted, scopes)):
                self._answer(403, {"errors": [{"code": "DENIED", "message": "not this scope"}]})
                return
            self._answer(200, {"token": _token(key, scopes), "expires_in": 300})

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            del code, size

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server = TokenServer(f"http://127.0.0.1:{listener.server_address[1]}/token?account=kept", jwks)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


def _token(key: ec.EllipticCurvePrivateKey, scopes: list[str]) -> str:
    now = int(time.time())
    access = []
    for scope in scopes:
        kind, name, actions = scope.split(":", 2)
        access.append({"type": kind, "name": name, "actions": actions.split(",")})
    claims = {
        "iss": ISSUER,
        "sub": "s",
        "aud": SERVICE,
        "exp": now + 300,
        "nbf": now - 10,
        "iat": now,
        "jti": "1",
    }
    head = {"typ": "JWT", "alg": "ES256", "kid": "k"}
    signed = (
        f"{_encode(json.dumps(head).encode())}.{_encode(json.dumps(claims | {'access': access}).encode())}"
    )
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
