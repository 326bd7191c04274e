#!/bin/sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# A STAND-IN for Trow, whose image no registry may be able to give. It is not Trow.
# It refuses the command lines that Trow of version TROW_VERSION refuses, with Trow's exit codes (2 for what
# its parser refuses, 101 and 1 for what fails after that), logs in the way Trow does (/login gives a bearer token
# for a name and a password), and answers /healthz and /readiness. Images are kept by a distribution registry.
# Like Trow since 0.7, it does not find images that 0.6 has stored. It is no proxy. Its webhook looks at no image: it
# lets all pods in where the configuration's default is Allow, and none elsewhere.
# Source of the parameters: src/main.rs of Trow's tags v0.6.3, v0.7.5, v0.8.0, v0.9.4 and v0.10.0.
set -eu

refuse() {
  printf "error: %s\n\nFor more information, try '--help'.\n" "$1" >&2
  exit 2
}

give_up() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

case $TROW_VERSION in
  0.6) own="host port name image-validation-config-file proxy-registry-config-file" layout=files ;;
  0.7) own="host port name config-file" layout=sqlite ;;
  0.8 | 0.9 | 0.10) own="bind hostname config-file" layout=sqlite ;;
  *) give_up 1 "this stand-in knows no Trow $TROW_VERSION" ;;
esac
valued=" data-dir user password cors $own "
given=" "

has() {
  case $given in *" $1 "*) return 0 ;; esac
  return 1
}

knows() {
  case $valued in *" $1 "*) return 0 ;; esac
  return 1
}

# The long name of a short option; nothing where this version has none.
long_name() {
  case $1 in
    d) echo data-dir ;;
    U) echo user ;;
    P) echo password ;;
    n) if knows name; then echo name; else echo hostname; fi ;;
    p) if knows port; then echo port; fi ;;
    h) echo help ;;
    V) echo version ;;
  esac
}

is_number() {
  case $1 in '' | *[!0-9]* | ??????*) return 1 ;; esac
  [ "$1" -le "$2" ]
}

is_ipv4() {
  rest=$1.
  count=0
  while [ -n "$rest" ]; do
    case $rest in 0[0-9]*) return 1 ;; esac
    is_number "${rest%%.*}" 255 || return 1
    rest=${rest#*.}
    count=$((count + 1))
  done
  [ "$count" = 4 ]
}

# Roughly: HAProxy reads the address once more.
is_ipv6() {
  case $1 in *[!0-9a-fA-F:.]* | *:::*) return 1 ;; *:*:*) return 0 ;; esac
  return 1
}

is_ip() { is_ipv4 "$1" || is_ipv6 "$1"; }

is_socket() {
  is_number "${1##*:}" 65535 || return 1
  case $1 in
    \[*\]:*)
      inner=${1%\]:*}
      is_ipv6 "${inner#\[}"
      ;;
    *:*) is_ipv4 "${1%:*}" ;;
    *) return 1 ;;
  esac
}

is_bind() {
  is_socket "$1" || { [ "$TROW_VERSION" != 0.8 ] && is_ip "$1"; }
}

check_value() {
  case $1 in
    host) is_ip "$2" ;;
    port) is_number "$2" 65535 ;;
    bind) is_bind "$2" ;;
  esac || refuse "invalid value '$2' for '--$1'"
}

keep() {
  case $1 in cors | tls) ;; *) ! has "$1" || refuse "the argument '--$1' cannot be used multiple times" ;; esac
  given="$given$1 "
  check_value "$1" "$2"
  case $1 in
    host) host=$2 ;;
    port) port=$2 ;;
    bind) bind=$2 ;;
    tls) tls=$2 ;;
    data-dir) data=$2 ;;
    user) user=$2 ;;
    password) password=$2 ;;
    config-file | image-validation-config-file | proxy-registry-config-file) files="$files$2
" ;;
  esac
}

flag() {
  case $1 in
    help) echo "A stand-in for Trow $TROW_VERSION; its options with a value:$valued" && exit 0 ;;
    version) echo "Trow $TROW_VERSION (a stand-in)" && exit 0 ;;
  esac
  keep "$1" ""
}

host=0.0.0.0 port='' bind='' tls='' data=./data user='' password='' files=''
while [ $# -gt 0 ]; do
  argument=$1
  shift
  case $argument in
    --)
      [ $# = 0 ] || refuse "unexpected argument '$1' found"
      break
      ;;
    --*)
      name=${argument#--}
      name=${name%%=*}
      attached=${argument#"--$name"}
      ;;
    -?*)
      rest=${argument#-}
      letter=${rest%"${rest#?}"}
      name=$(long_name "$letter")
      attached=${rest#?}
      # -h and -V end the program, whatever letters follow.
      case $name in
        help | version) attached='' ;;
        *) [ -z "$attached" ] || attached="=${attached#=}" ;;
      esac
      ;;
    *) refuse "unexpected argument '$argument' found" ;;
  esac
  case $name in
    tls)
      keep tls "${attached#=}"
      [ -n "$attached" ] || tls=./certs/domain.crt,./certs/domain.key
      continue
      ;;
    dry-run | help | version)
      [ -z "$attached" ] || refuse "unexpected value '${attached#=}' for '--$name' found; no more were expected"
      flag "$name"
      continue
      ;;
  esac
  knows "$name" || refuse "unexpected argument '${argument%%=*}' found"
  if [ -z "$attached" ]; then
    [ $# -gt 0 ] || refuse "a value is required for '--$name' but none was supplied"
    case $1 in -?*) refuse "unexpected argument '$1' found" ;; esac
    attached="=$1"
    shift
  fi
  keep "$name" "${attached#=}"
done
missing="the following required arguments were not provided"
if has user; then has password || refuse "$missing: --password"; fi
if has password; then has user || refuse "$missing: --user"; fi

case $password in
  file://*)
    file=${password#file://}
    password=$(cat "$file" && echo .) || give_up 101 "Failed to read password file $file"
    # What Trow takes away: one end of line.
    password=${password%.}
    password=${password%"
"}
    password=${password%"$(printf '\r')"}
    ;;
esac
printf '%s' "$files" | while read -r file; do
  [ -r "$file" ] || give_up 1 "Failed to load config file: Could not read file: $file"
done
! has dry-run || exit 0

mkdir -p "$data/blobs" || give_up 101 "Failed to create trow server: $data"
[ -w "$data" ] || give_up 101 "Failed to create trow server: $data is not writable"
if [ "$layout" = sqlite ]; then
  : >>"$data/trow.db"
fi

if [ -z "$bind" ]; then
  if has port; then bind=$port; elif has tls; then bind=8443; else bind=8000; fi
  if ! knows host; then bind="[::]:8000"; elif is_ipv6 "$host"; then bind="[$host]:$bind"; else bind="$host:$bind"; fi
elif ! is_socket "$bind"; then
  if is_ipv6 "$bind"; then bind="[$bind]:8000"; else bind="$bind:8000"; fi
fi
# HAProxy wants IPv6 addresses without brackets; `v4v6` is what Linux does for [::] by itself.
case $bind in \[*) bind="ipv6@${bind#\[}" bind="${bind%%\]*}${bind##*\]} v4v6" ;; esac
if has tls; then
  case $tls in
    *,*,*) give_up 1 "tls must be a pair of paths, cert then key (got: $tls)" ;;
    ?*,?*) ;;
    *) give_up 1 "tls must be a pair of paths, cert then key (got: $tls)" ;;
  esac
  (umask 077 && cat "${tls%,*}" "${tls#*,}" >"$data/.certificate.pem") || give_up 1 "Error launching Trow: $tls"
  bind="$bind ssl crt $data/.certificate.pem"
fi

verdict=false
if printf '%s' "$files" | while read -r file; do cat "$file"; done | grep -Eq '^ *"?default"?: *"?Allow'; then
  verdict=true
fi

# Trow compares with what stands before the second colon, so that such a password never fits.
case $password in *:*) password=$(head -c 32 /dev/urandom | sha256sum) ;; esac
token=$(head -c 32 /dev/urandom | sha256sum)
token=${token%% *}
scheme=http
! has tls || scheme=https
# By the environment: it is in no list of processes, and needs no quotes.
export STAND_IN_USER="${user:-nobody}" STAND_IN_PASSWORD="$password"
anonymous=always_false
has user || anonymous=always_true

echo "A stand-in for Trow $TROW_VERSION listens on $bind"
rm -f "$data/.registry.sock"
OTEL_TRACES_EXPORTER=none \
  REGISTRY_HTTP_NET=unix \
  REGISTRY_HTTP_ADDR="$data/.registry.sock" \
  REGISTRY_HTTP_DEBUG_ADDR="" \
  REGISTRY_HTTP_SECRET="$token" \
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="$data/stand-in-$layout" \
  REGISTRY_LOG_LEVEL=warn \
  REGISTRY_LOG_ACCESSLOG_DISABLED=true \
  registry serve /etc/distribution/config.yml &
while ! [ -S "$data/.registry.sock" ]; do
  kill -0 $! 2>/dev/null || give_up 1 "the registry behind the stand-in does not start"
  sleep 0.05
done

# As process 1 of a container, HAProxy would not end by SIGTERM.
trap 'exit 0' TERM INT
haproxy -db -f /dev/stdin <<END &
global
  maxconn 200
  tune.bufsize 131072
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
userlist known
  user "\${STAND_IN_USER}" insecure-password "\${STAND_IN_PASSWORD}"
frontend trow
  bind $bind
  acl up nbsrv(registry) gt 0
  acl has_token req.hdr(Authorization) -m str "Bearer $token"
  acl anonymous $anonymous
  http-request set-var(txn.scheme) str($scheme)
  http-request set-var(txn.scheme) req.hdr(X-Forwarded-Proto) if { req.hdr(X-Forwarded-Proto) -m found }
  http-request return status 200 content-type application/json string '{"message":"","is_healthy":true}' if { path /healthz } up
  http-request return status 200 content-type application/json string '{"message":"","is_ready":true}' if { path /readiness } up
  http-request return status 503 if { path /healthz /readiness }
  http-request return status 200 content-type text/html string '<h1>A stand-in for Trow</h1>' if { path / }
  http-request return status 200 content-type application/json string '{"token": "$token"}' if { path /login } !anonymous { http_auth(known) }
  http-request return status 401 if { path /login }
  http-request wait-for-body time 5s if { path /validate-image }
  http-request set-var(txn.uid) req.body,json_query('$.request.uid') if { path /validate-image }
  http-request return status 200 content-type application/json lf-string '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"%[var(txn.uid)]","allowed":$verdict,"status":{"message":"the default of a stand-in for Trow"}}}' if { path /validate-image }
  http-request return status 404 if !{ path_beg /v2/ }
  http-request return status 401 content-type application/json string '{"errors":[{"code":"UNAUTHORIZED","message":"authorization required"}]}' hdr WWW-Authenticate 'Bearer realm="%[var(txn.scheme)]://%[req.hdr(Host)]/login",service="trow_registry",scope="push/pull"' if !anonymous !has_token
  http-request deny status 405 if METH_DELETE { path_sub /blobs/sha256: }
  http-request del-header Authorization
  default_backend registry
backend registry
  option httpchk GET /
  server registry "unix@$data/.registry.sock" check inter 500ms fall 1 rise 1
END
wait $!
