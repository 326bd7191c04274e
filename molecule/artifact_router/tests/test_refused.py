# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input: all that is wrong is said at once, and the running router stays exactly as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.outside.artifact_router import ArtifactRouter

HOST = "a.example.org"
ROUTES: list[dict[str, object]] = [
    {"name": "kept", "conditions": {"paths": ["/kept"]}, "host": "kept.example.org"},
    {"name": "default", "host": "default.example.org"},
]
# Each with the words by which its fault is told; the host of those that say none is a good one.
FAULTS: list[tuple[dict[str, object], str]] = [
    ({"name": "key", "conditions": {"paths": ["/k"]}, "hots": "b"}, "routes[0]: the key 'hots'"),
    (
        {"name": "empty", "conditions": {"paths": []}},
        "routes[1].conditions.paths: the list of paths is empty",
    ),
    ({"name": "host", "conditions": {"paths": ["/h"]}, "host": "not a host"}, "routes[2].host: 'not a host'"),
    ({"name": "code", "conditions": {"paths": ["/c"]}, "code": 418}, "routes[3].code: 418"),
    ({"name": "range", "conditions": {"source_ranges": ["10.0.0.1/8"]}}, "the range is 10.0.0.0/8"),
    (
        {"name": "regex", "conditions": {"paths": [{"regex": "(a+)+$"}]}},
        "routes[5].conditions.paths[0].regex",
    ),
    ({"name": "twice", "conditions": {"paths": ["/t"]}}, "'twice' is the name of routes[6]"),
    ({"name": "twice", "conditions": {"paths": ["/u"]}}, "routes[7].name"),
    ({"name": "wide", "conditions": {"paths": ["/wide"]}}, "the route wide takes all"),
    ({"name": "never", "conditions": {"paths": ["/wide/below"]}}, "the route never can never answer"),
    ({"name": "rest"}, "routes[10]: only the last route may have no conditions"),
    ({"name": "rest-again"}, "the route rest-again can never answer"),
]
BAD = [{"host": HOST, **route} for route, _ in FAULTS]


@pytest.fixture(scope="module")
def router(place: ArtifactRouter) -> ArtifactRouter:
    done = place.run(routes=ROUTES)
    assert done.code == 0, done.output
    return place


@pytest.fixture
def untouched(router: ArtifactRouter) -> Iterator[None]:
    """What was there before a test is there after it, and answers."""
    before = router.versions()
    yield
    assert router.versions() == before
    assert router.server.ask("/kept/x").location == "https://kept.example.org/kept/x"


@pytest.fixture(scope="module")
def too_large(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A template that gives more routes than a ConfigMap can hold; no command line could."""
    routes = [
        {"name": f"route-{n:05}", "conditions": {"paths": [f"/{n:05}/{'x' * 100}"]}, "host": HOST}
        for n in range(7000)
    ]
    path = tmp_path_factory.mktemp("large") / "routes.json"
    path.write_text(json.dumps(routes))
    assert path.stat().st_size > 1_000_000
    return "{{ lookup('ansible.builtin.file', '" + str(path) + "') | from_json }}"


@pytest.mark.usefixtures("untouched")
def test_the_module_tells_all_faults_of_a_list_at_once(router: ArtifactRouter) -> None:
    refused = router.change(routes=BAD)
    assert refused.failed
    faults: list[str] = refused.result["faults"]
    for _, words in FAULTS:
        assert any(words in fault for fault in faults), (words, faults)
    assert refused.result["changed"] is False
    assert all(fault in refused.result["msg"] for fault in faults)


@pytest.mark.usefixtures("untouched")
def test_the_role_tells_all_faults_of_its_variables_at_once(router: ArtifactRouter) -> None:
    refused = router.run(routes=BAD, replicas=0, trusted_proxies=["10.0.0.1/8"])
    assert refused.code != 0
    told = " ".join(refused.output.split())
    for _, words in FAULTS:
        assert words.replace("'", "\\'") in told or words in told, told
    assert "artifact_router_routes[0]" in told
    assert "artifact_router_replicas" in told
    assert "artifact_router_trusted_proxies[0]" in told
    assert "Traceback" not in told


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("by", ["module", "role"])
def test_routes_that_do_not_fit_are_refused(router: ArtifactRouter, too_large: str, by: str) -> None:
    if by == "module":
        refused = router.change(routes=too_large)
        assert refused.failed
        told = refused.result["msg"]
    else:
        told = router.run(routes=too_large).output
    assert "the configuration of 7000 routes has" in told
    assert "at most 1000000 fit" in " ".join(told.split())
    # What is told is for people.
    assert len(told) < 10_000


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "new", "host": HOST, "before": "nobody"}, "no route 'nobody'; there are: kept, default"),
        ({"name": "new", "host": HOST, "allow_unreachable": True}, "only the last one may have none"),
        ({"name": "new", "host": HOST, "conditions": {"paths": ["/kept/x"]}}, "the route kept takes all"),
        ({"name": "kept", "state": "absent", "host": HOST}, "host: not allowed with state=absent"),
        ({"routes": [], "router": "nobody"}, "there is no artifact router nobody"),
        ({"backends": {"a": {"host": "${HOST}"}}}, "HOST"),
    ],
)
def test_one_route_is_refused(router: ArtifactRouter, options: dict[str, object], words: str) -> None:
    refused = router.change(**options)
    assert refused.failed
    assert words in refused.result["msg"]
