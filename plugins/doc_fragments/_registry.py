# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation that registry_health and registry_health_info share."""

from __future__ import annotations


class ModuleDocFragment:
    """Options that only read, for both modules."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - The registry, as V(https://host), V(https://host:port), or with V(http://). IPv6 addresses
        stand in brackets.
      - A registry is at the root of its host, so a path other than V(/v2/) is refused. So are a
        user name and password in the URL.
    type: str
    required: true
  ca_path:
    description:
      - File with the certificates (PEM) to trust, or a folder of them in OpenSSL's hashed form. The
        system's are not trusted then.
    type: path
  ca:
    description:
      - Certificates (PEM text) to trust. The system's are not trusted then.
    type: str
  validate_certs:
    description:
      - Whether to verify the chain and the name of the served certificate.
    type: bool
    default: true
  username:
    description:
      - User name, to be given together with O(password).
    type: str
  password:
    description:
      - Password of O(username). It is sent to the registry and its token server only.
    type: str
  token_hosts:
    description:
      - Further hosts that may see the credentials because the registry's token server has such a name.
      - Not needed where that is the registry's own host, or the domain it is in.
    type: list
    elements: str
    default: []
  address:
    description:
      - IP address to connect to, instead of resolving the name in O(url). That name still counts
        for TLS and for the Host header.
    type: str
  timeout:
    description:
      - Seconds that the whole call may take, all retries included.
    type: float
    default: 30.0
  retries:
    description:
      - How many times to check again while the registry is not healthy.
    type: int
    default: 0
  delay:
    description:
      - Seconds between two tries.
    type: float
    default: 2.0
  min_days_left:
    description:
      - A served certificate that is valid for fewer days is a warning. One that has expired is a failure.
    type: int
    default: 7
  certificate_secret:
    description:
      - Secret in the cluster whose C(tls.crt) the registry must be serving.
      - Its C(ca.crt) is trusted where neither O(ca_path) nor O(ca) is given.
    type: dict
    suboptions:
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
  credentials_secret:
    description:
      - Secret in the cluster with the keys C(username) and C(password), instead of O(username) and
        O(password).
    type: dict
    suboptions:
      namespace:
        description: Its namespace.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true
  kubeconfig:
    description:
      - Path of the kubeconfig; used only to read secrets.
      - By default that of E(K8S_AUTH_KUBECONFIG), E(KUBECONFIG), C(~/.kube/config), and the pod's
        own account, in this order.
    type: path
  context:
    description:
      - Context in the kubeconfig; by default its current one.
    type: str
notes:
  - The C(kubernetes) library is needed only with O(certificate_secret) or O(credentials_secret).
"""
