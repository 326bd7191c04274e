# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a version of Trow can read what another one has written, and what to do first where it cannot.

Source: Trow's changelog (0.7.0 keeps its state in a database, without a way to take over what was there) and
its migrations: a database that a later version has changed is refused by an earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import shown
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.manifests import (
    CONTAINER,
    STATEFUL_SET,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import Settings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.storage import VERSION_ANNOTATION
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.versions import (
    Version,
    parse_version,
)

# What it was built for, or who has built it, may be told behind the version.
_TAGGED = re.compile(r"v?(0\.[0-9]+(?:\.[0-9]+)?)(?:[-_].*)?\Z")


@dataclass(frozen=True)
class Written:
    """With what the data was written.

    :ivar version: None where nothing tells it
    :ivar by: the object that tells it
    """

    version: Version | None
    by: str


def written_by(running: Mapping[str, Any] | None, claimed: Mapping[str, Any] | None) -> Written | None:
    """The version that the data is of; None where there is neither a Trow nor a claim.

    :param running: the live StatefulSet
    :param claimed: the live claim
    """
    if running:
        version = _annotated(running) or _of_image(running)
        if version is not None:
            return Written(version, f"the StatefulSet {STATEFUL_SET}")
    if claimed:
        # A claim that says nothing and belongs to no Trow has nothing to lose.
        version = _annotated(claimed)
        if version is not None or running:
            return Written(version, "the claim")
    return Written(None, f"the StatefulSet {STATEFUL_SET}") if running else None


def loss(written: Written | None, wanted: Version) -> str:
    """Why the wanted version would not find what is there; empty where it would."""
    if written is None:
        return ""
    if written.version is None:
        return f"{written.by} does not tell which version wrote the images that are there"
    before = written.version
    if before.line.storage != wanted.line.storage:
        return f"Trow {wanted} cannot read what Trow {before} has written"
    if before.schema > wanted.schema:
        return f"Trow {wanted} does not start with the database of Trow {before}"
    return ""


def judge_upgrade(settings: Settings, written: Written | None) -> tuple[str, str]:
    """A fault and a warning about the change of the version; empty where there is none.

    The fault begins with the name of the variable.
    """
    reason = loss(written, settings.version)
    if not reason:
        return "", ""
    if settings.accept_data_loss:
        return "", f"{reason}: as accept_data_loss says, the images that are there are lost to it"
    fault = f"version: {reason}, so all images that are there would be lost. Take a copy first: "
    return f"{fault}{copying(settings)}. Then set accept_data_loss to true for one run", ""


def image_fault(settings: Settings) -> str:
    """What is wrong with an image whose tag is a version; empty where it is the one that is wanted.

    The fault begins with the name of the variable.
    """
    version, reference = settings.version, settings.image.reference
    tagged = _TAGGED.match(_tag(reference))
    if tagged is None or tagged[1] in (str(version), version.line.name):
        return ""
    return (
        f"image: {shown(reference)} is of another version than {version}, by which the arguments are chosen "
        "and the data is judged; allowed: an image of that version"
    )


def copying(settings: Settings) -> str:
    """How images are copied, as part of a sentence."""
    pod = f"kubectl -n {settings.namespace} exec {STATEFUL_SET}-0 -c {CONTAINER} --"
    # Not by skopeo sync, which keeps only the last part of a repository's name.
    image, folder = f"docker://{settings.host}/REPOSITORY:TAG", "dir:FOLDER"
    return (
        f"copy each image by 'skopeo copy --all {image} {folder}', a folder for each, and push it again by "
        f"'skopeo copy --all {folder} {image}'; https://{settings.host}/v2/_catalog lists the repositories. "
        f"'{pod} tar -C /data -cf - . > trow-data.tar' keeps the files for a way back"
    )


def _annotated(obj: Mapping[str, Any]) -> Version | None:
    annotations = _part(_part(obj, "metadata"), "annotations")
    value = annotations.get(VERSION_ANNOTATION)
    return parse_version(value) if isinstance(value, str) else None


def _of_image(obj: Mapping[str, Any]) -> Version | None:
    pod = _part(_part(_part(obj, "spec"), "template"), "spec")
    containers = pod.get("containers")
    for container in containers if isinstance(containers, (list, tuple)) else ():
        if isinstance(container, Mapping) and container.get("name") == CONTAINER:
            return parse_version(_tag(str(container.get("image", ""))).removeprefix("v"))
    return None


def _tag(reference: str) -> str:
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _part(obj: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = obj.get(key)
    return part if isinstance(part, Mapping) else {}
