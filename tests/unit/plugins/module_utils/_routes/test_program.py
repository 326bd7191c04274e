# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ipaddress import ip_network
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.guards import (
    length_fault,
    own_answer,
    path_fault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.matching import failing_field
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import read_pattern
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.program import (
    WHOLE_PATH,
    ConditionalRule,
    MapRule,
    Program,
    Rule,
    program,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.request import (
    ReceivedRequest,
    receive,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.resolver import resolve
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Conditions,
    HeaderMatch,
    PathKind,
    PathMatch,
    Route,
    RouterSettings,
    Target,
)
from tests.faults.artifact_router.random_routes import random_request, random_routes, random_settings

TARGET = Target("https", "t.example")


def route(name: str, *prefixes: str, hosts: tuple[str, ...] = ()) -> Route:
    return Route(
        name, TARGET, Conditions(tuple(PathMatch(PathKind.PREFIX, each) for each in prefixes), hosts)
    )


def exact(name: str, path: str) -> Route:
    return Route(name, TARGET, Conditions((PathMatch(PathKind.EXACT, path),)))


def conditional(name: str, **others: tuple[str, ...]) -> Route:
    headers = (HeaderMatch("x-team", ("a",)),)
    return Route(name, TARGET, Conditions(headers=headers, methods=others.get("methods", ())))


def kept(*routes: Route) -> list[str]:
    return [entry.rule.route for entry in program(routes, RouterSettings()).maps]


def mapped(rules: Program, received: ReceivedRequest, host: str) -> MapRule | None:
    """What a lookup of the longest key finds."""
    fitting = [
        entry
        for entry in rules.maps
        if entry.host == host
        and (
            entry.path == received.path
            if entry.is_exact
            else f"{received.path}/".startswith(f"{entry.path}/")
        )
    ]
    return max(fitting, key=lambda entry: (entry.is_exact, len(entry.path)), default=None)


def evaluated(rules: Program, received: ReceivedRequest) -> tuple[Rule, ConditionalRule | None] | None:
    """The rule that answers, as the proxy looks for it."""
    found: tuple[Rule, ConditionalRule | None] | None = None
    for host in ("", received.host):
        entry = mapped(rules, received, host)
        if entry is not None and (found is None or entry.rule.order < found[0].order):
            found = entry.rule, None
    for conditional in rules.conditionals:
        is_later = found is not None and conditional.is_guarded and found[0].order < conditional.rule.order
        if not is_later and failing_field(conditional.conditions, received) is None:
            found = conditional.rule, conditional
    return found


def told(
    found: tuple[Rule, ConditionalRule | None] | None, received: ReceivedRequest
) -> tuple[int, str, str]:
    if found is None:
        return 404, "", ""
    rule, conditional = found
    if conditional is not None and conditional.replacement:
        path = new_path(found, received)
        if path_fault(path) or length_fault(path):
            return 400, "", ""
    return rule.code, f"{rule.target}{new_path(found, received)}{received.query}", rule.route


def new_path(found: tuple[Rule, ConditionalRule | None], received: ReceivedRequest) -> str:
    rule, conditional = found
    path = received.path
    if conditional is not None and conditional.replacement:
        pattern = read_pattern(conditional.conditions.paths[0].value)
        path = pattern.expand(path, conditional.replacement) or ""
    if rule.cut:
        left = "" if rule.cut == WHOLE_PATH else "/".join(path.split("/")[rule.cut + 1 :])
        path = f"/{left}"
    return path


@given(st.integers(0, 10**9))
@settings(max_examples=400, derandomize=True, deadline=None)
def test_the_rules_answer_as_the_list_does(seed: int) -> None:
    random = Random(seed)
    options = random_settings(random)
    routes = random_routes(random, options)
    rules = program(routes, options)
    for _ in range(12):
        request = random_request(random)
        received = receive(request, options)
        if own_answer(request, received, options, routes) is not None:
            continue
        found = evaluated(rules, received)
        answer = resolve(request, routes, options)
        assert told(found, received) == (answer.code, answer.location, answer.route)


@pytest.mark.parametrize(
    ("routes", "names"),
    [
        ((route("a", "/a"), route("b", "/a/b")), ["a"]),
        ((route("b", "/a/b"), route("a", "/a")), ["b", "a"]),
        ((route("a", "/a"), route("b", "/ab")), ["a", "b"]),
        ((route("a", "/a"), route("b", "/a")), ["a"]),
        ((route("all"), route("b", "/a")), ["all"]),
        ((exact("x", "/a"), route("a", "/a")), ["x", "a"]),
        ((route("a", "/a"), exact("x", "/a")), ["a"]),
        ((route("a", "/a"), exact("x", "/a/")), ["a"]),
        ((exact("x", "/a"), exact("y", "/a"), exact("z", "/a/")), ["x", "z"]),
        ((route("h", "/a", hosts=("h",)), route("a", "/a/b")), ["h", "a"]),
        ((route("a", "/a"), route("h", "/a/b", hosts=("h",))), ["a"]),
        ((route("h", "/a", hosts=("h",)), route("g", "/a", hosts=("g", "h"))), ["h", "g"]),
    ],
)
def test_what_stands_behind_an_earlier_route_is_left_out(routes: tuple[Route, ...], names: list[str]) -> None:
    assert kept(*routes) == names


def test_a_condition_that_always_holds_is_none() -> None:
    both = Conditions(methods=("HEAD", "GET"))
    rules = program([Route("a", TARGET, both)], RouterSettings())
    assert (len(rules.maps), rules.conditionals, rules.answers_all) == (1, (), True)


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(methods=("PUT",)),
        Conditions(headers=(HeaderMatch("x-real-ip", ("10.0.0.1",)),)),
    ],
)
def test_a_condition_that_never_holds_makes_no_rule(conditions: Conditions) -> None:
    assert program([Route("a", TARGET, conditions)], RouterSettings()) == Program((), ())


def test_a_header_that_only_proxies_may_send_makes_a_rule_where_there_are_some() -> None:
    conditions = Conditions(headers=(HeaderMatch("x-real-ip", ("10.0.0.1",)),))
    trusting = RouterSettings(trusted_proxies=(ip_network("10.0.0.0/8"),))
    assert len(program([Route("a", TARGET, conditions)], trusting).conditionals) == 1


def test_nothing_stands_behind_a_route_for_everything() -> None:
    rules = program([route("a", "/a"), conditional("b"), route("all"), conditional("c")], RouterSettings())
    assert [entry.rule.route for entry in rules.conditionals] == ["b"]


def test_only_what_has_something_before_it_looks_for_it() -> None:
    rules = program([conditional("a"), conditional("b"), route("all")], RouterSettings())
    assert [entry.is_guarded for entry in rules.conditionals] == [False, True]
    rules = program([route("x", "/x"), conditional("a")], RouterSettings())
    assert [entry.is_guarded for entry in rules.conditionals] == [True]


def test_each_path_that_is_cut_off_has_a_rule_of_its_own() -> None:
    strips = Route(
        "a",
        TARGET,
        Conditions(
            (
                PathMatch(PathKind.PREFIX, "/a/b"),
                PathMatch(PathKind.EXACT, "/x"),
                PathMatch(PathKind.PREFIX, "/"),
            )
        ),
        strip_prefix=True,
    )
    rules = program([strips], RouterSettings())
    assert [(entry.path, entry.rule.order, entry.rule.cut) for entry in rules.maps] == [
        ("/a/b", 0, 2),
        ("/x", 1, WHOLE_PATH),
        ("", 2, 0),
    ]


def test_paths_treated_alike_share_a_rule() -> None:
    rules = program([route("a", "/a", "/b", hosts=("g", "h"))], RouterSettings())
    assert [(entry.path, entry.host) for entry in rules.maps] == [
        ("/a", "g"),
        ("/a", "h"),
        ("/b", "g"),
        ("/b", "h"),
    ]
    assert list(rules.rules) == [Rule(0, "a", "https://t.example", 302)]
