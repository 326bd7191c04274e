# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON that a stranger sent: tokens, errors, manifests."""

from __future__ import annotations

import json

from .echo import without_secrets
from .errors import SyntaxFault
from .printable import printable
from .transport import Response

# Of small values, each of which takes a hundred times its octets once it is read.
_MOST_VALUES = 150_000


def json_object(body: bytes, what: str, most: int = _MOST_VALUES) -> dict[str, object]:
    """The JSON object that these bytes are.

    Raises SyntaxFault, naming ``what`` was expected, also where it holds more than ``most`` values.
    """
    if len(body) > most and body.count(b",") + body.count(b"{") + body.count(b"[") > most:
        raise SyntaxFault(f"{what} holds more than {most} values")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SyntaxFault(f"{what} is not JSON") from error
    if not isinstance(document, dict):
        raise SyntaxFault(f"{what} is not a JSON object")
    return document


def error_codes(response: Response) -> frozenset[str]:
    """The codes of an error answer (OCI distribution-spec 1.1, "Error Codes"); empty for any other body."""
    return frozenset(code for code, _message in _errors(response))


def describe_failure(response: Response) -> str:
    """The status, and the registry's own codes and words, short and printable, for a message."""
    told = "; ".join(": ".join(part for part in error if part) for error in _errors(response)[:3])
    told = without_secrets(told, response.secrets)
    shown = f"HTTP {response.status}"
    return f"{shown} ({printable(told, 200)})" if told else shown


def _errors(response: Response) -> list[tuple[str, str]]:
    try:
        errors = json_object(response.body, "the error").get("errors")
    except SyntaxFault:
        return []
    if not isinstance(errors, list):
        return []
    return [
        (str(error.get("code") or ""), str(error.get("message") or ""))
        for error in errors[:16]
        if isinstance(error, dict)
    ]
