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
      - It is asked directly. Variables for a proxy, such as C(HTTPS_PROXY), are not used.
      - A registry is at the root of its host, so a path other than V(/v2/) is refused. So are a
        user name and password in the URL.
    type: str
    required: true
  ca_path:
    description:
      - File with the certificates (PEM) to trust, or a folder of them in OpenSSL's hashed form. The
        system's are not trusted then, only those of O(ca) as well.
      - The system's are those of OpenSSL, so E(SSL_CERT_FILE) and E(SSL_CERT_DIR) count.
    type: path
  ca:
    description:
      - Certificates (PEM text) to trust. The system's are not trusted then, only those of O(ca_path) as well.
    type: str
  validate_certs:
    description:
      - Whether to verify the chain and the name of the served certificate.
    type: bool
    default: true
  client_cert:
    description:
      - File with a certificate (PEM, its chain after it) to show to a server that asks for one.
    type: path
  client_key:
    description:
      - File with the key of O(client_cert), without a passphrase. Not needed where the key is in that file.
    type: path
  username:
    description:
      - User name, to be given together with O(password). Neither may be empty.
    type: str
  password:
    description:
      - Password of O(username). It is sent to the registry and its token server only.
    type: str
  docker_config:
    description:
      - A C(config.json) as C(docker login) writes it, instead of O(username) and O(password).
      - The entry of the registry in C(auths) is taken, with C(auth), C(username) and C(password), or
        C(identitytoken). It is an error if there is none. Credential helpers are not run.
    type: path
  wrong_credentials:
    description:
      - Whether to try, where credentials are given, if the registry refuses a wrong password.
      - A made-up password is sent once with the right user name, with O(retries) too. Turn it off where
        that locks an account.
    type: bool
    default: true
  token_hosts:
    description:
      - Further hosts that may see the credentials because the registry's token server has such a name.
      - Not needed where that is the registry's own host, or the domain it is in.
      - Names or addresses alone, without scheme, port and path.
    type: list
    elements: str
    default: []
  address:
    description:
      - IP address to connect to, instead of resolving the name in O(url). That name still counts
        for TLS and for the Host header.
    type: str
  every_address:
    description:
      - Whether to check the connection, TLS, the certificate and the API also at every address behind the
        name on its own. Such checks are named like V(tls[198.18.0.1]).
      - A load balancer hides that one of several replicas is down or serves an old certificate.
      - Each address has its share of O(timeout), so one that says nothing leaves time for the others.
    type: bool
    default: false
  timeout:
    description:
      - Seconds that the whole call may take, all retries included.
    type: float
    default: 30.0
  retries:
    description:
      - How many times to check again while the registry is not healthy. Credentials that are refused are
        sent once in every try. The message of a failure tells how many tries there were.
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
  fail_days_left:
    description:
      - A served certificate that is valid for fewer days is a failure.
    type: int
    default: 0
  max_latency_ms:
    description:
      - Milliseconds; if the median of five requests to V(/v2/) takes longer, that is a warning.
    type: int
  expect:
    description:
      - What must be in the registry.
      - Each manifest is fetched, and its bytes must have the digest that is told. Many tags are checked
        at once, over O(connections) connections.
    type: list
    elements: dict
    default: []
    suboptions:
      repository:
        description: Name of the repository, without the registry.
        type: str
        required: true
      tags:
        description:
          - Tags, or digests such as V(sha256:...), that must exist. A digest that is neither sha256 nor
            sha512 cannot be verified, which is a failure.
          - If there are none, and O(expect[].all_tags) is false, the repository must exist.
        type: list
        elements: str
        default: []
      all_tags:
        description: Whether to check every tag that the registry lists.
        type: bool
        default: false
      platforms:
        description:
          - Platforms that each must be there for, as V(os/architecture) or V(os/architecture/variant).
          - For an image without an index, its configuration says which it is for.
          - Of an index, the image for each of them must be there, which takes one more request for each.
          - They need O(expect[].tags) or O(expect[].all_tags).
        type: list
        elements: str
        default: []
  deep:
    description:
      - Whether the configuration and every layer of what O(expect) names must be there as well, with
        the right size. Nothing but sizes is asked for, so a changed content is not seen.
      - Without O(expect) it looks at nothing, and the check says that it was skipped.
    type: bool
    default: false
  connections:
    description:
      - How many connections to use at once for O(expect), 1 to 64.
    type: int
    default: 8
  catalog:
    description:
      - Whether to ask for the list of repositories. A registry need not have one, so its absence is no fault.
    type: bool
    default: false
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
  docker_config_secret:
    description:
      - Secret in the cluster of type C(kubernetes.io/dockerconfigjson), instead of O(docker_config).
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
  - It runs on the hosts of the play, each of which asks the registry. The files that options name
    (O(ca_path), O(client_cert), O(client_key), O(docker_config), O(kubeconfig)) lie there. In a play with
    C(localhost) as its hosts, or with C(delegate_to), that is the controller.
  - The terminal shows a table of the checks below a line with the host and the URL.
  - The C(kubernetes) library is needed only with O(certificate_secret), O(credentials_secret) or
    O(docker_config_secret).
"""
