# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a kustomize tree, and keeps what a user has put into it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kustomize_tree
short_description: Write a kustomize tree beside the user's own files
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Makes the files of a kustomize tree what they shall be. The first line of each says that it was written
    here, and has a checksum of the rest.
  - A file that was changed since, and a file of somebody else where one has to be written, is a conflict. All
    conflicts are told at once, and nothing is written then.
  - Files with other names are the user's own, and stay. Those in O(overlay) become a part of what is built.
    V(patch-*.yaml) and V(*.patch.yaml) are patches; other YAML files, and folders with a kustomization of
    their own, are resources, or components where that is one. Hidden files are passed over.
  - A file that was written here and is not wanted any more is removed, in the folders of O(files) only.
  - Each file is written as a whole or not at all. Symbolic links are not followed.
  - Where the connection is local, the module runs inside the controller.
options:
  path:
    description:
      - The folder of the tree. It is made where it is missing.
    type: path
    required: true
  files:
    description:
      - What shall be in it, relative paths to texts, or to mappings, which become YAML.
    type: dict
    required: true
  overlay:
    description:
      - The folder among O(files) that is built. Its C(kustomization.yaml) is given as a mapping, and gets the
        user's own files added to its C(resources), C(components) and C(patches).
    type: str
    required: true
  stage:
    description:
      - Another folder, missing or empty, into which the tree is written as it would be, in check mode too.
      - The user's own files are copied octet for octet. Nothing is changed at O(path), and conflicts do not
        fail.
      - It serves to build the tree before anything is changed.
    type: path
attributes:
  check_mode:
    description: Whether check mode tells what would change, and changes nothing.
    support: full
    details:
      - O(stage) is written in check mode too.
  diff_mode:
    description: Whether the difference is shown in diff mode.
    support: full
  idempotent:
    description: Whether the same task changes nothing when it is run again.
    support: full
"""

EXAMPLES = r"""
- name: Write the tree of a registry
  clusterdepot.artifacts.kustomize_tree:
    path: ~/trow
    files: "{{ prepared.files }}"
    overlay: "{{ prepared.overlay }}"
  vars:
    prepared: "{{ {'host': 'registry.example.com'} | clusterdepot.artifacts.trow }}"
"""

RETURN = r"""
written:
  description: The files that were written, or would be, relative to the tree.
  returned: always, except when the tree cannot be read
  type: list
  elements: str
  sample: ["overlays/paas-sandbox/patch-trow-arg.yaml"]
removed:
  description: The files that were removed, or would be.
  returned: always, except when the tree cannot be read
  type: list
  elements: str
own:
  description: The user's own files.
  returned: always, except when the tree cannot be read
  type: list
  elements: str
  sample: ["overlays/paas-sandbox/patch-mine.yaml"]
conflicts:
  description: The files that are in the way.
  returned: always, except when the tree cannot be read
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: base/stateful-set.yaml
    reason:
      description: Why it is in the way, and what can be done.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.kustomize_tree import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
