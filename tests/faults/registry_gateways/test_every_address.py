# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One name, two addresses, one of them with a certificate from before the renewal.

The name is that of a hosts file in a mount namespace of the task's own process, as a resolver on a node would
give it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import connect
from tests.faults.kube_apply.control_plane import ControlPlane, running
from tests.faults.registry.authority import Authority
from tests.faults.registry.conftest import Result, Start
from tests.faults.registry.test_real_registry import message, statuses
from tests.faults.registry_gateways.gateways import Gateways, StartGateway

PROJECT = Path(__file__).parents[3]
NAME = "registry.test"
CheckByName = Callable[..., Result]


@pytest.fixture
def check_by_name(tmp_path: Path) -> CheckByName:
    """Runs the task where ``registry.test`` has the addresses 127.0.0.1 and 127.0.0.2."""
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n127.0.0.1 {NAME}\n127.0.0.2 {NAME}\n")

    def call(**parameters: object) -> Result:
        mounted = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
        task = [sys.executable, "-m", "tests.faults.registry_gateways.task_process", json.dumps(parameters)]
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", mounted, "sh", str(hosts), *task],
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": f"{PROJECT}:{PROJECT / '.build'}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        result: Result = json.loads(done.stdout)
        return result

    return call


def test_both_alike(
    start_registry: Start, check_by_name: CheckByName, authority: Authority, start_gateway: StartGateway
) -> None:
    certificate = authority.issue()
    gateway = start_gateway(start_registry().port, [certificate, certificate])
    result = check_by_name(
        url=f"https://{NAME}:{gateway.port}", ca=authority.pem.decode(), every_address=True
    )
    assert result["healthy"], result
    for address in ("127.0.0.1", "127.0.0.2"):
        for name in ("connection", "tls", "api"):
            assert statuses(result)[f"{name}[{address}]"] == "ok"


def test_expired_at_one_address(
    start_registry: Start, check_by_name: CheckByName, authority: Authority, start_gateway: StartGateway
) -> None:
    stale = authority.issue(ends=timedelta(days=-1, minutes=1))
    gateway = start_gateway(start_registry().port, [authority.issue(), stale])
    url, ca = f"https://{NAME}:{gateway.port}", authority.pem.decode()
    assert check_by_name(url=url, ca=ca)["healthy"]
    result = check_by_name(url=url, ca=ca, every_address=True)
    assert result["failed"]
    assert statuses(result)["tls[127.0.0.1]"] == "ok"
    assert statuses(result)["tls[127.0.0.2]"] == "fail"
    assert "has expired" in message(result, "tls[127.0.0.2]")
    assert statuses(result)["certificate_days_left[127.0.0.1]"] == "ok"
    assert statuses(result)["certificate_days_left[127.0.0.2]"] == "fail"


def test_about_to_expire_at_one_address(
    start_registry: Start, check_by_name: CheckByName, authority: Authority, start_gateway: StartGateway
) -> None:
    short = authority.issue(ends=timedelta(days=4, minutes=1))
    gateway = start_gateway(start_registry().port, [authority.issue(), short])
    limits = {"fail_days_left": 3, "min_days_left": 7, "every_address": True}
    parameters = {"url": f"https://{NAME}:{gateway.port}", "ca": authority.pem.decode(), **limits}
    result = check_by_name(**parameters)
    assert result["healthy"], result
    # The other one is not looked at without every_address.
    names = [name for name in statuses(result) if name.startswith("certificate_days_left")]
    assert names == [f"certificate_days_left{which}" for which in ("", "[127.0.0.1]", "[127.0.0.2]")]
    assert [statuses(result)[name] for name in names] == ["ok", "ok", "warn"]
    late = check_by_name(**{**parameters, "fail_days_left": 5})
    assert late["failed"]
    assert statuses(late)["certificate_days_left[127.0.0.2]"] == "fail"


def test_nothing_at_one_address(
    start_registry: Start, check_by_name: CheckByName, gateways: Gateways
) -> None:
    gateway = gateways.haproxy(start_registry().port)
    result = check_by_name(url=f"http://{NAME}:{gateway.port}", every_address=True)
    assert result["failed"]
    assert statuses(result)["connection[127.0.0.1]"] == "ok"
    assert statuses(result)["connection[127.0.0.2]"] == "fail"
    assert "refused" in message(result, "connection[127.0.0.2]")


def test_no_registry_behind_one_address(
    start_registry: Start, check_by_name: CheckByName, gateways: Gateways
) -> None:
    certificate = Authority("of two").issue()
    elsewhere = "if ($server_addr = 127.0.0.2) { return 404; }"
    gateway = gateways.nginx(start_registry().port, [certificate, certificate], location=elsewhere)
    result = check_by_name(url=f"https://{NAME}:{gateway.port}", validate_certs=False, every_address=True)
    assert statuses(result)["api[127.0.0.1]"] == "ok"
    assert statuses(result)["api[127.0.0.2]"] == "fail"
    assert "does not pass /v2/ on" in message(result, "api[127.0.0.2]")


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with running(tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane


def test_stale_but_valid_at_one_address(
    start_registry: Start,
    check_by_name: CheckByName,
    authority: Authority,
    start_gateway: StartGateway,
    control_plane: ControlPlane,
) -> None:
    renewed, stale = authority.issue(), authority.issue(ends=timedelta(days=20))
    connect(str(control_plane.kubeconfig), None).apply(
        _secret("served", {"tls.crt": renewed[0], "ca.crt": authority.pem}), field_manager="test"
    )
    gateway = start_gateway(start_registry().port, [renewed, stale])
    parameters = {
        "url": f"https://{NAME}:{gateway.port}",
        "certificate_secret": {"namespace": "default", "name": "served"},
        "kubeconfig": str(control_plane.kubeconfig),
    }
    assert check_by_name(**parameters)["healthy"]
    result = check_by_name(**parameters, every_address=True)
    assert result["failed"]
    assert statuses(result)["tls[127.0.0.2]"] == "ok"
    assert statuses(result)["certificate_equals_secret[127.0.0.1]"] == "ok"
    assert statuses(result)["certificate_equals_secret[127.0.0.2]"] == "fail"
    assert "not restarted since" in message(result, "certificate_equals_secret[127.0.0.2]")


def _secret(name: str, data: dict[str, bytes]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "default"},
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }
