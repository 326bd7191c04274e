# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HAProxy does with one request, line by line, in the order in which it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.client_address import (
    MOST_PROXIES,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.guards import (
    DOT_SEGMENT,
    ENCODED_CONTROL,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.pattern import LONGEST_TEXT
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.program import (
    WHOLE_PATH,
    Program,
    Rule,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_conditions import (
    TOLD_CLIENT,
    Samples,
    conditional_lines,
    header_names,
    network_acl,
    replacement_line,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_networks import (
    as_version_6,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_plain import (
    has_short_way,
    short_way,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.quoting import (
    checked_file,
    checked_name,
    checked_target,
    quoted,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import RouterSettings

MAIN_FILE = "haproxy.cfg"
PREFIX_MAP = "prefix.map"
HOST_MAP = "host.map"
HOST_PREFIX_MAP = "host-prefix.map"

_RETURN = "http-request return status"
_TEXT = "content-type text/plain string"
_JSON = "content-type application/json string"
_GUARD = rf"(^|/){DOT_SEGMENT}(/|$)|{ENCODED_CONTROL}|[\\#]"
# What a parser of HTTP should have refused.
_RAW = r"[\x7f-\xff]"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# HAProxy itself would take whatever begins with an IPv4 address; of IPv6 it takes no more than there is.
_ADDRESS = rf"^({_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}|[0-9A-Fa-f]{{0,4}}:[0-9A-Fa-f:.]*)$"


@dataclass(frozen=True)
class RenderOptions:
    """How the proxy runs.

    :ivar threads: of the proxy; one for each CPU it may use
    :ivar max_connections: of clients at a time; further ones wait
    :ivar access_log: whether each request is a line of JSON on standard output
    :ivar drain_seconds: how long the proxy waits for open connections once it is told to end
    :ivar folder: absolute path of the files, as the proxy sees them
    :ivar address: of IPv4, where the proxy listens; * for all
    """

    http_port: int = 8080
    metrics_port: int = 8404
    bind_ipv6: bool = False
    threads: int = 2
    max_connections: int = 10000
    access_log: bool = True
    drain_seconds: int = 25
    folder: str = "/usr/local/etc/haproxy"
    address: str = "*"


def rule_value(rule: Rule) -> str:
    """The rule as ``txn.rule`` holds it."""
    route, target = checked_name(rule.route), checked_target(rule.target)
    return "|".join((str(rule.order), str(rule.code), _cut_mark(rule.cut), route, target))


def frontend_rules(rules: Program, settings: RouterSettings, options: RenderOptions) -> Iterator[str]:
    """The lines that answer every request."""
    methods = [checked_name(method) for method in settings.methods]
    yield f"acl method_allowed method {' '.join(methods)}"
    if has_short_way(rules, settings):
        (redirect,) = _redirects(rules)
        yield from short_way(_path_lookup(options), redirect)
    yield from _own_answers(rules, settings, options)
    yield from _client(rules, settings, options)
    yield from _lookups(rules, options)
    yield from _conditionals(rules, settings, options)
    yield from _unanswered(rules, settings)
    yield from _redirects(rules)
    if settings.route_header:
        header = checked_name(settings.route_header)
        found = "if { var(txn.rule) -m found }"
        yield f"http-after-response set-header {header} '%[var(txn.rule),field(4,|)]' {found}"


def _own_answers(rules: Program, settings: RouterSettings, options: RenderOptions) -> Iterator[str]:
    if settings.trusted_proxies and options.access_log:
        # For the log, which also tells of what is answered before proxies are asked.
        yield "http-request set-var(txn.client) src"
    yield f"acl raw_octet url -m reg -- {quoted(_RAW)}"
    yield rf'{_RETURN} 400 {_TEXT} "the target is not allowed\n" if raw_octet or METH_CONNECT'
    yield "acl healthz path -m str -- /_/healthz"
    if options.access_log:
        yield "http-request set-log-level silent if healthz"
    yield rf'{_RETURN} 200 {_TEXT} "ok\n" if healthz'
    allow = f"hdr Allow {quoted(', '.join(map(checked_name, settings.methods)))}"
    if settings.oci:
        yield "acl registry path,concat(/) -m beg -- /v2/"
        body = _error("UNSUPPORTED", "the method is not allowed")
        yield f"{_RETURN} 405 {body} {allow} if !method_allowed registry"
    yield rf'{_RETURN} 405 {_TEXT} "the method is not allowed\n" {allow} if !method_allowed'
    yield f"acl bad_path path -m reg -i -- {quoted(_GUARD)}"
    if rules.searches_paths:
        yield f"acl bad_path path -m len gt {LONGEST_TEXT}"
    if settings.oci:
        yield f"{_RETURN} 400 {_error('NAME_INVALID', 'the path is not allowed')} if registry bad_path"
    yield rf'{_RETURN} 400 {_TEXT} "the path is not allowed\n" if bad_path'
    # Such as "OPTIONS *".
    yield rf'{_RETURN} 400 {_TEXT} "the request has no path\n" if !{{ path -m beg / }}'
    if settings.oci:
        yield (
            f"{_RETURN} 200 {_JSON} '{{}}' hdr Docker-Distribution-Api-Version registry/2.0"
            " if { path -m str -- /v2 /v2/ }"
        )
        body = _error("UNSUPPORTED", "there is no catalog")
        yield f"{_RETURN} 404 {body} if {{ path -m str -- /v2/_catalog }}"


def _error(code: str, message: str) -> str:
    """A body as registries send it (OCI distribution specification, "Error Codes")."""
    return f"""{_JSON} '{{"errors":[{{"code":"{code}","message":"{message}"}}]}}'"""


def _client(rules: Program, settings: RouterSettings, options: RenderOptions) -> Iterator[str]:
    """Who the client is, and what an untrusted one cannot say, as far as something depends on it."""
    if not settings.trusted_proxies:
        return
    trusted = as_version_6(settings.trusted_proxies)
    yield from network_acl("trusted_peer", "src", trusted)
    asked = header_names(rules)
    for name in settings.client_headers:
        if name in asked:
            yield f"http-request del-header {checked_name(name)} if !trusted_peer"
    if not _asks_proxies(rules, settings, options):
        return
    header = checked_name(settings.client_address_header)
    yield from network_acl("trusted_client", "var(txn.client)", trusted)
    if not options.access_log:
        yield "http-request set-var(txn.client) src"
    if header in asked:
        yield f"http-request set-var({TOLD_CLIENT}) 'req.fhdr({header},1)'"
    # HAProxy joins what stands behind a double quote to one entry, so the lines are taken from their last
    # quote on. The mark keeps the rest of an entry that had a quote from being an address.
    yield f"""http-request replace-header {header} '^.*"([^"]*)$' '-\\1' if trusted_peer"""
    for entry in range(1, MOST_PROXIES + 1):
        sample = f"req.hdr({header},-{entry})"
        yield f"acl is_address{entry} {quoted(sample)} -m reg -- {quoted(_ADDRESS)}"
        # Nothing that converts it: HAProxy 3 would make the IPv4 address of an IPv6 one that is made from it.
        client = quoted(f"req.hdr_ip({header},-{entry})")
        yield f"http-request set-var(txn.client) {client} if trusted_client is_address{entry}"


def _asks_proxies(rules: Program, settings: RouterSettings, options: RenderOptions) -> bool:
    """Whether somebody wants to know the client behind trusted proxies."""
    ranges = any(entry.conditions.source_ranges for entry in rules.conditionals)
    return bool(settings.trusted_proxies) and (options.access_log or ranges)


def _lookups(rules: Program, options: RenderOptions) -> Iterator[str]:
    folder = checked_file(options.folder)
    has_hosts = any(entry.host for entry in rules.maps)
    if has_hosts or any(entry.conditions.hosts for entry in rules.conditionals):
        yield "http-request set-var(txn.host) 'req.fhdr(host,1),host_only,lower'"
    # No path has a # any more, so that "/#" ends it: keys of exact paths have it, the others end with "/".
    if any(not entry.host for entry in rules.maps):
        yield _path_lookup(options)
    if has_hosts:
        number = f"var(txn.host),map_str({folder}/{HOST_MAP})"
        found = f"{number},concat(,txn.path,/#),map_beg({folder}/{HOST_PREFIX_MAP})"
        yield "http-request set-var(txn.path) path"
        yield f"http-request set-var(txn.host_rule) {quoted(found)}"
        yield "acl is_later 'var(txn.host_rule),sub(txn.rule)' -m int gt 0"
        yield (
            "http-request set-var(txn.rule) var(txn.host_rule) if { var(txn.host_rule) -m found } !is_later"
        )


def _path_lookup(options: RenderOptions) -> str:
    map_file = f"{checked_file(options.folder)}/{PREFIX_MAP}"
    return f"http-request set-var(txn.rule) 'path,concat(/#),map_beg({map_file})'"


def _conditionals(rules: Program, settings: RouterSettings, options: RenderOptions) -> Iterator[str]:
    samples = Samples("src", "")
    if _asks_proxies(rules, settings, options):
        samples = Samples("var(txn.client)", settings.client_address_header)
    for entry in rules.conditionals:
        yield from conditional_lines(entry, rule_value(entry.rule), samples)
    for entry in rules.conditionals:
        if entry.replacement:
            yield replacement_line(entry)
    if any(entry.replacement for entry in rules.conditionals):
        # What a client wrote between the slashes of a group may have become a dot segment, or grown.
        yield "http-request unset-var(txn.rule) if bad_path"
        yield rf'{_RETURN} 400 {_TEXT} "the path is not allowed\n" if bad_path'


def _unanswered(rules: Program, settings: RouterSettings) -> Iterator[str]:
    if rules.answers_all:
        return
    missing = "if !{ var(txn.rule) -m found }"
    if settings.oci:
        yield f"{_RETURN} 404 {_error('NAME_UNKNOWN', 'no route answers')} {missing} registry"
    yield rf'{_RETURN} 404 {_TEXT} "no route answers\n" {missing}'


def _redirects(rules: Program) -> Iterator[str]:
    every = list(rules.rules)
    for cut in sorted({rule.cut for rule in every if rule.cut}):
        path = "/" if cut == WHOLE_PATH else f"/%[path,field({cut + 2},/,0)]"
        test = f"{{ 'var(txn.rule),field(3,|)' -m str -- {quoted(_cut_mark(cut))} }}"
        yield f"http-request set-path {quoted(path)} if {test}"
    codes = [code for code, _count in Counter(rule.code for rule in every).most_common()]
    redirect = "http-request redirect prefix '%[var(txn.rule),field(5,|)]' code"
    for code in codes[1:]:
        yield f"{redirect} {code} if {{ 'var(txn.rule),field(2,|)' -m str -- {code} }}"
    if codes:
        yield f"{redirect} {codes[0]}"


def _cut_mark(cut: int) -> str:
    return "*" if cut == WHOLE_PATH else str(cut)
