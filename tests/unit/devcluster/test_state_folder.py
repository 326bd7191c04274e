# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a start that was killed leaves in the state folder must not stop the next one."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest
from cryptography import x509

from devcluster import cluster, identities
from devcluster.addresses import Addresses
from devcluster.certificates import Subject, authority, issue
from devcluster.folders import Folders, folders
from devcluster.settings import Settings

ADDRESSES = Addresses(IPv4Network("100.64.0.0/18"))


def made(tmp_path: Path) -> Folders:
    where = Folders(tmp_path / "cache", tmp_path / "state")
    where.state.mkdir()
    identities.create(where, ADDRESSES)
    return where


def public_keys(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.glob("*.crt")}


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    settings = Settings(Folders(tmp_path / "cache", tmp_path), ADDRESSES)
    settings.write()
    assert Settings.read(tmp_path) == settings
    assert Settings.read(tmp_path / "never used") is None


def test_identities_are_kept(tmp_path: Path) -> None:
    where = made(tmp_path)
    before = public_keys(where.pki)
    identities.create(where, ADDRESSES)
    assert public_keys(where.pki) == before


@pytest.mark.parametrize("lost", ["authority.crt", "kubelet.crt"])
def test_a_key_without_its_certificate_is_made_anew(tmp_path: Path, lost: str) -> None:
    folder = tmp_path / "pki"
    folder.mkdir()
    root = authority(folder, "authority")
    issue(folder, "kubelet", Subject("kubelet"), root)
    (folder / lost).unlink()
    # What writing a key begins with: the file, still empty.
    (folder / lost).with_suffix(".key").write_bytes(b"")
    again = authority(folder, "authority")
    (folder / "kubelet.crt").unlink(missing_ok=True)
    issue(folder, "kubelet", Subject("kubelet"), again)
    certificate = x509.load_pem_x509_certificate((folder / "kubelet.crt").read_bytes())
    certificate.verify_directly_issued_by(again.certificate)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    where = made(tmp_path)
    private = [*where.pki.glob("*.key"), *(where.state / "config").iterdir(), where.kubeconfig]
    assert len(private) > len(identities.KUBECONFIGS)
    assert {oct(path.stat().st_mode & 0o777) for path in private} == {"0o600"}
    assert oct(where.pki.stat().st_mode & 0o777) == "0o700"


def test_the_api_servers_certificate_has_all_names_it_is_called_by(tmp_path: Path) -> None:
    where = made(tmp_path)
    certificate = x509.load_pem_x509_certificate((where.pki / "kube-apiserver.crt").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.IPAddress)) >= {ADDRESSES.node, ADDRESSES.api_service}
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)


def test_the_plan_is_the_same_each_time_and_another_for_other_addresses(tmp_path: Path) -> None:
    where = Folders(tmp_path / "cache", tmp_path / "state")
    one = cluster.plan(Settings(where, ADDRESSES))
    assert cluster.plan(Settings(where, ADDRESSES)).text() == one.text()
    other = Addresses(IPv4Network("198.18.0.0/18"))
    assert cluster.plan(Settings(where, other)).text() != one.text()


def test_folders_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLUSTERDEPOT_STATE", "state")
    monkeypatch.setenv("CLUSTERDEPOT_CACHE", "cache")
    assert folders() == Folders(tmp_path / "cache", tmp_path / "state")


def test_folders_follow_the_xdg_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLUSTERDEPOT_STATE", "CLUSTERDEPOT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert folders() == Folders(tmp_path / "c/clusterdepot", tmp_path / "s/clusterdepot")
