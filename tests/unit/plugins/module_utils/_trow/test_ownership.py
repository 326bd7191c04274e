# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.ownership import (
    EDITED,
    FOREIGN,
    OURS,
    Changes,
    compare,
    judge,
    with_header,
)

_TEXTS = st.text(max_size=30)
_PATHS = st.sampled_from([f"{folder}/{name}" for folder in ("base", "overlays/a") for name in "xyz"])
_TREES = st.dictionaries(_PATHS, _TEXTS, max_size=6)
FOLDERS = ("base", "overlays/a")


@given(_TEXTS)
def test_what_was_written_is_ours(content: str) -> None:
    assert judge(with_header(content)) == OURS


@given(_TEXTS, st.data())
def test_one_changed_character_makes_it_edited(content: str, data: st.DataObject) -> None:
    text = with_header(content)
    place = data.draw(st.integers(len("# Written by clusterdepot.artifacts.trow"), len(text) - 1))
    other = data.draw(st.characters())
    assume(other != text[place])
    assert judge(text[:place] + other + text[place + 1 :]) == EDITED


@given(_TEXTS)
def test_what_has_no_header_is_somebody_elses(text: str) -> None:
    assert judge(text) == FOREIGN


@given(_TEXTS, _TEXTS)
def test_what_is_added_behind_it_makes_it_edited(content: str, added: str) -> None:
    assume(added)
    assert judge(with_header(content) + added) == EDITED


@given(foreign=_TREES, old=_TREES, wanted=_TREES)
def test_a_run_leaves_nothing_to_do_and_nothing_lost(
    foreign: Mapping[str, str], old: Mapping[str, str], wanted: Mapping[str, str]
) -> None:
    found = {**{path: with_header(text) for path, text in old.items()}, **foreign}
    changes = compare(found, wanted, FOLDERS)
    assert {conflict.path for conflict in changes.conflicts} == foreign.keys() & wanted.keys()
    assert set(changes.own) == foreign.keys() - wanted.keys()
    after = _done(found, changes)
    assert {path: text for path, text in after.items() if path in foreign} == foreign
    again = compare(after, wanted, FOLDERS)
    assert (again.write, again.remove, again.own) == ({}, (), changes.own)
    rest = wanted.keys() - foreign.keys()
    assert {path for path, text in after.items() if judge(text) == OURS} == rest


def _done(found: Mapping[str, str], changes: Changes) -> dict[str, str]:
    return {path: text for path, text in {**found, **changes.write}.items() if path not in changes.remove}


@given(old=_TREES, wanted=_TREES, edited=st.data())
def test_a_run_that_was_ended_half_way_is_completed_by_the_next(
    old: Mapping[str, str], wanted: Mapping[str, str], edited: st.DataObject
) -> None:
    found = {path: with_header(text) for path, text in old.items()}
    changes = compare(found, wanted, FOLDERS)
    done = edited.draw(st.sets(st.sampled_from([*changes.write, *changes.remove, ""])))
    half = dict(found)
    for path in done & changes.write.keys():
        half[path] = changes.write[path]
    for path in done & set(changes.remove):
        del half[path]
    rest = compare(half, wanted, FOLDERS)
    assert rest.conflicts == ()
    assert _done(half, rest) == _done(found, changes)


@pytest.mark.parametrize("wanted", [{"base/x": "new\n"}, {}])
def test_a_changed_file_is_never_touched(wanted: Mapping[str, str]) -> None:
    found = {"base/x": with_header("old\n") + "mine\n"}
    changes = compare(found, wanted, FOLDERS)
    assert (changes.write, changes.remove, changes.own) == ({}, (), ())
    (conflict,) = changes.conflicts
    assert str(conflict).startswith("base/x: was changed since it was written")


def test_files_of_other_overlays_stay() -> None:
    text = with_header("a\n")
    changes = compare({"overlays/b/x": text, "overlays/a/deeper/x": text}, {"overlays/a/y": "b\n"}, FOLDERS)
    assert changes.remove == ()
    assert changes.own == ()
