# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every parser of the registry client that reads what strangers wrote, and how it may refuse.

A parser that gives what can be written again is asked to read that too, and must give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.certificate import (
    certificates_of_pem,
    read_certificate,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.challenge import (
    parse_challenges,
    readable_challenges,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.der import (
    object_identifier,
    read_elements,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import parse_digest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.docker_config import (
    credentials_of_config,
    host_of_key,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.document import (
    describe_failure,
    json_object,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    ProtocolFault,
    SyntaxFault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.head import chunk_size, parse_head
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.link import next_target, parse_links
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import (
    OCI_INDEX,
    OCI_MANIFEST,
    parse_manifest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import (
    parse_http_date,
    retry_after_seconds,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import (
    parse_platform,
    platform_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    parse_reference,
    require_repository,
    require_tag,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tokens import read_token
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import (
    parse_url,
    resolve_location,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.warnings import warning_texts

_NOW = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
_ASKED = parse_url("https://registry.test:5000/v2/a/blobs/uploads/")
_DIGEST = b"sha256:" + b"a1" * 32
_MEDIA_TYPES = ("", OCI_INDEX, OCI_MANIFEST, "text/html")
_DESCRIPTOR = b'{"digest":"' + _DIGEST + b'","size":7,"platform":{"os":"linux","architecture":"arm"}}'


def _der(tag: int, *parts: bytes) -> bytes:
    """One element of less than 128 octets, or (from there on) of less than 256."""
    content = b"".join(parts)
    length = bytes([len(content)]) if len(content) < 0x80 else bytes([0x81, len(content)])
    return bytes([tag]) + length + content


_NAME = _der(0x30, _der(0x31, _der(0x30, _der(0x06, b"\x55\x04\x03"), _der(0x0C, b"n"))))
_TIMES = _der(0x30, _der(0x17, b"990101000000Z"), _der(0x18, b"20500101000000Z"))
_NAMES = _der(0x30, _der(0x82, b"a.test"), _der(0x87, b"\x7f\x00\x00\x01"))
_EXTENSION = _der(0x30, _der(0x06, b"\x55\x1d\x11"), _der(0x01, b"\xff"), _der(0x04, _NAMES))
_CERTIFICATE = _der(
    0x30,
    _der(
        0x30,
        _der(0xA0, _der(0x02, b"\x02")),
        _der(0x02, b"\x07"),
        _der(0x30),
        _NAME,
        _TIMES,
        _NAME,
        _der(0x30),
        _der(0xA3, _der(0x30, _EXTENSION)),
    ),
)


@dataclass(frozen=True)
class Parser:
    """``read`` takes any octets; ``refusal`` is all that it may raise, None: nothing.

    ``examples`` are read without a refusal.
    """

    read: Callable[[bytes], object]
    refusal: type[Exception] | None
    examples: tuple[bytes, ...]


class NotTheSameError(Exception):
    """What was read, written and read again is not what it was."""


def _of_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """Lone surrogates are in it too: JSON can bring them."""
    return lambda content: read(content.decode("utf-8", "surrogateescape"))


def _same_again(read: Callable[[str], object]) -> Callable[[bytes], object]:
    def twice(text: str) -> object:
        first = read(text)
        if read(str(first)) != first:
            raise NotTheSameError(f"{text!r} is {first!r}, and that is {read(str(first))!r}")
        return first

    return _of_text(twice)


def _location(text: str) -> None:
    url = resolve_location(_ASKED, text)
    if parse_url(str(url)) != url or not str(url).isascii():
        raise NotTheSameError(f"{text!r} is {url!r}")


def _login(content: bytes) -> None:
    credentials = credentials_of_config(content, _ASKED.origin)
    # What they are used for: a header, and what must be in no text.
    if credentials.basic is not None and not credentials.basic.isascii():
        raise NotTheSameError("Basic is not ASCII")
    if not all(credentials.secrets):
        raise NotTheSameError("an empty secret would be cut out everywhere")


def _manifest(content: bytes) -> None:
    """The first octet chooses the media type of the answer."""
    found = parse_manifest(content[1:], _MEDIA_TYPES[content[0] % len(_MEDIA_TYPES)] if content else "")
    for platform in found.platforms:
        found.select(platform)


def _answer(status: int, content: bytes) -> Response:
    return Response(_ASKED, status, (), content, 0.0)


def _head(content: bytes) -> None:
    """The first octet chooses the method."""
    parse_head(content[1:], "HEAD" if content[:1] == b"H" else "GET")


PARSERS: Mapping[str, Parser] = {
    "reference": Parser(
        _same_again(parse_reference), SyntaxFault, (b"alpine:3", b"[::1]:5000/a/b__c:t@" + _DIGEST, b"Host/a")
    ),
    "repository": Parser(_of_text(require_repository), SyntaxFault, (b"a/b__c/d-e.f",)),
    "tag": Parser(_of_text(require_tag), SyntaxFault, (b"v1.2_3-x",)),
    "digest": Parser(_same_again(parse_digest), SyntaxFault, (_DIGEST, b"sha512:" + b"0f" * 64, b"md5:x")),
    "platform": Parser(
        _same_again(parse_platform), SyntaxFault, (b"linux/arm64/v8", b"linux/armhf", b"Windows/x86_64")
    ),
    "challenge": Parser(
        _of_text(parse_challenges),
        SyntaxFault,
        (
            b'Negotiate abc=, Basic realm="a, b", Bearer realm = "https://t/" , scope="repository:a:push"',
            b'Basic realm="\\"\\\\"',
            b"Bearer scope=push/pull",
        ),
    ),
    "challenges": Parser(
        _of_text(lambda text: readable_challenges(text.split("\n"))), SyntaxFault, (b'Bearer realm="\nBasic',)
    ),
    "link": Parser(
        _of_text(parse_links),
        SyntaxFault,
        (b'</v2/a/tags/list?last=b>; title="a, b"; rel="prev next", </c>',),
    ),
    "next_link": Parser(
        _of_text(lambda text: next_target(text.split("\n"))), SyntaxFault, (b"</a>\n</b>;REL=next",)
    ),
    "url": Parser(
        _same_again(parse_url), SyntaxFault, (b"https://[::1]:5000/a%2F?b=c#d", b"HTTP://Host:80/\xc3\xa9")
    ),
    "location": Parser(_of_text(_location), SyntaxFault, (b"../x?a=%2F", b"//other/u?", b"https://h/")),
    "head": Parser(
        _head,
        ProtocolFault,
        (
            b"GHTTP/1.1 200 OK\r\nContent-Length: 3\r\nA: b\r\nA: c\r\n\r\n",
            b"HHTTP/1.0 404\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        ),
    ),
    "chunk_size": Parser(chunk_size, ProtocolFault, (b"1aF ;extension=1\r\n",)),
    "document": Parser(
        lambda content: json_object(content, "it"), SyntaxFault, (b'{"a": [1e9, "\\ud800"]}',)
    ),
    "error": Parser(
        lambda content: describe_failure(_answer(400, content)),
        None,
        (b'{"errors":[{"code":"DENIED","message":"no"}]}', b"<html>"),
    ),
    "token": Parser(
        lambda content: read_token(_answer(200, content)),
        OciError,
        (b'{"token":"a","expires_in":300}', b'{"access_token":"a","expires_in":1e400}'),
    ),
    "manifest": Parser(
        _manifest,
        SyntaxFault,
        (
            b'\x01{"schemaVersion":2,"manifests":[' + _DESCRIPTOR + b"]}",
            b'\x02{"config":' + _DESCRIPTOR + b',"layers":[' + _DESCRIPTOR + b"]}",
        ),
    ),
    "platform_of": Parser(
        lambda content: platform_of(json_object(content, "it")),
        SyntaxFault,
        (b'{"os":"linux","architecture":"arm","variant":"7"}', b'{"os":1}'),
    ),
    "docker_config": Parser(
        _login,
        SyntaxFault,
        (
            b'{"auths":{"https://registry.test:5000/v1/":{"auth":"YTpi"}}}',
            b'{"auths":{"registry.test:5000":{"username":"a","password":"\\u00e9"}}}',
            b'{"auths":{"REGISTRY.test:5000":{"identitytoken":"c"}}}',
        ),
    ),
    "docker_config_key": Parser(_of_text(host_of_key), None, (b"https://Host:1/v1/",)),
    "pem": Parser(
        certificates_of_pem,
        SyntaxFault,
        (b"x\n-----BEGIN CERTIFICATE-----\nMA\n==\n-----END CERTIFICATE-----\n",),
    ),
    "certificate": Parser(read_certificate, SyntaxFault, (_CERTIFICATE,)),
    "der": Parser(read_elements, SyntaxFault, (b"\x30\x03\x02\x01\x07\x04\x81\x01x",)),
    "object_identifier": Parser(object_identifier, SyntaxFault, (b"\x55\x1d\x11", b"\x88\x37\x03")),
    "retry_after": Parser(
        _of_text(lambda text: retry_after_seconds(text, _NOW)),
        None,
        (b" 120 ", b"Fri, 31 Dec 1999 23:59:59 GMT", b"31 Dec 99 23:59 -2359"),
    ),
    "date": Parser(_of_text(parse_http_date), None, (b"Sun Nov  6 08:49:37 1994", b"1 Jan 1 0:0 +2359")),
    "warning": Parser(_of_text(warning_texts), None, (b'299 - "a \\"b\\"" "Mon"',)),
}
