# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that come in pages: the tags of a repository, the repositories of a registry.

Source: distribution-spec 1.1, "Listing Tags" (``n``, ``last``, Link). Not every registry sends a Link (Trow
does not): where a page is full and has none, the next one is asked for by ``last``; after the first page also
where it is not full, for some allow less than was asked for without saying so.
"""

from __future__ import annotations

from collections.abc import Iterator

from .client import Client, pull_scope
from .deadline import Deadline
from .document import describe_failure, json_object
from .errors import RedirectRefused, SyntaxFault, UnexpectedStatus
from .exchange import Request, Response
from .link import next_target
from .reference import require_tag
from .urls import Url, resolve_location

_PAGE_SIZES: tuple[int | None, ...] = (1000, 100, None)
_MOST_PAGES = 1000
_NOT_OFFERED = frozenset({400, 404, 405, 501})
_LONGEST_NAME = 512
_MOST_NAMES = 1_000_000
CATALOG_SCOPE = frozenset({"registry:catalog:*"})


def tags(client: Client, repository: str, deadline: Deadline) -> Iterator[str]:
    """Every tag of a repository, page by page, none twice in a row.

    Raises UnexpectedStatus (404: no such repository), SyntaxFault, RedirectRefused, and what Client.send
    raises.
    """
    url = client.url(f"/v2/{repository}/tags/list")
    for tag in _pages(client, url, "tags", pull_scope(repository), deadline):
        # It becomes part of a URL.
        require_tag(tag)
        yield tag


def repositories(client: Client, deadline: Deadline) -> Iterator[str]:
    """Every repository, where the registry tells. Raises as tags does."""
    return _pages(client, client.url("/v2/_catalog"), "repositories", CATALOG_SCOPE, deadline)


def _pages(client: Client, url: Url, key: str, scopes: frozenset[str], deadline: Deadline) -> Iterator[str]:
    answer, size = _first_page(client, url, scopes, deadline)
    asked: set[Url] = set()
    last: str | None = None
    full = 0
    for page in range(_MOST_PAGES):
        asked.add(answer.url)
        names = _names(answer, key)
        received = len(names)
        if page == 0:
            full = min(received, size or 0)
        if last is not None and last in names:
            # It does not know ``last`` and began anew, or overlaps.
            names = names[names.index(last) + 1 :]
        yield from names
        linked = _linked(client, url, answer)
        following = linked
        if linked is None and size is not None and names and full <= received <= size:
            following = url.with_parameter("n", str(size)).with_parameter("last", names[-1])
        if following is None:
            return
        if following in asked:
            raise RedirectRefused(f"{url.without_query}: the pages lead back to one that was read already")
        last = names[-1] if names else last
        answer = client.send(Request("GET", following), scopes, deadline)
        if linked is None and received != size and answer.status in _NOT_OFFERED:
            # Only a guess that there could be more.
            return
        _require_list(answer)
    raise RedirectRefused(f"{url.without_query}: more than {_MOST_PAGES} pages")


def _first_page(
    client: Client, url: Url, scopes: frozenset[str], deadline: Deadline
) -> tuple[Response, int | None]:
    """Asked with smaller and smaller pages where the registry allows no larger ones (400)."""
    for size in _PAGE_SIZES:
        first = url if size is None else url.with_parameter("n", str(size))
        answer = client.send(Request("GET", first), scopes, deadline)
        if answer.status != 400:
            break
    _require_list(answer)
    return answer, size


def _linked(client: Client, url: Url, answer: Response) -> Url | None:
    target = next_target(answer.header_values("Link"))
    if target is None:
        return None
    following = resolve_location(answer.url, target)
    if following.origin != client.registry:
        raise RedirectRefused(
            f"{url.without_query}: the Link to the next page names another host or scheme "
            f"({following.without_query}): not followed. "
            "Likely cause: a proxy that does not pass Host or X-Forwarded-Proto"
        )
    return following


def _require_list(answer: Response) -> None:
    if answer.status != 200:
        raise UnexpectedStatus(f"{answer.url.without_query}: {describe_failure(answer)}", answer.status)


def _names(answer: Response, key: str) -> list[str]:
    what = f"the list at {answer.url.without_query}"
    document = json_object(answer.body, what, _MOST_NAMES)
    if key not in document and "name" not in document:
        raise SyntaxFault(f"{what} is none of a registry: it has no key {key!r}")
    names = document.get(key) or []
    if not isinstance(names, list) or not all(
        isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME for name in names
    ):
        raise SyntaxFault(f"{what} holds {key} that are no names")
    return names
