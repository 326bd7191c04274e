# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._node_action_wish import Wish
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.configuration import (
    action_configuration,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.job import make_job
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_faults import (
    read_options,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action_spec import (
    ARGUMENT_SPEC,
)
from ansible_collections.clusterdepot.artifacts.plugins.modules import node_action

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


def test_another_storage_is_other_work_where_only_it_tells_what_the_packages_are() -> None:
    def hash_of(account: str, sha256: str | None) -> str:
        storage = {**AZURE, "account": account}
        catalogue = {"tool": {"latest": {"path": "tool.deb", "sha256": sha256}}}
        arguments = ["install", "thesameone"]
        return read(
            script="true", storage=storage, catalogue=catalogue, arguments=arguments
        ).action.content_hash

    assert hash_of("mystorage", None) != hash_of("otherstorage", None)
    assert hash_of("mystorage", "a" * 64) == hash_of("otherstorage", "a" * 64)


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


@pytest.mark.parametrize(
    "option",
    [
        *({"port": 23456}, {"refresh": 7}, {"catalogue_timeout": 7}, {"server_timeout": 7}),
        *({"rclone_image": "example.org/rclone:1"}, {"haproxy_image": "example.org/haproxy:1"}),
    ],
    ids="".join,
)
def test_what_does_nothing_without_a_storage_is_documented_so(option: dict[str, Any]) -> None:
    assert made_for(script="true", **option) == made_for(script="true")
    assert made_for(script="true", storage=AZURE, **option) != made_for(script="true", storage=AZURE)
    (name,) = option
    documented = yaml.safe_load(node_action.DOCUMENTATION)["options"][name]["description"]
    assert "It does nothing without O(storage)." in " ".join(documented)


def test_a_removal_without_a_script_makes_no_secret() -> None:
    variables = {"TOKEN": "hunter2"}
    assert "Secret" not in kinds(state="absent", variables=variables)
    assert "Secret" in kinds(state="absent", absent_script="true", variables=variables)


def made_for(**options: Any) -> list[dict[str, Any]]:
    """All that is made for a node."""
    wish = read(**options)
    configuration = action_configuration(wish.action, wish.storage, wish.settings, wish.pod_files)
    job = make_job(wish.action, wish.storage, wish.settings, configuration, "node-1", "uid")
    return [*configuration.objects, job]


def kinds(**options: Any) -> set[str]:
    return {made["kind"] for made in made_for(**options)}


def test_a_drain_has_rules_where_it_is_asked_for() -> None:
    drain = read(script="true", cordon="drain", drain={"timeout": 7}).drain
    assert drain is not None
    assert drain.timeout == 7
    assert read(script="true", cordon="cordon").cordons
    assert faults_of(script="true", drain={"timeout": 7}) == ["drain: is of no use with cordon: none"]


def test_what_a_daemonset_runs_is_not_forced() -> None:
    (told,) = faults_of(script="true", mode="daemonset", force=True)
    assert told.startswith("force: a DaemonSet's pods would be forced whenever they are started")
    assert faults_of(script="true", force=True) == []
    # A removal is run by Jobs.
    wish = read(state="absent", mode="daemonset", force=True)
    assert (wish.daemonset, wish.rolls_out) == (True, False)
    assert read(script="true", mode="daemonset").rolls_out


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
