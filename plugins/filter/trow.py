# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter trow: from the variables of the role to the files of its kustomize tree, or to what is wrong.

Filter trow_authority: what is wrong with the CA that is there, and what of it is the role's.
Filter trow_certificates: the certificates of a text in PEM form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ansible.errors import AnsibleFilterError

_ROOM = "ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow"


def trow(wish: object, prefix: str = "trow_") -> dict[str, Any]:
    """Return ``faults`` and ``warnings``, and where there are no faults what the role's tasks need.

    :param wish: the role's variables, without what their names begin with
    :param prefix: begins the name of the variable that a fault is about
    :raises AnsibleFilterError: the input is no mapping
    """
    if not isinstance(wish, Mapping):
        raise AnsibleFilterError(f"trow: the input is a {type(wish).__name__}, no mapping")
    # Loaded only here: Ansible loads every filter of a collection wherever it uses one of them.
    prepare = import_module(f"{_ROOM}.preparation").prepare
    prepared: dict[str, Any] = prepare(wish, prefix)
    return prepared


def trow_authority(wish: object) -> dict[str, Any]:
    """Return ``faults``, ``writes_secret``, ``absent`` and ``kept`` of the CA.

    :param wish: the fields of ``Authority``, and ``found``, the live objects with its names
    :raises AnsibleFilterError: the input is no mapping
    """
    if not isinstance(wish, Mapping):
        raise AnsibleFilterError(f"trow_authority: the input is a {type(wish).__name__}, no mapping")
    fields = {name: value for name, value in wish.items() if name != "found"}
    judged: dict[str, Any] = import_module(f"{_ROOM}.authority").Authority(**fields).judge(wish["found"])
    return judged


def trow_certificates(text: object) -> str:
    """Return the certificates of a text in PEM form, and nothing else that is in it.

    :raises AnsibleFilterError: the input is no text
    """
    if not isinstance(text, str):
        raise AnsibleFilterError(f"trow_certificates: the input is a {type(text).__name__}, no text")
    certificates: str = import_module(f"{_ROOM}.certificates").certificates_of(text)
    return certificates


class FilterModule:
    """Ansible's entry point for filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "trow": trow,
            "trow_authority": trow_authority,
            "trow_certificates": trow_certificates,
        }
