# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import (
    PatternError,
    read_pattern,
)

ACCEPTED = {
    "a": 0,
    "^/old/(.*)$": 1,
    "^/old/(.*)/x/(.*)$": 2,
    "^/v2/([^/]+)/([^/]+)/blobs/(.+)$": 3,
    r"\.(?:txt|md)$": 0,
    ".*foo.*": 0,
    "^(?:/[^/]+){2}/x$": 0,
    r"^v?\d+\.\d{1,3}(-rc)?$": 1,
    "a|b": 0,
    "()": 1,
    "(a|)b": 1,
    "[a-z-]": 0,
    "[-a]": 0,
    "[^^]": 0,
    r"[\]\[\\]": 0,
    r"a\{2\}": 0,
    "a{2}": 0,
    "a{2,}": 0,
    "a{2,3}?": 0,
    "a{100,}": 0,
    r"\bx\b": 0,
    "(((a)))": 3,
    "x" * 500: 0,
    " #$": 0,
}
REFUSED = {
    "": "empty",
    "x" * 501: "501 characters",
    "'": r"character 1 is \"'\"",
    "a\n": "character 2",
    "\0": "character 1",
    "é": "character 1",
    "(?=a)": "groups are",
    "(?!a)": "groups are",
    "(?<=a)b": "groups are",
    "(?P<n>a)": "groups are",
    "(?i)a": "groups are",
    "(?>a)": "groups are",
    "(?#a)": "groups are",
    "(*UTF)a": "nothing that",
    r"(a)\1": "not allowed",
    r"\Aa": "not allowed",
    r"\Q": "not allowed",
    r"\x41": "not allowed",
    r"\n": "not allowed",
    r"\B": "not allowed",
    "a\\": "not allowed",
    r"[\b]": "not allowed",
    "a++": "repeated already",
    "a*?+": "repeated already",
    "a{2}{3}": "repeated already",
    "a**": "repeated already",
    "*a": "nothing that",
    "a|*": "nothing that",
    "(+a)": "nothing that",
    "^*": "can be empty",
    r"\b?": "can be empty",
    "(?:a?){3}": "can be empty",
    "(?:|a)?": "can be empty",
    "(?:a+)+": "without a limit",
    "(?:ab)*": "without a limit",
    "(a)+": "captures and is repeated",
    "(a|b){2}": "captures and is repeated",
    "(?:(a)b){2}": "captures and is repeated",
    "a{3,2}": "number of repetitions",
    "a{0}": "number of repetitions",
    "a{0,0}": "number of repetitions",
    "a{101}": "number of repetitions",
    "a{101,}": "number of repetitions",
    "a{,3}": "neither",
    "a{x}": "neither",
    "a{ 1}": "neither",
    "a{1": "neither",
    "{": "has to be written",
    "a}": "has to be written",
    "]": "has to be written",
    "[]a]": "has to be written",
    "[^]a]": "has to be written",
    "[[:alpha:]]": "has to be written",
    "[a&&b]": "has to be written",
    "[a--b]": "has to be written",
    "[--a]": "has to be written",
    "[a||b]": "has to be written",
    "[a~~b]": "has to be written",
    "[a-b-c]": "has to be written",
    r"[\d-z]": "range",
    "[z-a]": "range",
    "[a": "missing",
    "[a-": "missing",
    "[^": "missing",
    "[": "missing",
    "(a": r"without its \)",
    "a)": r"without its \(",
    "(" * 10 + ")" * 10: "more than 9 groups",
    "(?:" * 21 + "a" + ")" * 21: "deep",
    "/(.*)/(.*)/z": "very long",
    "^/(.*)/(.*)/(.*)/z": "very long",
    "a?" * 60 + "a" * 60: "very long",
    "(?:a|a)" * 60: "very long",
    "(?:a{1,9}){1,30}b": "very long",
    # HAProxy finds nothing where PCRE2's match limit is reached.
    r"^/(?:a|b){1,100}.*.{1,100}[^a]\d": "very long",
    "^[a/]*(?:a??a+)(?:(?:a|b)?)x$": "very long",
    r"^/[^/]{1,9}[^/]{3,}(?:\w){50}[ab]*?$": "very long",
    "^/(?:(?:a|b){1,60}/){1,60}c$": "octets",
    "^/(?:" + "(?:" * 18 + "a" + ")" * 18 + "{1,100}){1,100}": "octets",
    "^/(?:abcdefghij" + "k" * 400 + "){1,80}": "octets",
}


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_is_accepted(text: str) -> None:
    pattern = read_pattern(text)
    assert (pattern.text, pattern.groups) == (text, ACCEPTED[text])
    assert re.compile(text).groups == pattern.groups


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(PatternError, match=REFUSED[text]):
        read_pattern(text)


@pytest.mark.parametrize(
    ("text", "path", "found"),
    [
        ("b", "/abc", True),
        ("^b", "/abc", False),
        (r"\d", "/\u0663", False),
        (r"\w", "\xe9", False),
        (".", "\xe9", True),
        ("A", "/a", False),
        ("a.b", "a\tb", True),
    ],
)
def test_search_is_about_octets(text: str, path: str, found: bool) -> None:
    assert (read_pattern(text).search(path) is not None) is found


@pytest.mark.parametrize(
    ("text", "path", "template", "expanded"),
    [
        ("^/(a)(b)?", "/ac", r"/\2x\1", "/xa"),
        ("^/(.*)", "/a/b", r"/n/\1", "/n/a/b"),
        ("(a)|(b)", "/b", r"\1\2", "b"),
        ("(a)", "/b", r"\1", None),
        ("(a)", "a", r"\10", "a0"),
        ("(.*)", r"\1", r"\1", r"\1"),
    ],
)
def test_expansion(text: str, path: str, template: str, expanded: str | None) -> None:
    assert read_pattern(text).expand(path, template) == expanded


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("^/old/(.*)$", 10_000),
        ("^/release/([^/]+)/(.*)$", 20_000),
        ("^/(.*)/(.+)$", 20_000),
        (r"\.tar\.gz$", 20_000),
        ("^/(?:[^/]*/){1,100}x", 1_000_000),
        ("a[^c]*c$", 20_000_000),
    ],
)
def test_steps_of_a_search(text: str, most: int) -> None:
    assert most / 10 < read_pattern(text).steps < most


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("^x", False),
        ("^(?:x|y)", False),
        ("^x?y", False),
        ("^$", False),
        ("^", True),
        ("x", True),
        ("^(?:x|/)", True),
        ("^x?/", True),
        ("^x*", True),
        ("^[^/]", False),
        (r"^\W", True),
        ("^x|y", True),
    ],
)
def test_whether_a_path_can_have_it(text: str, fits: bool) -> None:
    assert read_pattern(text).fits_paths is fits


@pytest.mark.parametrize(
    ("text", "template", "copies"),
    [
        ("^/(.*)$", "/x", 0),
        ("^/(.*)$", r"/\1", 1),
        ("^/(.*)$", r"/\1/\1", 2),
        ("^/([^/]*)/(.*)$", r"/\2/\1", 1),
        ("^/(a(b(c)))(d)$", r"/\1\2\3\4", 3),
        ("^/(a(b)(c))$", r"/\2\3", 1),
        ("^/(a(b)(c))$", r"/\1\2\3", 2),
    ],
)
def test_how_often_an_octet_is_in_an_expansion(text: str, template: str, copies: int) -> None:
    assert read_pattern(text).copies(template) == copies


@given(st.text("ab/(?:)[]{}*+|^$\\.d,-1&", max_size=12))
@settings(max_examples=1500, derandomize=True)
def test_what_is_accepted_is_an_expression_of_python(text: str) -> None:
    try:
        pattern = read_pattern(text)
    except PatternError:
        return
    # A warning about what will change in a later Python is an error in tests.
    assert re.compile(text, re.ASCII).groups == pattern.groups


@given(st.lists(st.sampled_from(["a", ".", "[ab]", "*", "?", "{1,3}", "(?:", ")", "|", "b"]), max_size=14))
@settings(max_examples=600, derandomize=True, deadline=None)
def test_what_is_accepted_is_searched_to_the_end(parts: list[str]) -> None:
    try:
        pattern = read_pattern("^" + "".join(parts) + "c")
    except PatternError:
        return
    # What runs away would not come back from this.
    pattern.search("a" * 400 + "b")
