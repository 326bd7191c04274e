# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes of an image depend on its content only, and are what the image specification asks for."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from itertools import permutations
from pathlib import PurePosixPath
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from devcluster.image_layer import LAYER_TYPE, Entry, Runtime, digest, image, layer

names = st.from_regex(r"[a-z][a-z0-9._-]{0,8}", fullmatch=True)
entry = st.one_of(
    st.builds(Entry, st.just(0o644), content=st.binary(max_size=40)),
    st.builds(Entry, st.just(0o777), target=names),
    st.builds(Entry, st.sampled_from([0o755, 0o1777])),
)
# Leaves of another depth than their folders' names, so that no file is the parent of another.
trees = st.dictionaries(st.lists(names, min_size=2, max_size=4).map(tuple), entry, max_size=6).map(
    lambda tree: {f"/d{len(path)}/{'/'.join(path)}": value for path, value in tree.items()}
)


def members(tar: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name: member for member in archive.getmembers()}


@given(trees, st.randoms())
def test_the_order_of_entries_does_not_matter(tree: dict[str, Entry], random: Random) -> None:
    shuffled = list(tree.items())
    random.shuffle(shuffled)
    assert layer(tree) == layer(dict(shuffled))


@given(trees)
def test_every_entry_has_its_parents_before_it(tree: dict[str, Entry]) -> None:
    seen: set[str] = set()
    for name in members(layer(tree)):
        parent = str(PurePosixPath(name).parent)
        assert parent == "." or parent in seen
        seen.add(name)
    assert {path.lstrip("/") for path in tree} <= seen


@given(trees)
def test_no_trace_of_the_machine_is_in_a_layer(tree: dict[str, Entry]) -> None:
    for member in members(layer(tree)).values():
        assert (member.mtime, member.uid, member.gid, member.uname, member.gname) == (0, 0, 0, "", "")


@given(trees)
def test_the_manifest_describes_its_blobs(tree: dict[str, Entry]) -> None:
    made = image(tree, Runtime(command=("sh",)), "amd64")
    manifest = json.loads(made.manifest)
    config = made.blobs[manifest["config"]["digest"]]
    (described,) = manifest["layers"]
    compressed = made.blobs[described["digest"]]
    assert described == {"mediaType": LAYER_TYPE, "digest": digest(compressed), "size": len(compressed)}
    assert manifest["config"]["size"] == len(config)
    assert json.loads(config)["rootfs"]["diff_ids"] == [digest(gzip.decompress(compressed))]
    assert made.digest == digest(made.manifest)


def test_every_order_gives_one_digest() -> None:
    entries = {"/bin/a": Entry(0o755, content=b"a"), "/b": Entry(0o777, target="a"), "/tmp": Entry(0o1777)}
    digests = {image(dict(order), Runtime(), "amd64").digest for order in permutations(entries.items())}
    assert len(digests) == 1


def test_a_runtime_without_a_word_leaves_no_empty_fields() -> None:
    made = image({}, Runtime(user="65535:65535"), "arm64")
    config = json.loads(made.blobs[json.loads(made.manifest)["config"]["digest"]])
    assert config["config"] == {"User": "65535:65535"}
    assert (config["os"], config["architecture"]) == ("linux", "arm64")
