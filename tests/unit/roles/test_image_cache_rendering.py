# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the image cache needs, and what its module is told, as provision renders them."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_spec import (
    ARGUMENT_SPEC,
)
from tests.unit.roles.rendering import FIXED, ROOT, Rendered, run

KEY = ".dockerconfigjson"
MODULE = "clusterdepot.artifacts.image_cache_sync"


def _of_the_role(path: str) -> Any:
    return yaml.safe_load((ROOT / "roles" / "image_cache" / path).read_text(encoding="utf-8"))


def _secret(rendered: Rendered, name: str) -> dict[str, Any]:
    secret = rendered.one("Secret", name)
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert secret["metadata"]["namespace"] == "image-cache"
    return secret


def test_without_a_list_there_is_no_image_cache(rendered: Mapping[str, Rendered]) -> None:
    for case in ("boreas", "credentials"):
        assert rendered[case].cache_enabled is False
        assert "PriorityClass" not in rendered[case].kinds()
        assert rendered[case].absent == []


def test_a_list_brings_the_cache_into_the_plane(rendered: Mapping[str, Rendered]) -> None:
    for case in ("cache", "cache_of_jarvice"):
        assert rendered[case].cache_enabled is True
        assert rendered[case].faults == []
        assert "Deployment" in rendered[case].kinds()


def test_namespace_enforces_warns_and_audits_the_restricted_standard(
    rendered: Mapping[str, Rendered],
) -> None:
    labels = rendered["cache"].one("Namespace", "image-cache")["metadata"]["labels"]
    assert {mode: labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {
        "enforce": "restricted",
        "warn": "restricted",
        "audit": "restricted",
    }


def test_priority_class_never_preempts_and_is_nobody_elses_default(rendered: Mapping[str, Rendered]) -> None:
    made = rendered["cache"].one("PriorityClass", "image-cache")
    assert (made["value"], made["preemptionPolicy"], made["globalDefault"]) == (-5, "Never", False)
    assert rendered["cache"].cache_sync["priority_class"] == "image-cache"


def test_given_priority_class_is_neither_made_nor_deleted(rendered: Mapping[str, Rendered]) -> None:
    given = rendered["cache_of_jarvice"]
    assert "PriorityClass" not in given.kinds()
    assert given.cache_sync["priority_class"] == "system-node-critical"
    assert [item["kind"] for item in given.cache_absent] == ["Namespace"]


def test_network_policy_denies_everything(rendered: Mapping[str, Rendered]) -> None:
    policy = rendered["cache"].one("NetworkPolicy", "image-cache")
    assert policy["metadata"]["namespace"] == "image-cache"
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & set(policy["spec"])
    assert policy["spec"]["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/instance": "image-cache",
        "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
    }


def test_network_policy_that_is_not_wanted_goes(rendered: Mapping[str, Rendered]) -> None:
    without = rendered["cache_of_jarvice"]
    assert [item["metadata"] for item in without.objects if item["kind"] == "NetworkPolicy"] == [
        rendered["boreas"].one("NetworkPolicy")["metadata"]
    ]
    (gone,) = without.absent
    assert (gone["kind"], gone["metadata"]) == (
        "NetworkPolicy",
        {"name": "image-cache", "namespace": "jarvice-cache"},
    )
    assert rendered["cache"].absent == []


def test_copied_secret_names_its_original_and_holds_nothing(rendered: Mapping[str, Rendered]) -> None:
    copied = _secret(rendered["cache"], "copied")
    assert "data" not in copied
    assert copied["metadata"]["annotations"] == {
        "artifacts.clusterdepot.io/data-from": f"{KEY}=secret/shop/login#{KEY}"
    }


@pytest.mark.parametrize(("name", "auth"), [("given", "dTpodW50ZXIy"), ("text", "dTpwMg==")])
def test_given_login_may_be_a_dictionary_or_text(
    rendered: Mapping[str, Rendered], name: str, auth: str
) -> None:
    secret = _secret(rendered["cache"], name)
    assert json.loads(b64decode(secret["data"][KEY])) == {"auths": {"registry.example": {"auth": auth}}}
    assert "annotations" not in secret["metadata"]


def test_everything_made_is_removed_with_namespace_and_priority_class(
    rendered: Mapping[str, Rendered],
) -> None:
    cache = rendered["cache"]
    assert [(item["kind"], item["metadata"]["name"]) for item in cache.cache_absent] == [
        ("Namespace", "image-cache"),
        ("PriorityClass", "image-cache"),
    ]
    others = {"docker-registry", "docker-registry-nodes"}
    left = [
        item["metadata"]["name"]
        for item in cache.objects
        if item["metadata"].get("namespace", "image-cache") not in {*others, "image-cache"}
    ]
    assert left == []


@pytest.mark.parametrize(("file", "variable"), [("sync", "sync"), ("absent", "removal")])
def test_module_is_told_what_was_judged_and_nothing_else(file: str, variable: str) -> None:
    judged = f"_image_cache_{variable}_options"
    (told,) = [task[MODULE] for task in _of_the_role(f"tasks/{file}.yml") if MODULE in task]
    assert {option: value.replace(" | default(omit, true)", "") for option, value in told.items()} == {
        option: f"{{{{ {judged}.{option} }}}}" for option in _of_the_role("vars/main.yml")[judged]
    }


def test_every_option_of_the_module_is_judged(rendered: Mapping[str, Rendered]) -> None:
    assert set(_of_the_role("vars/main.yml")["_image_cache_sync_options"]) == set(ARGUMENT_SPEC)
    assert set(_of_the_role("vars/main.yml")["_image_cache_removal_options"]) < set(ARGUMENT_SPEC)
    assert set(rendered["cache"].cache_sync) == set(ARGUMENT_SPEC)


def test_what_caches_of_one_namespace_share_bears_no_name_of_one(rendered: Mapping[str, Rendered]) -> None:
    instance = "app.kubernetes.io/instance"
    cache = rendered["cache"]
    shared = [
        cache.one("PriorityClass"),
        cache.one("Secret", "copied"),
        cache.one("Namespace", "image-cache"),
    ]
    assert [item["metadata"]["name"] for item in shared if instance in item["metadata"]["labels"]] == []
    assert cache.one("NetworkPolicy", "image-cache")["metadata"]["labels"][instance] == "image-cache"


def test_options_of_the_role_have_the_modules_defaults() -> None:
    defaults = (ROOT / "roles" / "image_cache" / "defaults" / "main.yml").read_text(encoding="utf-8")
    for option, specified in ARGUMENT_SPEC.items():
        if option in ("kubeconfig", "context", "jarvice_images", "priority_class", "startup_taint"):
            continue
        default = specified["default"]
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert f"\nimage_cache_{option}: {shown}\n" in defaults


def test_registry_of_the_plane_is_reached_with_its_own_ca(rendered: Mapping[str, Rendered]) -> None:
    secret = {"namespace": "docker-registry", "name": "docker-registry-secret"}
    address, by_name = "10.1.2.3:5000", "docker-registry-service.docker-registry.svc"
    assert rendered["cache"].cache_sync["registries"] == [
        {"registry": host, "endpoint": f"https://{address}", "ca_secret": secret}
        for host in (address, f"{by_name}.cluster.local:5000", f"{by_name}:5000")
    ]


def test_what_the_inventory_says_about_a_registry_holds(rendered: Mapping[str, Rendered]) -> None:
    registries = rendered["cache_of_jarvice"].cache_sync["registries"]
    assert registries[0] == {"registry": "10.1.2.3:5000", "validate_certs": False}
    assert "10.1.2.3:5000" not in [entry["registry"] for entry in registries[1:]]
    assert len(registries) == 3


def test_lists_reach_the_module_as_they_are(rendered: Mapping[str, Rendered]) -> None:
    assert rendered["cache"].cache_sync["images"] == ["docker.io/library/ubuntu:22.04"]
    jarvice = rendered["cache_of_jarvice"].cache_sync
    content = jarvice["jarvice_images"]
    (image,) = json.loads(content) if isinstance(content, str) else content
    assert image["arch"] == {"amd64": "docker.io/library/ubuntu:xenial"}
    assert jarvice["interval"] == "300"


def test_enabled_cache_without_images_is_emptied(rendered: Mapping[str, Rendered]) -> None:
    emptied = rendered["cache_emptied"]
    assert (emptied.cache_enabled, emptied.faults) == (True, [])
    assert emptied.cache_sync["images"] == []
    assert emptied.one("Namespace", "image-cache")


def test_all_faults_of_the_cache_are_told_at_once_and_without_secrets(
    rendered: Mapping[str, Rendered],
) -> None:
    faults = rendered["cache_bad"].faults
    assert [fault.split(";")[0] for fault in faults[:4]] == [
        "image_cache_namespace is 'docker-registry'",
        "image_cache_pull_secrets[0].name is 'Upper'",
        "image_cache_pull_secrets[0].docker_config is (hidden)",
        "image_cache_pull_secrets is ['both', 'none']",
    ]
    assert [fault.partition(":")[0].partition(".")[0] for fault in faults[4:]] == [
        "image_cache_images[1]",
        "image_cache_images[2]",
        "image_cache_images[2]",
        "image_cache_jarvice_images",
        "image_cache_interval",
        "image_cache_success_threshold",
    ]
    assert "hunter2" not in repr(faults)


def test_bad_list_does_not_keep_the_cache_from_being_removed(rendered: Mapping[str, Rendered]) -> None:
    (fault,) = rendered["cache_bad"].cache_name_faults
    assert fault.startswith("image_cache_namespace is 'docker-registry'; allowed: a namespace of its own")


def test_cache_is_never_in_the_namespace_that_its_secrets_come_from(
    rendered: Mapping[str, Rendered],
) -> None:
    (fault,) = rendered["cache_beside_its_secrets"].faults
    assert fault.startswith("image_cache_namespace is 'jarvice'; allowed: a namespace of its own")


@pytest.fixture(scope="module", name="refused")
def _refused(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rendered]:
    login = {"docker_config": {"auths": {"registry.example": {"auth": "dTpwMg=="}}}}
    images = ["docker.io/library/ubuntu:xenial"]
    cases: dict[str, dict[str, Any]] = {
        "options": {
            "image_cache_name": "a" * 21,
            "image_cache_images": images,
            "image_cache_jarvice_images": [
                {"ref": "ubuntu:xenial", "private": False, "arch": {"amd64": images[0]}}
            ],
            "image_cache_allowed_failures": ["not ok"],
            "image_cache_startup_taint": "cold:Sometimes",
            "image_cache_wait_timeout": 0,
            "image_cache_disk_factor": 0.5,
            "image_cache_sleeper_image": "not ok",
            "image_cache_node_selector": {"gpu": True},
            "image_cache_tolerations": [{"key": "a", "operator": "Perhaps"}],
            "image_cache_registries": [{"registry": "host:99999"}],
            "image_cache_pull_secrets": [{"name": name, **login} for name in ("b", "a", "b")],
        },
        "namespace": {"image_cache_images": images, "image_cache_namespace": "Bad_Name"},
        "secrets": {
            "image_cache_images": images,
            "image_cache_pull_secrets": [
                {"name": "given", **login},
                {"name": "copied", "from": {"namespace": "Shop", "name": "Login"}},
                {"name": "text", "docker_config": "hunter2"},
            ],
        },
    }
    given = {case: {**FIXED, **variables} for case, variables in cases.items()}
    return run(tmp_path_factory.mktemp("refused"), given)


def test_role_refuses_all_that_its_module_would_refuse(refused: Mapping[str, Rendered]) -> None:
    secrets, *faults = refused["options"].faults
    assert secrets == "image_cache_pull_secrets is ['b']; allowed: each name once"
    assert [fault.partition(": ")[0] for fault in faults] == [
        "image_cache_jarvice_images[0]",
        "image_cache_allowed_failures[0]",
        "image_cache_sleeper_image",
        "image_cache_node_selector",
        "image_cache_tolerations[0]",
        "image_cache_name",
        "image_cache_wait_timeout",
        "image_cache_disk_factor",
        "image_cache_startup_taint",
        "image_cache_registries[0].registry",
    ]
    assert " is in image_cache_images[0] already" in faults[0]


def test_removal_is_refused_for_what_it_is_told_itself(refused: Mapping[str, Rendered]) -> None:
    assert [fault.partition(": ")[0] for fault in refused["options"].cache_name_faults] == [
        "image_cache_name",
        "image_cache_wait_timeout",
        "image_cache_startup_taint",
    ]


def test_namespace_that_names_the_priority_class_is_refused_once(refused: Mapping[str, Rendered]) -> None:
    (fault,) = refused["namespace"].faults
    assert fault.startswith("image_cache_namespace: 'Bad_Name' is no DNS label")


def test_fault_of_a_secret_has_its_place_in_the_list(refused: Mapping[str, Rendered]) -> None:
    assert [fault.partition(" is ")[0] for fault in refused["secrets"].faults] == [
        "image_cache_pull_secrets[1].from.namespace",
        "image_cache_pull_secrets[1].from.name",
        "image_cache_pull_secrets[2].docker_config",
    ]
