#!/usr/bin/env bash
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# install.bash without its mistakes.
set -xe

pushd /tmp || exit 1
pkg_name="mypackage"
pkg_tag="latest"
pkg_output="./mypackage.deb"

port="$PKG_SERVE_RUN_PORT"
pkg_source="localhost:$port/pkg/$pkg_name/$pkg_tag"

echo "Getting package from source -- $pkg_source"
wget -O "$pkg_output" "$pkg_source"

# Others may be installing something at the same time.
apt-get -o DPkg::Lock::Timeout=300 install "$pkg_output" -y
rm "$pkg_output"
popd
