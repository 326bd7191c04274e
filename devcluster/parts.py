# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that are built from Go modules: what, from where, and how long it takes on two cores.

Each family is one `go.mod` under `devcluster/go`, so that its parts share compiled packages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from devcluster.errors import ClusterError

GO_MODULES = Path(__file__).parent / "go"
KUBERNETES_VERSION = "v1.36.3"

_VERSION_PACKAGE = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES_VERSION.lstrip("v").split(".")


@dataclass(frozen=True)
class Part:
    """One build: Go packages of a family to binaries of the given names.

    `binaries` maps the name in the cache to the Go package; `seconds` is the cold build time
    on two cores, used for the estimate only; `share` names a module and the files of it that are
    used as they are (CRDs, a default configuration), by a pattern relative to the module.
    `measured_beside` is true for what benchmarks compare with and no cluster runs.
    """

    name: str
    family: str
    binaries: tuple[tuple[str, str], ...]
    seconds: int
    linker_flags: str = ""
    share: tuple[str, str] | None = None
    # Not in repr, which the key of the cache is made of: it says who needs a part, not what is built.
    measured_beside: bool = field(default=False, repr=False)


def _kubernetes(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, f"k8s.io/kubernetes/cmd/{name}") for name in names)


_CONTAINERD = "github.com/containerd/containerd/v2/cmd"
_CNI = "github.com/containernetworking/plugins/plugins"
_CRANE = "github.com/google/go-containerregistry/cmd/crane"
_CONTOUR = "github.com/projectcontour/contour"
_CERT_MANAGER = "github.com/cert-manager/cert-manager"
_DISTRIBUTION = "github.com/distribution/distribution/v3"
_KWOK = "sigs.k8s.io/kwok/cmd/kwok"
_METALLB = "go.universe.tf/metallb"

PARTS: tuple[Part, ...] = (
    Part(
        "kubernetes",
        "kubernetes",
        _kubernetes("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"),
        250,
        linker_flags=(
            f"-X {_VERSION_PACKAGE}.gitVersion={KUBERNETES_VERSION}"
            f" -X {_VERSION_PACKAGE}.gitMajor={_MAJOR} -X {_VERSION_PACKAGE}.gitMinor={_MINOR}"
        ),
    ),
    Part("coredns", "kubernetes", (("coredns", "github.com/coredns/coredns"),), 50),
    Part(
        "local-path-provisioner",
        "kubernetes",
        (("local-path-provisioner", "github.com/rancher/local-path-provisioner"),),
        4,
    ),
    Part("etcd", "etcd", (("etcd", "go.etcd.io/etcd/server/v3"),), 20),
    Part(
        "registry",
        "registry",
        (("registry", f"{_DISTRIBUTION}/cmd/registry"),),
        58,
        share=(_DISTRIBUTION, "cmd/registry/config-dev.yml"),
    ),
    Part(
        "containerd",
        "containerd",
        tuple((name, f"{_CONTAINERD}/{name}") for name in ("containerd", "ctr", "containerd-shim-runc-v2")),
        55,
    ),
    Part(
        "cni",
        "containerd",
        (
            ("cni/bridge", f"{_CNI}/main/bridge"),
            ("cni/loopback", f"{_CNI}/main/loopback"),
            ("cni/host-local", f"{_CNI}/ipam/host-local"),
            ("cni/portmap", f"{_CNI}/meta/portmap"),
        ),
        5,
    ),
    Part(
        "cert-manager",
        "cert-manager",
        (("cert-manager-controller", f"{_CERT_MANAGER}/cmd/controller"),),
        75,
        share=(_CERT_MANAGER, "deploy/crds/*.yaml"),
    ),
    Part(
        "metallb",
        "metallb",
        (("metallb-controller", f"{_METALLB}/controller"),),
        40,
        share=(_METALLB, "config/crd/bases/*.yaml"),
    ),
    Part(
        "contour",
        "contour",
        (("contour", f"{_CONTOUR}/cmd/contour"),),
        75,
        share=(_CONTOUR, "examples/contour/01-crds.yaml"),
    ),
    Part("crane", "crane", (("crane", _CRANE),), 25, measured_beside=True),
    Part("kwok", "kwok", (("kwok", _KWOK),), 65, measured_beside=True),
)
CLUSTER_PARTS: tuple[Part, ...] = tuple(part for part in PARTS if not part.measured_beside)


def select(names: Iterable[str]) -> tuple[Part, ...]:
    """The parts of these names, in building order; raises ClusterError naming those that are unknown."""
    wanted = list(names)
    known = [part.name for part in PARTS]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ClusterError(f"no part is called {', '.join(unknown)}; there are: {', '.join(known)}")
    return tuple(part for part in PARTS if part.name in wanted)
