# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubeconfig files: one to each identity, with the certificates inside. Pure but for reading them."""

from __future__ import annotations

import base64
import json
from pathlib import Path


def kubeconfig(pki: Path, user: str, server: str) -> str:
    """JSON, which is YAML; `user` names the certificate's files in the folder."""

    def inline(file: str) -> str:
        return base64.b64encode((pki / file).read_bytes()).decode()

    cluster = {"server": server, "certificate-authority-data": inline("authority.crt")}
    credentials = {
        "client-certificate-data": inline(f"{user}.crt"),
        "client-key-data": inline(f"{user}.key"),
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "embedded", "cluster": cluster}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "embedded", "context": {"cluster": "embedded", "user": user}}],
            "current-context": "embedded",
        },
        indent=1,
    )
