#!/usr/bin/env bash
set -xe

if [[ -f /opt/sentinel ]]; then
   if [[ ! -z "\$1" ]]; then
     echo "received positional argument, forcing cleanup"
     rm /opt/sentinel || true
   else
     echo "Already ran, exiting"
     exit 0
   fi
fi

# Start installing packages on the node
pushd /tmp || exit 1
pkg_name="mypackage"
pkg_tag="latest"
pkg_output="./mypackage.deb"

# This port is set by the pkg-serve container when the DaemonSet starts
port="$PKG_SERVE_RUN_PORT"
pkg_source="localhost:$port/pkg/$pkg_name/$pkg_name"

# Fetch the package like you would any other anonymous package, except this request will never leave the network
echo "Getting package from source -- $pkg_source"
wget -O "$pkg_name" "$pkg_source"

# Install the package on the node
apt-get install $pkg_output -y
popd

# Run any additional setup scripts here

touch /opt/sentinel
