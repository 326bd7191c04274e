# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    IDENTITIES,
    LONGEST_PATH,
    TYPES,
    check_secret,
    read_storage,
)
from tests.unit.plugins.module_utils._nodes.json_like import json_like
from tests.unit.plugins.module_utils._nodes.pods import RAW_STORAGES, STORAGES, storage_of

AZURE = {"type": "azureblob", "account": "account1"}
S3 = {"type": "s3", "bucket": "bucket"}
CLIENT = "00000000-1111-2222-3333-444444444444"
KEYS = (
    *("type", "account", "container", "bucket", "prefix", "region", "endpoint", "provider", "url"),
    *("path", "identity", "client_id", "secret", "ca_secret"),
)


def faults_of(raw: object) -> list[str]:
    storage, faults = read_storage(raw)
    assert (storage is None) is (bool(faults) or raw is None)
    return [str(fault) for fault in faults]


def options_of(raw: dict[str, Any]) -> dict[str, str]:
    """Rclone's variables without what they have in common."""
    environment = dict(storage_of(raw).environment)
    assert all(name.startswith("RCLONE_CONFIG_STORAGE_") for name in environment)
    return {name.removeprefix("RCLONE_CONFIG_STORAGE_"): value for name, value in environment.items()}


def test_none_is_no_storage() -> None:
    assert read_storage(None) == (None, [])


@pytest.mark.parametrize(
    ("raw", "remote", "options"),
    [
        (AZURE, "storage:pkg", {"TYPE": "azureblob", "ACCOUNT": "account1"}),
        (
            {**AZURE, "container": "files", "prefix": "/a/b/", "endpoint": "http://127.0.0.1:10000/account1"},
            "storage:files/a/b",
            {"TYPE": "azureblob", "ACCOUNT": "account1", "ENDPOINT": "http://127.0.0.1:10000/account1"},
        ),
        (
            {**AZURE, "identity": "node", "client_id": CLIENT},
            "storage:pkg",
            {"TYPE": "azureblob", "ACCOUNT": "account1", "USE_MSI": "true", "MSI_CLIENT_ID": CLIENT},
        ),
        (
            {**AZURE, "identity": "workload", "client_id": CLIENT},
            "storage:pkg",
            {"TYPE": "azureblob", "ACCOUNT": "account1", "ENV_AUTH": "true"},
        ),
        (S3, "storage:bucket", {"TYPE": "s3", "PROVIDER": "AWS"}),
        (
            {**S3, "provider": "Minio", "endpoint": "https://s3.example.org:9000", "region": "eu-1"},
            "storage:bucket",
            {
                "TYPE": "s3",
                "PROVIDER": "Minio",
                "ENDPOINT": "https://s3.example.org:9000",
                "REGION": "eu-1",
            },
        ),
        (
            {**S3, "identity": "node", "prefix": ""},
            "storage:bucket",
            {"TYPE": "s3", "PROVIDER": "AWS", "ENV_AUTH": "true"},
        ),
        (
            {"type": "gcs", "bucket": "bucket"},
            "storage:bucket",
            {"TYPE": "google cloud storage", "ANONYMOUS": "true"},
        ),
        (
            {"type": "gcs", "bucket": "bucket", "identity": "workload"},
            "storage:bucket",
            {"TYPE": "google cloud storage", "ENV_AUTH": "true"},
        ),
        (
            {"type": "gcs", "bucket": "bucket", "secret": "gcs"},
            "storage:bucket",
            {"TYPE": "google cloud storage"},
        ),
        (
            {"type": "http", "url": "https://example.org/a/"},
            "storage:",
            {"TYPE": "http", "URL": "https://example.org/a"},
        ),
        (
            {"type": "http", "url": "http://example.org", "prefix": "b"},
            "storage:b",
            {"TYPE": "http", "URL": "http://example.org"},
        ),
        (
            {"type": "local", "path": "/srv/packages/", "prefix": "a b"},
            "storage:/source/a b",
            {"TYPE": "local", "COPY_LINKS": "true"},
        ),
    ],
)
def test_what_rclone_is_told(raw: dict[str, Any], remote: str, options: dict[str, str]) -> None:
    assert storage_of(raw).remote == remote
    assert options_of(raw) == options


@pytest.mark.parametrize(
    ("raw", "changes"),
    [
        (AZURE, {"account": "account2"}),
        (AZURE, {"container": "other"}),
        (AZURE, {"prefix": "folder"}),
        (AZURE, {"endpoint": "http://127.0.0.1:10000/account1"}),
        (S3, {"type": "gcs"}),
        (S3, {"region": "eu-1"}),
        ({"type": "http", "url": "https://example.org/a"}, {"url": "https://example.org/b"}),
        ({"type": "local", "path": "/a"}, {"path": "/b"}),
    ],
)
def test_another_storage_is_another_place(raw: dict[str, Any], changes: dict[str, Any]) -> None:
    assert storage_of(raw).place == storage_of(dict(raw)).place
    assert storage_of({**raw, **changes}).place != storage_of(raw).place


@pytest.mark.parametrize("kind", ["azureblob", "s3", "gcs"])
def test_who_asks_does_not_make_it_another_place(kind: str) -> None:
    raw = {key: value for key, value in RAW_STORAGES[kind].items() if key not in ("identity", "secret")}
    asking: list[dict[str, str]] = [{"secret": "one"}, {"identity": "node"}, {"identity": "workload"}]
    if kind == "azureblob":
        asking.append({"identity": "node", "client_id": CLIENT})
    for changes in asking:
        assert storage_of({**raw, **changes}).place == storage_of(raw).place


def test_only_a_folder_of_the_node_is_one() -> None:
    assert storage_of({"type": "local", "path": "/srv/packages/"}).host_path == "/srv/packages"
    assert {storage.host_path for name, storage in STORAGES.items() if name != "local"} == {""}


def test_keys_that_are_null_are_not_given() -> None:
    assert storage_of({**AZURE, "container": None, "secret": None}) == storage_of(AZURE)


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ("azureblob", "storage: 'azureblob' is not a mapping with the keys of a storage"),
        ({}, "storage.type: is missing; allowed: azureblob, s3, gcs, http, local"),
        (
            {"type": "ftp"},
            "storage.type: 'ftp' is not a storage; allowed: azureblob, s3, gcs, http, local",
        ),
        (
            {"type": ["s3"]},
            "storage.type: a list is not a storage; allowed: azureblob, s3, gcs, http, local",
        ),
        ({"type": "azureblob"}, "storage.account: is missing"),
        ({"type": "s3"}, "storage.bucket: is missing"),
        ({"type": "gcs"}, "storage.bucket: is missing"),
        ({"type": "http"}, "storage.url: is missing"),
        ({"type": "local"}, "storage.path: is missing"),
        (
            {**AZURE, "account": "Account"},
            "storage.account: 'Account' cannot be used: 3 to 24 lower-case letters and digits",
        ),
        (
            {**AZURE, "container": "a--b"},
            (
                "storage.container: 'a--b' cannot be used: 3 to 63 lower-case letters, digits and single '-',"
                " a letter or digit at both ends"
            ),
        ),
        ({**S3, "bucket": 5}, "storage.bucket: 5 is not a string"),
        (
            {**S3, "identity": "pod"},
            "storage.identity: 'pod' is not an identity; allowed: none, node, workload",
        ),
        (
            {**S3, "identity": "node", "secret": "s3"},
            "storage.identity: 'node' is given beside a secret; allowed: one of them",
        ),
        (
            {**AZURE, "client_id": CLIENT},
            "storage.client_id: is of use with the identity node or workload only",
        ),
        (
            {**AZURE, "identity": "node", "client_id": "me"},
            "storage.client_id: 'me' cannot be used: such as 00000000-0000-0000-0000-000000000000",
        ),
        (
            {"type": "http", "url": "https://user:password@example.org"},
            "storage.url: the URL must not hold a user, a query or a fragment",
        ),
        (
            {**S3, "endpoint": "s3.example.org"},
            "storage.endpoint: 's3.example.org' does not begin with http:// or https://",
        ),
    ],
)
def test_what_cannot_be_used_is_told(raw: object, fault: str) -> None:
    assert faults_of(raw) == [fault]


@pytest.mark.parametrize(
    "path", ["srv", "/", "", "/srv/../etc", "/srv//a", "/srv/.", "/a\nb", '/a"b', "/\ud800"]
)
def test_folders_of_a_node_that_are_none(path: str) -> None:
    assert len(faults_of({"type": "local", "path": path})) == 1


@pytest.mark.parametrize(
    "prefix", ["..", "a/../b", "a//b", "./a", "a\0b", 'a"b', "a" * (LONGEST_PATH + 1), "\ud800"]
)
def test_folders_of_a_storage_that_are_none(prefix: str) -> None:
    assert len(faults_of({**S3, "prefix": prefix})) == 1


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("azureblob", "bucket"),
        ("s3", "container"),
        ("gcs", "endpoint"),
        ("http", "identity"),
        ("local", "secret"),
        ("s3", "client_id"),
        ("local", "nonsense"),
    ],
)
def test_keys_of_another_storage_are_told(kind: str, key: str) -> None:
    raw = {**RAW_STORAGES[kind], key: "x"}
    (fault,) = faults_of(raw)
    assert fault.startswith(f"storage: the key '{key}' is not known; allowed: type, ")
    assert fault.endswith(f" (of the type {kind})")


def test_all_faults_are_told_at_once() -> None:
    raw = {"type": "azureblob", "bucket": "b", "container": "A", "secret": "_", "prefix": "..", "identity": 1}
    told = faults_of(raw)
    assert len(told) == 6
    assert sum("storage.account: is missing" in fault for fault in told) == 1


def test_no_value_but_names_is_asked_for_in_the_option() -> None:
    assert storage_of({**S3, "secret": "s3"}).secret_keys == (
        ("RCLONE_CONFIG_STORAGE_ACCESS_KEY_ID", "access_key_id"),
        ("RCLONE_CONFIG_STORAGE_SECRET_ACCESS_KEY", "secret_access_key"),
    )
    assert storage_of(S3).secret_keys == ()
    assert storage_of(S3).optional_secret_keys == ()
    assert storage_of({**AZURE, "secret": "azure"}).optional_secret_keys == (
        ("RCLONE_CONFIG_STORAGE_KEY", "account_key"),
        ("RCLONE_CONFIG_STORAGE_SAS_URL", "sas_url"),
    )


@pytest.mark.parametrize(
    ("kind", "keys", "variables"),
    [
        ("azureblob", {"account_key", "more"}, {"KEY"}),
        ("azureblob", {"sas_url"}, {"SAS_URL"}),
        ("azureblob", {"sas_url", "account_key"}, {"SAS_URL", "KEY"}),
        ("s3", {"access_key_id", "secret_access_key"}, {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY"}),
        (
            "s3",
            {"access_key_id", "secret_access_key", "session_token"},
            {"ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"},
        ),
        ("gcs", {"service_account_credentials"}, {"SERVICE_ACCOUNT_CREDENTIALS"}),
        ("http", {"headers"}, {"HEADERS"}),
        ("local", set(), set()),
        ("identity", None, set()),
    ],
)
def test_a_secret_is_asked_for_just_what_it_has(
    kind: str, keys: set[str] | None, variables: set[str]
) -> None:
    storage, reason = check_secret(STORAGES[kind], keys)
    assert reason is None
    assert storage.optional_secret_keys == ()
    found = {name.removeprefix("RCLONE_CONFIG_STORAGE_"): key for name, key in storage.secret_keys}
    assert set(found) == variables
    assert set(found.values()) <= (keys or set())


@pytest.mark.parametrize(
    ("kind", "keys", "reason"),
    [
        ("azureblob", None, "the storage's secret azure is missing"),
        ("azureblob", {"key"}, "the storage's secret azure has no key account_key or sas_url"),
        ("s3", {"session_token"}, "the storage's secret s3 has no key access_key_id and secret_access_key"),
        ("s3", {"access_key_id"}, "the storage's secret s3 has no key secret_access_key"),
        ("gcs", set(), "the storage's secret gcs has no key service_account_credentials"),
        ("http", set(), "the storage's secret http has no key headers"),
    ],
)
def test_a_secret_that_does_not_do_is_told(kind: str, keys: set[str] | None, reason: str) -> None:
    storage, told = check_secret(STORAGES[kind], keys)
    assert told == reason
    assert storage == STORAGES[kind]


WORDS = [*TYPES, *IDENTITIES, "pkg", "/srv", "http://example.org", CLIENT, "a"]


@given(json_like(KEYS, WORDS))
def test_nothing_raises(raw: object) -> None:
    faults_of(raw)


@given(
    st.sampled_from(list(RAW_STORAGES.values())),
    st.dictionaries(st.sampled_from(KEYS), json_like(KEYS, WORDS)),
)
def test_nothing_raises_of_what_is_nearly_right(raw: dict[str, Any], changes: dict[str, Any]) -> None:
    storage, faults = read_storage({**raw, **changes})
    assert storage is not None or faults
    if storage is not None:
        # Whatever passes can be told to rclone: one line, no quotes.
        for text in (storage.remote, storage.host_path, *(value for _name, value in storage.environment)):
            assert text.isprintable()
            assert '"' not in text
