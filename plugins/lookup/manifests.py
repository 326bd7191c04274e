# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lookup manifests: the objects that a template of one of this collection's roles renders to."""

from __future__ import annotations

DOCUMENTATION = """
name: manifests
short_description: Objects that a template of a role of this collection renders to
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Renders templates of this collection's roles with the variables at hand, and parses them as a stream
    of YAML documents.
  - Does what P(ansible.builtin.template#lookup) and P(ansible.builtin.from_yaml_all#filter) do, without
    the copy of all variables that takes the former most of its time.
  - It can be used from any role or play, whatever the current folder is.
options:
  _terms:
    description: Templates as V(ROLE/FILE), for the file C(FILE) among the templates of the role.
    type: list
    elements: str
    required: true
"""

EXAMPLES = """
- name: Show the namespace that the role namespace would make
  ansible.builtin.debug:
    msg: "{{ lookup('clusterdepot.artifacts.manifests', 'namespace/namespace.yml.j2', wantlist=true) }}"
"""

RETURN = """
_list:
  description: The objects, in the order of the templates and of the documents in them.
  type: list
  elements: dict
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase

# The safe loader in C, ten times as fast, where PyYAML was built with it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ROLES = Path(__file__).resolve().parents[2] / "roles"


class LookupModule(LookupBase):
    """Ansible's entry point for lookups."""

    def run(
        self, terms: Sequence[str], variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        """Return the objects; raise AnsibleLookupError, naming the template, where one cannot be rendered."""
        del variables  # the templar has them
        if kwargs:
            raise AnsibleLookupError(f"manifests: unknown options: {', '.join(sorted(kwargs))}")
        return [document for term in terms for document in self._documents(str(term))]

    def _documents(self, term: str) -> list[dict[str, Any]]:
        if self._templar is None:
            raise AnsibleLookupError("manifests: can only be used where templates are rendered")
        named = Path(term)
        path = ROLES / named.parent / "templates" / named.name
        try:
            template = _trusted(path.read_text(encoding="utf-8"))
            # From 2.19 on, ansible-core gives None for a template that renders to nothing.
            text = self._templar.template(template, escape_backslashes=False) or ""
            return [document for document in yaml.load_all(text, Loader=LOADER) if document is not None]
        except OSError as error:
            raise AnsibleLookupError(f"{term}: {error.strerror}") from error
        except (AnsibleError, yaml.YAMLError) as error:
            raise AnsibleLookupError(f"{term}: {error}") from error


def _trusted(text: str) -> str:
    """Return the text as one that Ansible renders; ansible-core before 2.19 renders any."""
    trust: Callable[[str], str] = getattr(import_module("ansible.template"), "trust_as_template", str)
    return trust(text)
