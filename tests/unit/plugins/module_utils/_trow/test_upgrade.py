# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.upgrade import (
    image_fault,
    judge_upgrade,
    written_by,
)
from tests.unit.plugins.module_utils._nodes.json_like import json_like
from tests.unit.plugins.module_utils._trow.wishes import settings_of

ANNOTATION = "artifacts.clusterdepot.io/trow-version"


def _annotated(version: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {ANNOTATION: version}}}


def _with_image(image: str) -> dict[str, Any]:
    return {
        "metadata": {},
        "spec": {"template": {"spec": {"containers": [{"name": "trow", "image": image}]}}},
    }


@pytest.mark.parametrize(
    ("running", "claimed", "version"),
    [
        (_annotated("0.7.5"), None, "0.7.5"),
        (_annotated("0.7.5"), _annotated("0.6.3"), "0.7.5"),
        (_with_image("mirror.example:5000/trow:0.6.4"), None, "0.6.4"),
        (_with_image("trow:v0.9.0@sha256:00"), None, "0.9.0"),
        (None, _annotated("0.6.3"), "0.6.3"),
        (_with_image("mirror.example:5000/trow"), _annotated("0.8.0"), "0.8.0"),
    ],
)
def test_the_version_is_found(running: Any, claimed: Any, version: str) -> None:
    written = written_by(running, claimed)
    assert written is not None
    assert str(written.version) == version


@pytest.mark.parametrize(
    "image", ["mirror.example:5000/trow", "trow:latest", "containersol/trow:0.3", "trow@sha256:00"]
)
def test_a_trow_of_no_known_version_is_refused(image: str) -> None:
    fault, _ = judge_upgrade(settings_of(), written_by(_with_image(image), None))
    assert "does not tell which version wrote" in fault


@pytest.mark.parametrize("nothing", [None, {}])
def test_where_nothing_was_nothing_is_lost(nothing: Any) -> None:
    assert written_by(nothing, nothing) is None
    assert written_by(nothing, {"metadata": {"name": "trow-data"}}) is None
    assert judge_upgrade(settings_of(), None) == ("", "")


@pytest.mark.parametrize(
    ("before", "wanted"),
    [("0.6.3", "0.6.1"), ("0.7.5", "0.8.0"), ("0.7.0", "0.10.0"), ("0.10.0", "0.8.0"), ("0.9.4", "0.9.4")],
)
def test_what_can_be_read_is_no_matter(before: str, wanted: str) -> None:
    assert judge_upgrade(settings_of(version=wanted), written_by(_annotated(before), None)) == ("", "")


@pytest.mark.parametrize(
    ("before", "wanted", "words"),
    [
        ("0.6.3", "0.10.0", "Trow 0.10.0 cannot read what Trow 0.6.3 has written"),
        ("0.6.3", "0.7.0", "Trow 0.7.0 cannot read"),
        ("0.10.0", "0.6.3", "Trow 0.6.3 cannot read"),
        ("0.10.0", "0.7.5", "Trow 0.7.5 does not start with the database of Trow 0.10.0"),
        ("0.7.2", "0.7.1", "Trow 0.7.1 does not start with the database of Trow 0.7.2"),
    ],
)
def test_what_would_be_lost_is_refused_until_it_is_accepted(before: str, wanted: str, words: str) -> None:
    for found in (written_by(_annotated(before), None), written_by(None, _annotated(before))):
        fault, warning = judge_upgrade(settings_of(version=wanted), found)
        assert fault.startswith(f"version: {words}")
        assert "skopeo copy --all docker://paasregistry.lapin.io/REPOSITORY:TAG dir:FOLDER" in fault
        assert "kubectl -n trow exec trow-set-0 -c trow -- tar" in fault
        assert warning == ""
        fault, warning = judge_upgrade(settings_of(version=wanted, accept_data_loss=True), found)
        assert fault == ""
        assert warning.startswith(words)


@pytest.mark.parametrize(
    ("image", "version", "is_fault"),
    [
        ("mirror.example:5000/trow:0.6.3", "0.10.0", True),
        ("mirror/trow:v0.9.0", "0.9", True),
        ("mirror/trow:0.9", "0.10", True),
        ("mirror/trow:0.11.0", "0.10", True),
        ("mirror/trow:0.9.0-alpine@sha256:" + "0" * 64, "0.9.4", True),
        ("mirror/trow:0.9.4-alpine", "0.9", False),
        ("mirror/trow:v0.10.0", "0.10", False),
        ("mirror/trow:0.10", "0.10.0", False),
        ("mirror.example:5000/trow", "0.10.0", False),
        ("mirror/trow:latest", "0.10.0", False),
        ("mirror/trow:2026.1", "0.10.0", False),
        ("mirror/trow@sha256:" + "0" * 64, "0.6", False),
    ],
)
def test_an_image_of_another_version_is_refused(image: str, version: str, *, is_fault: bool) -> None:
    fault = image_fault(settings_of(image=image, version=version))
    assert fault.startswith("image: ") == is_fault
    assert bool(fault) == is_fault


@given(
    json_like(["metadata", "annotations", "spec", "template", "containers", ANNOTATION], ["0.6.3", "trow"])
)
def test_objects_of_any_form_do_no_harm(found: Any) -> None:
    if isinstance(found, dict):
        judge_upgrade(settings_of(), written_by(found, found))
