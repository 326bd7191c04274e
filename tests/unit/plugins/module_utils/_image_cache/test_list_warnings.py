# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a list of images, and how often."""

from __future__ import annotations

import socket

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import (
    ImageEntry,
    Strategy,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.list_warnings import (
    allowance_warnings,
    lookup_warnings,
    secret_warnings,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    Resolution,
    Resolved,
    Unresolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolver import resolve_all
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import parse_reference
from tests.unit.plugins.module_utils._image_cache.fleet import OLD


def entry(text: str, secret: str = "", pool: str = "") -> ImageEntry:
    selector = (("pool", pool),) if pool else ()
    return ImageEntry(0, parse_reference(text), frozenset(), secret, selector, Strategy.SLEEPER)


def test_check_mode_does_not_say_that_a_secret_will_be_missing() -> None:
    (foretold,) = secret_warnings("cache", ["shop"], foretold=True)
    assert foretold.startswith("there is no secret cache/shop yet: unless something makes it first, ")
    assert secret_warnings("cache", ["shop"], foretold=False) == [
        "there is no secret cache/shop: what needs it is pulled without credentials"
    ]


def test_an_image_that_its_registry_refuses_is_told_by_its_own_name_and_once() -> None:
    refused = entry("a.test/x:1")
    answers: dict[tuple[str, str], Resolution] = {
        ("a.test/x:1", ""): Unresolved("HTTP 404"),
        ("a.test/y:1", ""): Unresolved("HTTP 404"),
        ("a.test/z:1", ""): Resolved(OLD, {}),
    }
    listed = [refused, entry("a.test/y:1"), entry("a.test/z:1"), entry("a.test/x:1", pool="b")]
    assert lookup_warnings(listed, answers) == [
        "a.test/x:1 could not be looked up: HTTP 404",
        "a.test/y:1 could not be looked up: HTTP 404",
    ]
    assert lookup_warnings(listed, {}) == []


def test_a_registry_is_told_once_whatever_the_secrets_of_its_images() -> None:
    listed = [entry("a.test/x:1"), entry("b.test/x:1"), entry("a.test/y:1", "login"), entry("a.test/z:1")]
    answers = {
        (str(one.reference), one.pull_secret): Unresolved("no route", of_registry=True) for one in listed[:3]
    }
    assert lookup_warnings(listed, answers) == [
        "2 images of a.test could not be looked up: no route",
        "b.test/x:1 could not be looked up: no route",
    ]


def test_a_registry_where_nobody_listens_is_one_warning() -> None:
    with socket.socket() as closed:
        # Bound, and never listening: nobody else gets the port meanwhile.
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        listed = [entry(f"{host}/x:{tag}") for tag in range(20)]
        pairs = [(one.reference, one.pull_secret) for one in listed]
        told: list[str] = []
        answers = resolve_all(pairs, {}, Deadline.after(20), told.append)
    (warning,) = lookup_warnings(listed, answers)
    assert warning.startswith(f"20 images of {host} could not be looked up: ")
    assert "refused" in warning
    assert "not asked" not in warning


def test_an_allowance_for_an_image_that_is_not_in_the_list_is_told() -> None:
    listed = [entry("docker.io/library/a:1")]
    assert allowance_warnings(listed, {"docker.io/library/a:1"}) == []
    assert allowance_warnings(listed, {"docker.io/library/a:1", "b.test/b:1", "a.test/a:1"}) == [
        "allowed_failures: a.test/a:1 is not in the list of images, so nothing is allowed by it",
        "allowed_failures: b.test/b:1 is not in the list of images, so nothing is allowed by it",
    ]
