# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Reads the catalogue, fetches packages into the stage, verifies them, and writes what the server answers from.
# Run by any POSIX shell with awk, cmp, ln, mv, rm, sed, sha256sum, timeout and tr; rclone has its remote and credentials in
# the environment. The caller sets:
#   CATALOGUE_REMOTE    where the files are, as rclone names it: "storage:pkg"
#   CATALOGUE_FILE      packages.toml, where it is given; empty: it is packages.toml of the remote
#   CATALOGUE_FOLDER    takes packages.map and generation
#   CATALOGUE_AWK       catalogue.awk
#   CATALOGUE_PACKAGES  "name/tag name/tag": fetched also where no sha256 is known
#   CATALOGUE_LIMIT     seconds for all
#   STAGE_FOLDER        takes by-digest/SHA256/FILE, which are served, and by-name/NAME/TAG/FILE, the same files
#   MESSAGE_FILE        where to say why it failed
#   RCLONE_PID          of a server that is told to look again before the map changes; empty: this is the first reading
# A package with a sha256 is served from the stage only, so never unverified. On a failure what was there stays. by-name is
# what the first reading found, and a package without a sha256 is fetched once: an action sees one state of things.

set -eu

now="$(date +%s)"
end=$((now + CATALOGUE_LIMIT))
# Each on the volume where its files end up, so that they can be renamed and linked.
work="$CATALOGUE_FOLDER/work"
linked="$STAGE_FOLDER/by-name.new"
fetched="$STAGE_FOLDER/fetched"
tab="$(printf '\t')"
faults=""

# fail: ends with what was reported. A termination message has 4096 octets at most.
fail() {
    printf '%s\n' "$faults" >&2
    printf '%s\n' "$faults" | head -c 4000 > "$MESSAGE_FILE"
    rm -rf "$work" "$linked" "$fetched"
    exit 1
}

report() {
    faults="${faults}${faults:+; }$1"
}

# run_rclone ARGUMENT…: within what is left of the time. Errors go to $work/errors.
run_rclone() {
    now="$(date +%s)"
    left=$((end - now))
    if [ "$left" -le 0 ]; then
        return 124
    fi
    code=0
    # Killed outright: a request that hangs does not end on a polite signal at once.
    timeout -s KILL "$left" rclone --contimeout 10s --timeout 30s --retries 1 --low-level-retries 2 \
        --log-level ERROR --log-format "" "$@" < /dev/null 2> "$work/errors" || code=$?
    return "$code"
}

# reason CODE: why rclone failed, in the first line of what it said and in those that tell the answer of a storage, without
# what may be a secret in a URL.
reason() {
    case "$1" in
        124 | 137)
            if [ "$(date +%s)" -ge "$end" ]; then
                printf 'no answer within %s seconds' "$CATALOGUE_LIMIT"
            else
                printf 'rclone was killed: has it enough memory?'
            fi
            ;;
        *)
            LC_ALL=C sed -e 's/^[A-Z]* *: *//' -e 's/^Attempt .* errors and: //' \
                -e 's,//[^/@ ]*@,//,g' -e 's/?[^ "]*/?.../g' "$work/errors" |
                LC_ALL=C tr -d '\000-\011\013-\037\177' |
                awk '
                    NR == 1 { first = $0 }
                    NR > 1 && /^ERROR CODE: / && code == "" { code = " " $0 }
                    NR > 1 && /^RESPONSE / && response == "" { response = " " $0 }
                    END { printf "%s%s%s", first, code, response }
                ' |
                head -c 600
            ;;
    esac
}

# fetch PATH FILE: a file of the storage becomes that local file. Gives 4 where it is not there.
fetch() {
    rm -rf "$2"
    code=0
    run_rclone copyto --no-check-dest "${CATALOGUE_REMOTE%/}$separator$1" "$2" || code=$?
    # A storage without real folders may take a file that is not there for an empty one.
    if [ "$code" -eq 0 ] && [ ! -f "$2" ]; then
        code=4
    elif [ "$code" -eq 1 ] && grep -q "Source doesn't exist" "$work/errors"; then
        code=4
    fi
    return "$code"
}

without_nul() {
    LC_ALL=C tr -d '\000' < "$1"
}

translate() {
    if ! without_nul "$1" | cmp -s - "$1"; then
        report "packages.toml is not text: it holds NUL octets"
        fail
    fi
    if ! LC_ALL=C awk -f "$CATALOGUE_AWK" "$1" > "$work/entries" 2> "$work/errors"; then
        report "$(cat "$work/errors")"
        fail
    fi
}

read_catalogue() {
    if [ -n "$CATALOGUE_FILE" ]; then
        translate "$CATALOGUE_FILE"
        return 0
    fi
    code=0
    fetch packages.toml "$work/packages.toml" || code=$?
    case "$code" in
        0) translate "$work/packages.toml" ;;
        3 | 4)
            report "the storage has no packages.toml in $CATALOGUE_REMOTE"
            fail
            ;;
        *)
            report "the storage cannot be read: $(reason "$code")"
            fail
            ;;
    esac
}

check_wanted() {
    for package in $CATALOGUE_PACKAGES; do
        if ! cut -f 1,2 "$work/entries" | grep -qxF "${package%%/*}$tab${package#*/}"; then
            report "packages.toml has no package $package"
        fi
    done
    if [ -n "$faults" ]; then
        known="$(cut -f 1,2 "$work/entries" | tr '\t\n' '/ ' | head -c 1000)"
        report "it has: ${known:-none}"
        fail
    fi
}

is_wanted() {
    case " $CATALOGUE_PACKAGES " in
        *" $1 "*) return 0 ;;
        *) return 1 ;;
    esac
}

# staged_before NAME TAG FILE: the sha256 that the map has of it; "-" where it is not in the stage.
staged_before() {
    before="-"
    if [ -n "$RCLONE_PID" ]; then
        before="$(grep -F -- "/pkg/$1/$2 " "$CATALOGUE_FOLDER/packages.map" || true)"
        before="${before#* }"
        before="${before%%|*}"
    fi
    if [ -n "$before" ] && [ -f "$STAGE_FOLDER/by-digest/$before/$3" ]; then
        printf '%s' "$before"
    else
        printf '%s' "-"
    fi
}

# fetch_verified NAME TAG SHA256 PATH: the file becomes $fetched; sets sha256.
fetch_verified() {
    code=0
    fetch "$4" "$fetched" || code=$?
    case "$code" in
        0) ;;
        3 | 4)
            report "$1/$2: the storage has no file $4"
            return 1
            ;;
        *)
            report "$1/$2: the file $4 cannot be fetched: $(reason "$code")"
            return 1
            ;;
    esac
    sha256="$(sha256sum < "$fetched")"
    sha256="${sha256%% *}"
    if [ "$3" != "-" ] && [ "$3" != "$sha256" ]; then
        report "$1/$2: the file $4 has the sha256 $sha256, but the catalogue says $3"
        return 1
    fi
}

# stage NAME TAG SHA256 PATH: sets sha256 to that of the staged file; fails where it is not there.
stage() {
    file="${4##*/}"
    sha256="$3"
    if [ "$sha256" = "-" ]; then
        sha256="$(staged_before "$1" "$2" "$file")"
    fi
    if [ "$sha256" = "-" ] || [ ! -f "$STAGE_FOLDER/by-digest/$sha256/$file" ]; then
        fetch_verified "$@" || return 1
        if ! mkdir -p "$STAGE_FOLDER/by-digest/$sha256" ||
            ! mv -f "$fetched" "$STAGE_FOLDER/by-digest/$sha256/$file"; then
            report "$1/$2: the file $4 cannot be stored: is the volume of the stage full?"
            return 1
        fi
    fi
    if [ -z "$RCLONE_PID" ]; then
        if ! mkdir -p "$linked/$1/$2" ||
            ! ln -f "$STAGE_FOLDER/by-digest/$sha256/$file" "$linked/$1/$2/$file"; then
            report "$1/$2: the file $4 cannot be linked in the volume of the stage"
            return 1
        fi
    fi
}

stage_all() {
    while IFS="$tab" read -r name tag sha256 path url; do
        if [ "$sha256" = "-" ] && ! is_wanted "$name/$tag"; then
            printf '/pkg/%s/%s -|/storage/%s\n' "$name" "$tag" "$url"
        elif stage "$name" "$tag" "$sha256" "$path"; then
            printf '/pkg/%s/%s %s|/stage/by-digest/%s/%s\n' "$name" "$tag" "$sha256" "$sha256" "${url##*/}"
        fi
    done < "$work/entries" > "$work/packages.map"
    if [ -n "$faults" ]; then
        fail
    fi
}

publish() {
    if [ -z "$RCLONE_PID" ]; then
        rm -rf "$STAGE_FOLDER/by-name"
        mv "$linked" "$STAGE_FOLDER/by-name"
    fi
    if ! cmp -s "$work/packages.map" "$CATALOGUE_FOLDER/packages.map"; then
        if [ -n "$RCLONE_PID" ]; then
            kill -HUP "$RCLONE_PID"
        fi
        mv -f "$work/packages.map" "$CATALOGUE_FOLDER/packages.map"
        sha256sum < "$CATALOGUE_FOLDER/packages.map" > "$work/generation"
        mv -f "$work/generation" "$CATALOGUE_FOLDER/generation"
    fi
    rm -rf "$work" "$linked" "$fetched"
}

case "$CATALOGUE_REMOTE" in
    *:) separator="" ;;
    *) separator="/" ;;
esac
rm -rf "$work" "$linked" "$fetched"
mkdir -p "$work" "$linked" "$STAGE_FOLDER/by-digest"
read_catalogue
check_wanted
stage_all
publish
