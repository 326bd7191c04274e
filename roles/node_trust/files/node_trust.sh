# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Writes, below a folder of the node, how its container runtime reaches and trusts registries.
# Run by any POSIX shell with cat, cmp, mkdir, mv, rm and rmdir. The caller sets:
#   CERTS_ROOT      the folder, as seen from here          NODE_DIRECTORY  the same folder, as the node calls it
#   HOSTS           "HOST:PORT CONNECT_HOST:PORT;…"        CA_FILE         PEM; missing or empty: none is needed
#   OWNER           written into each file                 FORMAT          hosts_toml or ca_only
#   MESSAGE_FILE    where to say why it failed
# Hosts of this owner that HOSTS no longer has are removed, so with an empty value all are.

set -eu

marker="# Written by clusterdepot.artifacts.node_trust for ${OWNER}. Do not edit."
faults=""

report() {
    faults="${faults}${faults:+; }$1"
}

is_ours() {
    first_line=""
    IFS= read -r first_line < "$1" || true
    [ "$first_line" = "$marker" ]
}

# install_file TARGET: standard input becomes TARGET, whole or not at all; nothing is moved if it is the same already.
install_file() {
    temporary="${1%/*}/.node_trust.tmp"
    cat > "$temporary"
    if [ -e "$1" ] && cmp -s "$temporary" "$1"; then
        rm -f "$temporary"
    else
        mv -f "$temporary" "$1"
    fi
}

remove_if_ours() {
    if [ -f "$1" ] && is_ours "$1"; then
        rm -f "$1"
    fi
}

# remove_host FOLDER: hosts.toml goes first, because it names ca.crt.
remove_host() {
    remove_if_ours "$1/hosts.toml"
    remove_if_ours "$1/ca.crt"
    rm -f "$1/.node_trust.tmp"
    rmdir "$1" 2> /dev/null || true
}

has_ca() {
    [ -s "$CA_FILE" ]
}

write_ca() {
    {
        printf '%s\n' "$marker"
        cat "$CA_FILE"
    } | install_file "$1/ca.crt"
}

# write_hosts_toml FOLDER HOST CONNECT
write_hosts_toml() {
    {
        printf '%s\n\nserver = "https://%s"\n\n[host."https://%s"]\n' "$marker" "$2" "$3"
        printf '  capabilities = ["pull", "resolve"]\n'
        if has_ca; then
            printf '  ca = "%s/%s/ca.crt"\n' "$NODE_DIRECTORY" "$2"
        fi
    } | install_file "$1/hosts.toml"
}

# write_host HOST CONNECT
write_host() {
    folder="$CERTS_ROOT/$1"
    for file in hosts.toml ca.crt; do
        if [ -e "$folder/$file" ] && ! is_ours "$folder/$file"; then
            report "$NODE_DIRECTORY/$1/$file is there and was not written by ${OWNER}: move it away, or take $1 out of the list"
            return 0
        fi
    done
    if ! mkdir -p "$folder"; then
        report "$NODE_DIRECTORY/$1 cannot be made: is the node's file system read-only there?"
        return 0
    fi
    if has_ca; then
        write_ca "$folder"
    fi
    if [ "$FORMAT" = hosts_toml ]; then
        write_hosts_toml "$folder" "$1" "$2"
    else
        remove_if_ours "$folder/hosts.toml"
    fi
    if ! has_ca; then
        remove_if_ours "$folder/ca.crt"
        rmdir "$folder" 2> /dev/null || true
    fi
}

is_listed() {
    case ";$HOSTS" in
        *";$1 "*) return 0 ;;
        *) return 1 ;;
    esac
}

remaining="$HOSTS"
while [ -n "$remaining" ]; do
    entry="${remaining%%;*}"
    remaining="${remaining#*;}"
    write_host "${entry% *}" "${entry#* }"
done

for folder in "$CERTS_ROOT"/*; do
    if [ -d "$folder" ] && ! is_listed "${folder##*/}"; then
        for file in "$folder/hosts.toml" "$folder/ca.crt"; do
            if [ -f "$file" ] && is_ours "$file"; then
                remove_host "$folder"
                break
            fi
        done
    fi
done

if [ -n "$faults" ]; then
    printf '%s\n' "$faults" >&2
    printf '%s\n' "$faults" > "$MESSAGE_FILE"
    exit 1
fi
