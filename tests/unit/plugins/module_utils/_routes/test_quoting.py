# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes import quoting
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.quoting import QuotingError


@pytest.mark.parametrize(
    ("quote", "text", "word"),
    [
        (quoting.quoted, "", "''"),
        (quoting.quoted, 'a "b" $HOME # \\ %[src] }', "'a \"b\" $HOME # \\ %[src] }'"),
        (quoting.quoted_expansion, r"/a%20\1", r"'/a%%20\1'"),
        (quoting.quoted_constant, "0|a,b(c)$x", "'str(\"0|a,b(c)$x\")'"),
        (quoting.checked_name, "a-B_c.1", "a-B_c.1"),
        (quoting.checked_target, "https://[::1]:8080/a%20b,(c)", "https://[::1]:8080/a%20b,(c)"),
        (quoting.checked_address, "*", "*"),
        (quoting.checked_address, "127.0.0.1", "127.0.0.1"),
        (quoting.checked_file, "/usr/local/etc/haproxy", "/usr/local/etc/haproxy"),
    ],
)
def test_a_word(quote: Callable[[str], str], text: str, word: str) -> None:
    assert quote(text) == word


@pytest.mark.parametrize("text", ["'", "\n", "a\n", "\t", "\0", "\x7f", "é"])
@pytest.mark.parametrize(
    "quote",
    [
        quoting.quoted,
        quoting.quoted_expansion,
        quoting.quoted_constant,
        quoting.checked_name,
        quoting.checked_target,
        quoting.checked_address,
        quoting.checked_file,
    ],
)
def test_what_is_refused_everywhere(quote: Callable[[str], str], text: str) -> None:
    with pytest.raises(QuotingError):
        quote(f"a{text}")


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        (quoting.quoted_expansion, r"\0"),
        (quoting.quoted_expansion, "\\"),
        (quoting.quoted_expansion, r"\x41"),
        (quoting.quoted_constant, 'a"'),
        (quoting.quoted_constant, "\\"),
        (quoting.checked_name, ""),
        (quoting.checked_name, "-f"),
        (quoting.checked_name, "a b"),
        (quoting.checked_target, "a|b"),
        (quoting.checked_target, 'a"b'),
        (quoting.checked_file, "a"),
        (quoting.checked_file, "/a,b"),
    ],
)
def test_what_is_refused_at_its_place(quote: Callable[[str], str], text: str) -> None:
    with pytest.raises(QuotingError):
        quote(text)


def test_a_line_of_a_map() -> None:
    assert quoting.map_line("/a/#", "0|302") == "/a/# 0|302\n"


@pytest.mark.parametrize(("key", "value"), [("#a", "b"), ("a b", "c"), ("a", "b c"), ("", "a"), ("a", "")])
def test_a_line_that_a_map_cannot_hold(key: str, value: str) -> None:
    with pytest.raises(QuotingError):
        quoting.map_line(key, value)
