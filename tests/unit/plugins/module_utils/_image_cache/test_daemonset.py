# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DaemonSet of a shard: made, and read back."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.annotations import (
    read_expected,
    read_group,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.daemonset import (
    Pin,
    PodSettings,
    daemonset,
    hash_of_digests,
    pins_of,
    read_shard,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.entry import Strategy
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.plan import (
    Group,
    LiveShard,
    Shard,
    group_hash,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.resolution import (
    PlatformImage,
    Resolved,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.schedule import (
    pin_command,
    refresh_command,
)

FIXED = f"registry.example.com/team/fixed@sha256:{'a' * 64}"
MOVING = "registry.example.com/team/moving:1.2"
GROUP = Group(
    "registry.example.com",
    "pull",
    (("pool", "gpu"), ("zone", "b")),
    frozenset({"arm64", "amd64"}),
    Strategy.SLEEPER,
)
SHARD = Shard("image-cache-registry-example-com-01234567-0", GROUP, (MOVING, FIXED))
SETTINGS = PodSettings(
    namespace="caches",
    instance="image-cache",
    interval=3600,
    sleeper_image="mirror.example.com/busybox:1.36-musl",
    image_pull_secrets=("mirror", "pull"),
    tolerations=({"key": "gpu", "operator": "Exists"},),
    node_selector={"pool": "any", "cached": "true"},
    priority_class="image-cache",
)
BARE = replace(
    SETTINGS, interval=0, image_pull_secrets=(), tolerations=(), node_selector={}, priority_class=""
)
EXPECTED = {
    MOVING: Resolved(
        f"sha256:{'1' * 64}",
        {
            "linux/arm64": PlatformImage(f"sha256:{'2' * 64}", ((f"sha256:{'3' * 64}", 7),)),
            "linux/amd64": PlatformImage(f"sha256:{'4' * 64}", ()),
        },
    ),
    "registry.example.com/of/another/shard:1": Resolved(f"sha256:{'5' * 64}", {}),
}

OBJECT = """
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: image-cache-registry-example-com-01234567-0
  namespace: caches
  labels: &labels
    app.kubernetes.io/name: image-cache
    app.kubernetes.io/instance: image-cache
    artifacts.clusterdepot.io/shard: image-cache-registry-example-com-01234567-0
    app.kubernetes.io/managed-by: clusterdepot.artifacts
    app.kubernetes.io/part-of: clusterdepot
spec:
  revisionHistoryLimit: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: image-cache
      app.kubernetes.io/instance: image-cache
      artifacts.clusterdepot.io/shard: image-cache-registry-example-com-01234567-0
  updateStrategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 100%}
  template:
    metadata:
      labels: *labels
"""
POD = """
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 1
securityContext:
  runAsNonRoot: true
  runAsUser: 65534
  runAsGroup: 65534
  seccompProfile: {type: RuntimeDefault}
initContainers:
  - name: sleeper
    image: mirror.example.com/busybox:1.36-musl
    imagePullPolicy: IfNotPresent
    command: [/bin/busybox, cp, -f, /bin/busybox, /.image-cache/busybox]
    workingDir: /
    securityContext: &restricted
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    resources:
      requests: {cpu: 10m, memory: 4Mi}
      limits: {memory: 32Mi}
    volumeMounts:
      - {name: sleeper, mountPath: /.image-cache}
"""
SCHEDULING = """
imagePullSecrets: [{name: pull}, {name: mirror}]
priorityClassName: image-cache
tolerations: [{key: gpu, operator: Exists}]
nodeSelector: {kubernetes.io/os: linux, pool: gpu, zone: b, cached: "true"}
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
        - matchExpressions:
            - {key: kubernetes.io/arch, operator: In, values: [amd64, arm64]}
"""
HOLDING = """
workingDir: /
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources:
  requests: {cpu: 1m, memory: 1Mi}
  limits: {memory: 16Mi}
"""
MOVING_NAME = "moving-1-2-d4babc11"
FIXED_NAME = "fixed-7eee9570"
SLEEPER_MOUNT = {"name": "sleeper", "mountPath": "/.image-cache", "readOnly": True}


def holding(
    name: str, image: str, policy: str, command: list[str], *mounts: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": policy,
        "command": command,
        "volumeMounts": [SLEEPER_MOUNT, *mounts],
        **yaml.safe_load(HOLDING),
    }


def golden(pod: dict[str, Any], strategy: str, annotations: dict[str, str]) -> dict[str, Any]:
    """Give the whole manifest; the annotations of the object are the same for both strategies but for it."""
    manifest: dict[str, Any] = yaml.safe_load(OBJECT)
    manifest["metadata"]["annotations"] = {
        "artifacts.clusterdepot.io/images": json.dumps(
            {f"pin-{MOVING_NAME}": MOVING, f"pin-{FIXED_NAME}": FIXED}, separators=(",", ":")
        ),
        "artifacts.clusterdepot.io/digests": (
            f'{{"{MOVING}":{{"digest":"sha256:{"1" * 64}","platforms":'
            f'{{"linux/amd64":"sha256:{"4" * 64}","linux/arm64":"sha256:{"2" * 64}"}}}}}}'
        ),
        "artifacts.clusterdepot.io/group": (
            '{"architectures":["amd64","arm64"],"nodeSelector":{"pool":"gpu","zone":"b"},"pullSecret":"pull",'
            f'"registry":"registry.example.com","strategy":"{strategy}"}}'
        ),
    }
    if annotations:
        manifest["spec"]["template"]["metadata"]["annotations"] = annotations
    manifest["spec"]["template"]["spec"] = pod
    return manifest


def test_whole_manifest_of_strategy_sleeper() -> None:
    pod = {
        **yaml.safe_load(POD),
        **yaml.safe_load(SCHEDULING),
        "volumes": [{"name": "sleeper", "emptyDir": {}}],
        "containers": [
            holding(f"pin-{MOVING_NAME}", MOVING, "IfNotPresent", pin_command(3600, True)),
            holding(f"pin-{FIXED_NAME}", FIXED, "IfNotPresent", pin_command(3600, False)),
            holding(f"refresh-{MOVING_NAME}-0", MOVING, "Always", refresh_command(3600, 0, 1)),
        ],
    }
    annotations = {"artifacts.clusterdepot.io/digests-hash": "abc"}
    assert daemonset(SHARD, SETTINGS, EXPECTED, "abc") == golden(pod, "sleeper", annotations)


def test_whole_manifest_of_strategy_volume() -> None:
    shard = replace(SHARD, group=replace(GROUP, strategy=Strategy.VOLUME))
    names = [f"pin-{MOVING_NAME}", f"pin-{FIXED_NAME}", f"refresh-{MOVING_NAME}-0"]
    images = [
        {"reference": MOVING, "pullPolicy": "IfNotPresent"},
        {"reference": FIXED, "pullPolicy": "IfNotPresent"},
        {"reference": MOVING, "pullPolicy": "Always"},
    ]
    for_ever = pin_command(3600, False)
    commands = [pin_command(3600, True), for_ever, for_ever]
    pod = {
        **yaml.safe_load(POD),
        **yaml.safe_load(SCHEDULING),
        "volumes": [
            {"name": "sleeper", "emptyDir": {}},
            *({"name": name, "image": image} for name, image in zip(names, images, strict=True)),
        ],
        "containers": [
            holding(
                name,
                "mirror.example.com/busybox:1.36-musl",
                "IfNotPresent",
                command,
                {"name": name, "mountPath": "/image", "readOnly": True},
            )
            for name, command in zip(names, commands, strict=True)
        ],
    }
    assert daemonset(shard, SETTINGS, EXPECTED, "") == golden(pod, "volume", {})


def test_settings_that_are_empty_are_left_out() -> None:
    group = Group("registry.example.com", "", (), frozenset(), Strategy.SLEEPER)
    pod = daemonset(Shard("x", group, (FIXED,)), BARE, {}, "")["spec"]["template"]["spec"]
    assert not {"imagePullSecrets", "priorityClassName", "tolerations", "affinity"} & pod.keys()
    assert pod["nodeSelector"] == {"kubernetes.io/os": "linux"}


@pytest.mark.parametrize(("interval", "count"), [(0, 1), (60, 11), (660, 1)])
def test_refresh_containers_come_after_all_pins(interval: int, count: int) -> None:
    references = tuple(f"registry.example.com/a:{n}" for n in range(10))
    shard = Shard("x", GROUP, references)
    obj = daemonset(shard, replace(SETTINGS, interval=interval), {}, "")
    containers = obj["spec"]["template"]["spec"]["containers"]
    kinds = [container["name"].partition("-")[0] for container in containers]
    assert kinds == ["pin"] * 10 + ["refresh"] * 10 * count
    pins = pins_of(obj)
    assert [name for pin in pins for name in pin.refresh_containers] == [
        container["name"] for container in containers[10:]
    ]
    by_name = {container["name"]: container for container in containers}
    for pin in pins:
        commands = [by_name[name]["command"] for name in pin.refresh_containers]
        assert commands == [refresh_command(interval, k, count) for k in range(count)]
        images = {by_name[name]["image"] for name in (pin.container, *pin.refresh_containers)}
        assert images == {pin.reference}


def assert_restricted(pod: dict[str, Any]) -> None:
    """Check a pod against the Pod Security Standards' profile restricted, with all of baseline's rules."""
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] != 0
    assert context["seccompProfile"]["type"] in {"RuntimeDefault", "Localhost"}
    assert not {"sysctls", "seLinuxOptions", "appArmorProfile", "windowsOptions"} & context.keys()
    for volume in pod["volumes"]:
        (kind,) = volume.keys() - {"name"}
        assert kind in {
            "configMap",
            "csi",
            "downwardAPI",
            "emptyDir",
            "ephemeral",
            "image",
            "persistentVolumeClaim",
            "projected",
            "secret",
        }
    for container in pod["initContainers"] + pod["containers"]:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert not own.get("privileged")
        assert own.keys() <= {"allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem"}
        assert not any("hostPort" in port for port in container.get("ports", ()))
        assert not {"livenessProbe", "readinessProbe", "startupProbe", "lifecycle"} & container.keys()


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NASTY = st.one_of(TEXTS, st.sampled_from(("$(reboot)", "`id`", "'; exit 1 #", '"', "$0", "%s", "-c", "\\")))
REPOSITORIES = st.from_regex(
    r"registry\.example\.com/[a-z0-9]{1,9}(/[a-z0-9]+(__[a-z0-9]+)?)?", fullmatch=True
)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,40}", fullmatch=True)
MOVING_REFERENCES = st.builds(lambda repository, tag: f"{repository}:{tag}", REPOSITORIES, TAGS)
FIXED_REFERENCES = st.builds(
    lambda repository, digest: f"{repository}@sha256:{digest:064x}", REPOSITORIES, st.integers(0, 2**256 - 1)
)
GROUPS = st.builds(
    Group,
    NASTY,
    NASTY,
    st.dictionaries(NASTY, NASTY, max_size=3).map(lambda labels: tuple(sorted(labels.items()))),
    st.frozensets(NASTY, max_size=3),
    st.sampled_from(Strategy),
)
SHARDS = st.builds(
    Shard,
    NASTY,
    GROUPS,
    st.lists(st.one_of(MOVING_REFERENCES, FIXED_REFERENCES), min_size=1, max_size=10, unique=True).map(tuple),
)
ALL_SETTINGS = st.builds(
    PodSettings,
    namespace=NASTY,
    instance=NASTY,
    interval=st.one_of(st.just(0), st.integers(60, 86400)),
    sleeper_image=NASTY,
    image_pull_secrets=st.lists(NASTY, max_size=2),
    tolerations=st.lists(st.dictionaries(NASTY, NASTY, max_size=2), max_size=2),
    node_selector=st.dictionaries(NASTY, NASTY, max_size=2),
    priority_class=NASTY,
)
RESOLVED = st.builds(
    Resolved,
    NASTY,
    st.dictionaries(NASTY, st.builds(PlatformImage, NASTY, st.just(())), max_size=3),
)


@given(SHARDS, ALL_SETTINGS)
def test_pod_passes_the_restricted_profile(shard: Shard, settings: PodSettings) -> None:
    assert_restricted(daemonset(shard, settings, {}, "")["spec"]["template"]["spec"])


@given(SHARDS, ALL_SETTINGS)
def test_nothing_of_the_user_reaches_a_shell(shard: Shard, settings: PodSettings) -> None:
    pod = daemonset(shard, settings, {}, "")["spec"]["template"]["spec"]
    scripts = {pin_command(0, True)[3], pin_command(60, True)[3]}
    for container in pod["containers"]:
        assert not {"args", "env", "envFrom"} & container.keys()
        busybox, shell, option, script, name, *parameters = container["command"]
        assert [busybox, shell, option, name] == [
            "/.image-cache/busybox",
            "sh",
            "-c",
            "/.image-cache/busybox",
        ]
        assert script in scripts
        assert all(parameter.isdigit() for parameter in parameters)
    (init,) = pod["initContainers"]
    assert init["command"] == ["/bin/busybox", "cp", "-f", "/bin/busybox", "/.image-cache/busybox"]
    assert not {"args", "env", "envFrom"} & init.keys()


@given(SHARDS, ALL_SETTINGS, RESOLVED, NASTY)
def test_what_is_written_is_read_back(
    shard: Shard, settings: PodSettings, found: Resolved, digests_hash: str
) -> None:
    expected = {shard.references[0]: found}
    # As the API server gives it: through JSON.
    obj = json.loads(json.dumps(daemonset(shard, settings, expected, digests_hash)))
    assert read_shard(obj) == LiveShard(
        shard.name,
        group_hash(settings.instance, shard.group),
        shard.references,
        digests_hash,
        shard.group.architectures,
    )
    assert read_group(obj) == shard.group
    assert read_expected(obj) == expected
    pins = pins_of(obj)
    assert tuple(pin.reference for pin in pins) == shard.references
    containers = [container["name"] for container in obj["spec"]["template"]["spec"]["containers"]]
    assert len(set(containers)) == len(containers)
    assert [pin.container for pin in pins] == containers[: len(pins)]
    assert sorted(containers[len(pins) :]) == sorted(name for pin in pins for name in pin.refresh_containers)
    for pin in pins:
        assert pin.strategy is shard.group.strategy
        assert bool(pin.refresh_containers) == ("@" not in pin.reference)


@given(SHARDS, ALL_SETTINGS, RESOLVED)
def test_every_volume_is_mounted_and_every_mount_has_its_volume(
    shard: Shard, settings: PodSettings, found: Resolved
) -> None:
    pod = daemonset(shard, settings, dict.fromkeys(shard.references, found), "")["spec"]["template"]["spec"]
    volumes = [volume["name"] for volume in pod["volumes"]]
    mounts = [[mount["name"] for mount in container["volumeMounts"]] for container in pod["containers"]]
    assert len(set(volumes)) == len(volumes)
    assert {name for names in mounts for name in names} == set(volumes)
    if shard.group.strategy is Strategy.VOLUME:
        # One image volume for each container: a pull that fails is told by its container alone.
        assert mounts == [["sleeper", container["name"]] for container in pod["containers"]]


def test_pins_tell_their_containers_and_strategy() -> None:
    obj = daemonset(SHARD, replace(SETTINGS, interval=330), EXPECTED, "")
    assert pins_of(obj) == (
        Pin(
            f"pin-{MOVING_NAME}",
            MOVING,
            Strategy.SLEEPER,
            (f"refresh-{MOVING_NAME}-0", f"refresh-{MOVING_NAME}-1"),
        ),
        Pin(f"pin-{FIXED_NAME}", FIXED, Strategy.SLEEPER, ()),
    )


WRONG = [None, "", "{", "[]", "null", "1", "[" * 100_000, '{"a":1}', '{"a":{"digest":1}}']


@pytest.mark.parametrize("value", WRONG, ids=range(len(WRONG)))
def test_annotations_of_somebody_else_are_passed_over(value: str | None) -> None:
    obj = daemonset(SHARD, SETTINGS, EXPECTED, "abc")
    for name in obj["metadata"]["annotations"]:
        obj["metadata"]["annotations"][name] = value
    assert read_shard(obj) == LiveShard(SHARD.name, "", (), "abc")
    assert pins_of(obj) == ()
    assert read_expected(obj) == {}
    assert read_group(obj) is None


@pytest.mark.parametrize(
    "change",
    [
        {"registry": 1},
        {"pullSecret": None},
        {"architectures": "amd64"},
        {"strategy": "other"},
        {"strategy": ["sleeper"]},
        {"strategy": None},
    ],
)
def test_group_that_is_told_in_part_is_none(change: dict[str, Any]) -> None:
    obj = daemonset(SHARD, SETTINGS, EXPECTED, "")
    annotations = obj["metadata"]["annotations"]
    told = json.loads(annotations["artifacts.clusterdepot.io/group"])
    annotations["artifacts.clusterdepot.io/group"] = json.dumps({**told, **change})
    assert read_group(obj) is None
    assert read_shard(obj).group_hash == ""
    assert read_shard(obj).references == SHARD.references


@pytest.mark.parametrize("obj", [{}, {"metadata": None, "spec": []}, {"metadata": {"labels": 1, "name": 2}}])
def test_object_without_anything_is_read_as_empty(obj: dict[str, Any]) -> None:
    assert read_shard(obj) == LiveShard("", "", (), "")
    assert pins_of(obj) == ()


def test_group_hash_is_of_the_cache_and_all_of_the_group() -> None:
    others = [
        GROUP,
        replace(GROUP, registry="x"),
        replace(GROUP, pull_secret=""),
        replace(GROUP, node_selector=()),
        replace(GROUP, architectures=frozenset({"amd64"})),
        replace(GROUP, strategy=Strategy.VOLUME),
    ]
    hashes = {group_hash(instance, group) for instance in ("a", "b") for group in others}
    assert len(hashes) == 2 * len(others)


def test_hash_of_digests_is_of_what_is_known_of_the_references() -> None:
    before = hash_of_digests([MOVING, FIXED], EXPECTED)
    assert before == hash_of_digests([FIXED, MOVING, MOVING], {MOVING: EXPECTED[MOVING]})
    assert before != hash_of_digests([MOVING], {MOVING: replace(EXPECTED[MOVING], digest="sha256:other")})
    assert before != hash_of_digests([FIXED], EXPECTED)


def test_made_objects_share_nothing_that_can_be_changed() -> None:
    first = daemonset(SHARD, SETTINGS, EXPECTED, "abc")
    second = copy.deepcopy(first)
    first["metadata"]["labels"]["x"] = "y"
    first["spec"]["template"]["spec"]["containers"][0]["command"].append("x")
    first["spec"]["template"]["spec"]["tolerations"][0]["x"] = "y"
    assert daemonset(SHARD, SETTINGS, EXPECTED, "abc") == second
    assert "x" not in first["spec"]["template"]["metadata"]["labels"]
