# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks registries what references point at: many at once, none waiting for another."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.redaction import Redaction
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.image_lookup import (
    NO_ANSWER,
    Found,
    ImageLookup,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolution,
    Unresolved,
    linux_architecture,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.credentials import Credentials
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import Digest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    OciError,
    SyntaxFault,
    UnexpectedStatus,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import Entry
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.patience import Patience
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    Reference,
    require_repository,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.tls import Trust, client_context
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Transport
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import Origin, parse_url

ANSWER_SECONDS = 10.0

_CONNECTIONS = 8
_MOST_REGISTRIES_AT_ONCE = 64
_PATIENCE = Patience(tries=5)
_PROGRESS_SECONDS = 1.0
_LONGEST_REASON = 300
_REFUSALS = frozenset({401, 403})

# A reference in its full form, and the name of a pull secret (empty: none).
Key = tuple[str, str]


@dataclass(frozen=True)
class Access:
    """How to reach one registry.

    :ivar endpoint: where to ask; None: https under the registry's own name
    :ivar prefix: put before each repository's name, without slashes at its ends; empty = nothing
    :ivar credentials: by the name of the pull secret they are in; a secret that is not there: anonymous
    :ivar token_hosts: further hosts that may see the credentials (token servers of other names)
    """

    endpoint: Origin | None = None
    prefix: str = ""
    trust: Trust = field(default_factory=Trust)
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    token_hosts: tuple[str, ...] = ()


def read_endpoint(text: str) -> tuple[Origin, str]:
    """Read the URL of an endpoint into ``Access.endpoint`` and ``Access.prefix``.

    A first part ``v2`` of its path, as container runtimes' settings have it, is left out. Raises SyntaxFault.
    """
    url = parse_url(text)
    path = url.target.strip("/")
    prefix = "" if path == "v2" else path.removeprefix("v2/")
    if prefix:
        require_repository(prefix)
    return url.origin, prefix


def registry_origin(registry: str) -> Origin:
    """Where a registry is that is named so in references, ``host[:port]``. Raises SyntaxFault."""
    url = parse_url(f"https://{Reference(registry, '').api_authority}")
    if url.target != "/":
        raise SyntaxFault("not a registry: expected host or host:port, without a path")
    return url.origin


def resolve_all(
    wanted: Iterable[tuple[Reference, str]],
    access: Mapping[str, Access],
    deadline: Deadline,
    progress: Callable[[str], None],
    *,
    architectures: frozenset[str] | None = None,
    answer_seconds: float = ANSWER_SECONDS,
) -> dict[Key, Resolution]:
    """Resolve references, each with the credentials in its pull secret.

    Does not raise for what a registry does; every reference has its result when the deadline is over.

    :param wanted: references, each with the name of its pull secret (empty: none)
    :param access: by registry, as references name it; others are asked anonymously
    :param progress: called from this thread alone
    :param architectures: of which Linux images the layers are asked for, one request each, which may count
        as a pull at the registry; None: all
    :param answer_seconds: for one answer; a registry that gives none in this time is asked nothing more
    """
    groups: dict[tuple[str, str], dict[Key, Reference]] = {}
    for reference, pull_secret in wanted:
        group = groups.setdefault((reference.registry, pull_secret), {})
        group[str(reference), pull_secret] = reference
    if not groups:
        return {}
    make_context = functools.cache(client_context)
    transports: dict[str, Transport] = {}
    jobs: list[_Job] = []
    for (registry, pull_secret), references in groups.items():
        way = access.get(registry) or Access()
        if registry not in transports:
            transports[registry] = Transport(functools.partial(make_context, way.trust))
        jobs.append(_Job(way, pull_secret, references, transports[registry], architectures))
    try:
        with ThreadPoolExecutor(min(len(jobs), _MOST_REGISTRIES_AT_ONCE), "resolve") as pool:
            running = [pool.submit(job.resolve, deadline, answer_seconds) for job in jobs]
            _watch(running, jobs, progress)
    finally:
        for transport in transports.values():
            transport.close()
    return {key: resolution for one in running for key, resolution in one.result().items()}


class _Job:
    """The references of one registry that are pulled with one secret."""

    def __init__(
        self,
        way: Access,
        pull_secret: str,
        references: Mapping[Key, Reference],
        transport: Transport,
        architectures: frozenset[str] | None,
    ) -> None:
        self._way = way
        self._pull_secret = pull_secret
        self.references = references
        self._transport = transport
        self._architectures = architectures
        self.done = 0
        self._lock = threading.Lock()

    def resolve(self, deadline: Deadline, answer_seconds: float) -> dict[Key, Resolution]:
        """The result of each reference."""
        try:
            client = self._client()
        except OciError as error:
            reason = printable(error.message, _LONGEST_REASON)
            return dict.fromkeys(self.references, Unresolved(reason, of_registry=True))
        lookup = ImageLookup(client, self._way.prefix, deadline, answer_seconds)
        with ThreadPoolExecutor(min(len(self.references), _CONNECTIONS), "resolve") as pool:
            tops = list(pool.map(functools.partial(self._find, lookup), self.references.values()))
            # The same image under several tags is asked for once.
            parts = {
                (top.repository, entry.descriptor.digest): entry
                for top in tops
                if isinstance(top, Found)
                for platform, entry in top.parts.items()
                if self._wants_layers(platform)
            }
            images = dict(
                zip(parts, pool.map(functools.partial(_image_of, lookup), parts.items()), strict=True)
            )
        return {key: self._judge(top, images, client) for key, top in zip(self.references, tops, strict=True)}

    def _client(self) -> Client:
        reference = next(iter(self.references.values()))
        return Client(
            self._way.endpoint or registry_origin(reference.registry),
            self._transport,
            self._way.credentials.get(self._pull_secret),
            self._way.token_hosts,
            _PATIENCE,
        )

    def _find(self, lookup: ImageLookup, reference: Reference) -> Found | OciError:
        try:
            return lookup.find(reference.repository, reference.identifier)
        except OciError as error:
            return error
        finally:
            with self._lock:
                self.done += 1

    def _wants_layers(self, platform: str) -> bool:
        return (
            self._architectures is None or not platform or linux_architecture(platform) in self._architectures
        )

    def _judge(
        self,
        top: Found | OciError,
        images: Mapping[tuple[str, Digest], PlatformImage | OciError],
        client: Client,
    ) -> Resolution:
        if isinstance(top, OciError):
            return self._unresolved(top, client)
        own: dict[str, PlatformImage] = {}
        for platform, entry in top.parts.items():
            digest = entry.descriptor.digest
            image = images.get((top.repository, digest), PlatformImage(str(digest), ()))
            if isinstance(image, OciError):
                return self._unresolved(image, client)
            own[platform] = image
        return top.resolved(own)

    def _unresolved(self, error: OciError, client: Client) -> Unresolved:
        message = error.message
        if isinstance(error, UnexpectedStatus) and error.status in _REFUSALS:
            if not self._pull_secret:
                message = f"{message}; no pull secret is named for it"
            elif self._pull_secret not in self._way.credentials:
                message = f"{message}; the pull secret {self._pull_secret} has none for this registry"
        shown = Redaction(client.secrets).text(message)
        return Unresolved(printable(shown, _LONGEST_REASON), isinstance(error, NO_ANSWER))


def _image_of(lookup: ImageLookup, part: tuple[tuple[str, Digest], Entry]) -> PlatformImage | OciError:
    (repository, _digest), entry = part
    try:
        return lookup.image_of(repository, entry)
    except OciError as error:
        return error


def _watch(
    running: Sequence[Future[dict[Key, Resolution]]], jobs: Sequence[_Job], progress: Callable[[str], None]
) -> None:
    total = sum(len(job.references) for job in jobs)
    shown = -1
    left = set(running)
    while left:
        left = wait(left, _PROGRESS_SECONDS).not_done
        done = sum(job.done for job in jobs)
        if done != shown:
            progress(f"asked the registries about {done} of {total} images")
            shown = done
