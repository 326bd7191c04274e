# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_faults import (
    read_options,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_spec import (
    ARGUMENT_SPEC,
)

AZURE = {"type": "azureblob", "account": "mystorage", "secret": "packages"}


def validated(**options: Any) -> dict[str, Any]:
    given = {"name": "install", **options}
    validation = ArgumentSpecValidator(ARGUMENT_SPEC).validate(given)
    assert not validation.error_messages
    return dict(validation.validated_parameters)


def read(**options: Any) -> Wish:
    wish, faults = read_options(validated(**options))
    assert wish is not None, faults
    return wish


def faults_of(**options: Any) -> list[str]:
    wish, faults = read_options(validated(**options), look_at_files=False)
    assert (wish is None) is bool(faults)
    return list(faults)


def test_a_script_is_all_that_is_needed() -> None:
    wish = read(script="true")
    assert wish.action.arguments == ("install", "")
    assert 20000 <= wish.settings.port < 30000
    assert (wish.cordons, wish.drain, wish.daemonset, wish.storage) == (False, None, False, None)
    assert "run_action.sh" in wish.pod_files


def test_the_account_of_the_storage_is_the_second_argument() -> None:
    assert read(script="true", storage=AZURE).action.arguments == ("install", "mystorage")
    other = read(script="true", storage=AZURE, arguments=["install", "otherstorage"])
    assert other.action.arguments == ("install", "otherstorage")


def test_an_empty_catalogue_is_in_the_storage() -> None:
    nothing: tuple[object, ...] = ({}, "", [])
    for catalogue in nothing:
        wish = read(script="true", storage=AZURE, catalogue=catalogue, packages=["a/b"])
        assert wish.settings.catalogue == ""
        assert wish.action.packages == ("a/b",)


def test_a_catalogue_is_given_as_text_or_as_variables() -> None:
    text = '[tool.latest]\npath = "tool.deb"\n'
    of_text = read(script="true", storage=AZURE, catalogue=text)
    of_variables = read(script="true", storage=AZURE, catalogue={"tool": {"latest": {"path": "tool.deb"}}})
    assert of_text.action.content_hash == of_variables.action.content_hash
    assert of_text.settings.catalogue == of_variables.settings.catalogue


def test_a_removal_without_a_script_needs_no_storage() -> None:
    given: dict[str, Any] = {
        "storage": {"type": "nonsense"},
        "script": "#!/usr/bin/perl\n",
        "canary": ["gone"],
    }
    wish = read(state="absent", catalogue={"x": {"y": {"path": "z"}}}, packages=["x/y"], **given)
    assert (wish.storage, wish.action.script, wish.action.removes) == (None, "", True)
    kept = read(state="absent", absent_script="true", storage=AZURE)
    assert kept.storage is not None


def test_a_drain_has_rules_where_it_is_asked_for() -> None:
    drain = read(script="true", cordon="drain", drain={"timeout": 7}).drain
    assert drain is not None
    assert drain.timeout == 7
    assert read(script="true", cordon="cordon").cordons
    assert faults_of(script="true", drain={"timeout": 7}) == ["drain: is of no use with cordon: none"]


def test_no_fault_is_hidden_behind_another() -> None:
    told = faults_of(
        script="true",
        namespace="No",
        port=1,
        refresh=-1,
        haproxy_image="",
        image_pull_secrets=["No Name"],
        service_account="No Name",
        node_namespaces=["net"],
        packages=["x/y"],
        pod_files={},
        mode="daemonset",
        canary=1,
        cordon="cordon",
    )
    places = {fault.partition(":")[0] for fault in told}
    expected = "namespace port refresh haproxy_image image_pull_secrets[0] service_account node_namespaces"
    assert set(expected.split()) | {"pod_files", "canary", "cordon"} <= places


def test_values_of_variables_are_in_no_fault() -> None:
    told = faults_of(script="true", variables={"GOOD": "secret-1", "1BAD": "secret-2", "LIST": ["secret-3"]})
    assert len(told) == 2
    assert "secret-" not in str(told)
