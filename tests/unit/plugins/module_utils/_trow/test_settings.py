# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import read_settings
from tests.unit.plugins.module_utils._nodes.json_like import json_like
from tests.unit.plugins.module_utils._trow.wishes import (
    ALL,
    CA,
    HOST,
    NOTES,
    VALIDATION,
    faults_of,
    settings_of,
)

MORE = ("version", "password", "hostpath_nodes", "registry_proxies", "accept_data_loss", "ca_certificate")
KEYS = sorted({*ALL, *NOTES, *MORE})
KEY = "-----BEGIN EC PRIVATE KEY-----\nhush\n-----END EC PRIVATE KEY-----\n"
WORDS = [
    HOST,
    CA,
    KEY,
    "0.10",
    "0.6",
    "Allow",
    "class",
    "true",
    "10Gi",
    "/data",
    "docker.io",
    "50GiB",
    "..",
    "-",
    "a:b",
]
INNER = ["default", "allow", "deny", "registries", "offline", "max_size", "host", "alias", "password", "key"]


@given(st.dictionaries(st.sampled_from(KEYS), json_like(INNER, WORDS), max_size=8))
def test_whatever_is_given_is_read_or_refused(wish: Mapping[str, Any]) -> None:
    settings, faults = read_settings({"host": HOST, **wish})
    known = {*KEYS, "password_file", "ca_certificate_file"}
    assert all(str(fault) and fault.where.partition(".")[0].partition("[")[0] in known for fault in faults)
    if not faults:
        # Nothing in them that no file can have.
        json.dumps(asdict(settings), allow_nan=False).encode()


@given(st.sampled_from(KEYS), st.sampled_from([None, ""]))
def test_what_is_nothing_is_the_default(key: str, nothing: object) -> None:
    if key in ("host", "user"):
        return
    assert settings_of(**{key: nothing}) == settings_of()


def test_the_notes_are_read() -> None:
    settings = settings_of(**NOTES)
    assert (settings.namespace, settings.overlay_name, settings.host) == ("trow", "paas-sandbox", HOST)
    assert settings.image.reference == "ghcr.io/trow-registry/trow:0.10.0"
    assert (settings.login.user, settings.login.secret, settings.login.key) == ("trow", "trow-pass", "pass")
    assert settings.storage.volume == "trow-data-hostpath-pv"
    assert settings.admission is None


def test_everything_is_read() -> None:
    settings = settings_of(**ALL)
    assert settings.ingress.timeout == 900
    assert settings.pod.tolerations == ({"key": "registry", "operator": "Exists"},)
    assert settings.admission is not None
    assert settings.admission.exempt == ("kube-system", "trow", "cert-manager", "monitoring")
    assert settings.admission.ca_bundle == CA


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"host": None}, "host: is missing"),
        ({"host": "10.0.0.1"}, "host: '10.0.0.1' is not allowed"),
        ({"host": "Registry.example"}, "host: 'Registry.example'"),
        ({"host": "registry.example:5000"}, "host: 'registry.example:5000'"),
        ({"host": "a" * 64 + ".example"}, "host: "),
        ({"version": "0.5.0"}, "version: '0.5.0' is not a version of Trow"),
        ({"version": 0.1}, "YAML takes 0.10 for 0.1"),
        ({"version": "0.6.4"}, "user: with Trow 0.6.4 every login fails"),
        ({"namespace": "a.b"}, "namespace: 'a.b'"),
        ({"overlay_name": "../etc"}, "overlay_name: '../etc'"),
        ({"overlay_name": "cert-manager-nginx"}, "overlay_name: 'cert-manager-nginx'"),
        ({"ingress_class": "a/b"}, "ingress_class: 'a/b'"),
        ({"ingress_controller": "envoy"}, "allowed: nginx, other"),
        ({"ingress_timeout": 0}, "allowed: a whole number from 1 to 86400"),
        ({"ingress_timeout": True}, "ingress_timeout: true"),
        ({"ingress_annotations": {"a": 1}}, "ingress_annotations.a: 1 is not a string"),
        ({"ingress_annotations": []}, "ingress_annotations: a list is not a mapping"),
        ({"user": "a:b"}, "user: 'a:b'"),
        ({"user": "a b"}, "user: 'a b'"),
        ({"password_key": "a/b"}, "password_key: 'a/b'"),
        ({"storage": "nfs"}, "allowed: hostpath, class"),
        ({"storage_size": "5Gig"}, "storage_size: '5Gig'"),
        ({"storage_size": "0"}, "storage_size: '0'"),
        ({"hostpath_path": "/"}, "hostpath_path: '/'"),
        ({"hostpath_path": "/data/../etc"}, "hostpath_path: "),
        ({"hostpath_path": "data"}, "hostpath_path: 'data'"),
        ({"hostpath_nodes": ["a", "B"]}, "hostpath_nodes[1]: 'B'"),
        ({"bind": "localhost"}, "bind: 'localhost'"),
        ({"bind": "fe80::1%eth0"}, "bind: "),
        ({"node_selector": {"a": "b c"}}, "node_selector.a: 'b c' cannot be the value of a label"),
        ({"tolerations": ["a"]}, "tolerations[0]: 'a' is not a mapping"),
        ({"affinity": {1: 2}}, "affinity: the key 1 is not a string"),
        ({"affinity": {"a": "\ud800"}}, "affinity.a: "),
        ({"affinity": {"a": float("nan")}}, "affinity.a: nan"),
        ({"image": "a b"}, "image: 'a b'"),
        ({"image_pull_secrets": "x"}, "image_pull_secrets: 'x' is not a list"),
        ({"accept_data_loss": "perhaps"}, "accept_data_loss: 'perhaps' is not a boolean"),
        ({"admission": True}, "admission: Trow refuses every pod where image_validation says nothing"),
        (
            {"admission": True, "image_validation": VALIDATION, "admission_failure_policy": "Fail"},
            "admission_failure_policy: Fail would keep the cluster",
        ),
        (
            {"admission": True, "image_validation": VALIDATION, "admission_namespaces": ["a", "kube-system"]},
            "admission_namespaces: kube-system: the webhook is never asked for it",
        ),
        ({"admission_timeout": 31, "image_validation": VALIDATION}, "admission_timeout: 31"),
        ({"admission_ca_bundle": 5}, "admission_ca_bundle: is not a text"),
    ],
)
def test_each_fault_names_variable_and_value(wish: dict[str, Any], words: str) -> None:
    (fault,) = faults_of(**wish)
    assert words in str(fault)


def test_all_faults_are_told_at_once() -> None:
    faults = faults_of(host="", version="1", namespace="A", storage="x", registry_proxies=1)
    assert [fault.where for fault in faults] == [
        "version",
        "host",
        "namespace",
        "storage",
        "registry_proxies",
    ]


@pytest.mark.parametrize("password", ["hush:hush", "", " ", "hush\nhush", 5, ["hush"]])
def test_a_password_that_no_login_could_tell_is_refused_and_not_shown(password: object) -> None:
    faults = faults_of(password=password, password_file="/secret")
    assert len(faults) == (0 if password == "" else 1)
    assert all(fault.where == "password_file" and "hush" not in fault.message for fault in faults)


@pytest.mark.parametrize("password", ["s3cr3tp@55", "s3cr3tp@55\n", "a b"])
def test_other_passwords_are_taken(password: str) -> None:
    assert faults_of(password=password) == ()


def test_no_user_is_a_wish_of_its_own() -> None:
    assert settings_of(user="").login.user == ""
    assert settings_of(user=None).login.user == "trow"
    assert settings_of(user="", version="0.6.4").version.patch == 4


def test_a_given_authority_is_the_one_of_the_webhook() -> None:
    settings = settings_of(ca_certificate=CA, admission=True, image_validation=VALIDATION)
    assert settings.admission is not None
    assert settings.admission.ca_bundle == CA


@pytest.mark.parametrize(
    ("key", "variable"),
    [("ca_certificate", "ca_certificate_file"), ("admission_ca_bundle", "admission_ca_bundle")],
)
@pytest.mark.parametrize(
    "text",
    [
        "hush",
        KEY,
        CA + KEY,
        KEY + CA,
        "-----BEGIN CERTIFICATE-----\nhush\n",
        CA + "-----BEGIN CERTIFICATE-----\nhush!\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_certificate_is_refused_and_not_shown(key: str, variable: str, text: str) -> None:
    (fault,) = faults_of(**{key: text})
    assert fault.where == variable
    assert "hush" not in fault.message


def test_only_the_certificates_of_a_text_are_used() -> None:
    written_by_openssl = f"Certificate:\n  Subject: CN=Größe\n{CA}and more\r\n" + CA.replace("\n", "\r\n")
    settings = settings_of(ca_certificate=written_by_openssl, admission=True, image_validation=VALIDATION)
    assert settings.admission is not None
    assert settings.admission.ca_bundle == CA + CA


def test_what_the_role_has_besides_is_passed_over() -> None:
    assert faults_of(overlay_dir="/x", health_enabled=True) == ()
