# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/v2/`` and the login: does it answer as a registry, let us in, and keep others out?"""

from __future__ import annotations

import re

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._health.result import (
    CheckResult,
    Status,
    Stopwatch,
    not_asked,
    skipped,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.authentication import challenges_of
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.client import Client
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.deadline import Deadline
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.document import describe_failure
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    AuthenticationFailed,
    OciError,
    SyntaxFault,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.transport import Response

WRONG_CREDENTIALS = "wrong_credentials_refused"
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_SCHEMES = frozenset({"basic", "bearer"})
_CAUSES = {
    400: "the request did not get through as it was sent; https and http mixed up?",
    403: "a firewall or the proxy in front refuses this client",
    404: "there is no registry API here: wrong host or port, or a proxy in front that does not pass /v2/ on",
    429: "the registry limits the rate of requests",
    500: "see the registry's log; often its storage does not answer",
    502: "the proxy in front reaches no registry: is a pod running and ready?",
    503: "no backend: is a pod running and ready, and its storage healthy?",
    504: "the registry behind the proxy does not answer in time: is its storage slow?",
}


def check_api(client: Client, deadline: Deadline) -> tuple[CheckResult, Response | None]:
    """Does ``/v2/`` answer 200, or 401 with a challenge? Asked without any credentials."""
    watch = Stopwatch("api")
    try:
        answer = client.ping(deadline, authenticate=False)
    except OciError as error:
        return watch.fail(error.message), None
    if answer.url.origin != client.registry:
        return watch.fail(
            f"/v2/ redirects to {answer.url.without_query}: use {answer.url.origin} as url"
        ), None
    if answer.status == 200:
        if answer.media_type == "text/html" or _WEB_PAGE.match(answer.body):
            return watch.fail("/v2/ answers with a web page, not as a registry: wrong host or port?"), None
        if not _like_a_registry(answer):
            return watch.warn(
                "/v2/ answers 200, but nothing says that it is a registry: wrong host or port? "
                "(expect one of its repositories to be sure)"
            ), answer
        return watch.ok("/v2/ answers, without asking for credentials"), answer
    if answer.status == 401:
        return _judge_challenge(watch, answer), answer
    cause = _CAUSES.get(answer.status, "not what a registry answers to /v2/")
    if answer.status == 400 and b"ssl certificate" in answer.body.lower():
        # nginx shakes hands with anybody and tells only then (ssl_verify_client).
        cause = "the server wants a client certificate that it trusts (client_cert)"
    return watch.fail(f"/v2/: {describe_failure(answer)}: {cause}"), None


def check_credentials(client: Client, open_answer: Response | None, deadline: Deadline) -> CheckResult:
    """Do the credentials open ``/v2/``?

    ``open_answer`` is what check_api got. Where the registry asks for none, they cannot be proved right, and
    are not sent.
    """
    watch = Stopwatch("credentials")
    if open_answer is None:
        return skipped("credentials", "the check api did not succeed")
    if open_answer.status == 200:
        return watch.warn(
            "the registry lets everybody in, so the credentials were neither asked for nor tried"
        )
    try:
        answer = client.ping(deadline)
    except OciError as error:
        return watch.fail(error.message)
    if answer.status == 200:
        return watch.ok(f"accepted ({' or '.join(schemes_of(open_answer))})")
    if answer.status == 401:
        return watch.fail(
            f"refused: {describe_failure(answer)}: wrong user name or password, or the registry was not "
            f"restarted "
            "since its htpasswd changed (it loads it only once)"
        )
    return watch.fail(f"/v2/ with credentials: {describe_failure(answer)}")


def check_anonymous(
    anonymous: Client, open_answer: Response | None, expected: bool, deadline: Deadline
) -> CheckResult:
    """Where credentials are in use (``expected``), is everybody else kept out?

    An anonymous token counts as nobody's.
    """
    name = "anonymous_refused"
    watch = Stopwatch(name)
    if not expected:
        return skipped(name, "looked at only where credentials are given")
    if open_answer is None:
        return skipped(name, "the check api did not succeed")
    if open_answer.status == 200:
        return watch.fail(
            "the registry lets everybody in although credentials were given. Likely cause: its "
            "authentication is not "
            "configured, or a proxy in front adds the credentials by itself"
        )
    if "bearer" not in schemes_of(open_answer):
        return watch.ok("without credentials: 401")
    try:
        answer = anonymous.ping(deadline)
    except AuthenticationFailed:
        return watch.ok("without credentials: 401, and no token")
    except OciError as error:
        return watch.fail(f"asking without credentials: {error.message}")
    if answer.status == 200:
        return watch.warn(
            "a token given to anybody opens /v2/: right for public images, wrong for a private registry"
        )
    return watch.ok(f"without credentials: {answer.status}, even with an anonymous token")


def check_no_credentials(anonymous: Client, open_answer: Response | None, deadline: Deadline) -> CheckResult:
    """The login where no credentials were given: how far does one come without?"""
    watch = Stopwatch("credentials")
    if open_answer is None or open_answer.status == 200:
        return skipped("credentials", "none were given")
    unseen = "none were given, but the registry asks for them: nothing behind its login was looked at"
    if "bearer" not in schemes_of(open_answer):
        return watch.warn(unseen)
    try:
        answer = anonymous.ping(deadline)
    except AuthenticationFailed:
        return watch.warn(unseen)
    except OciError as error:
        return watch.fail(f"asking for an anonymous token: {error.message}")
    return watch.ok("an anonymous token opens /v2/") if answer.status == 200 else watch.warn(unseen)


def check_wrong_credentials(
    wrong: Client | None, open_answer: Response | None, credentials: CheckResult | None, deadline: Deadline
) -> CheckResult:
    """Is a wrong password refused? ``wrong`` has one, or is None where that is not asked for.

    ``credentials``: how the right one fared.
    """
    name = WRONG_CREDENTIALS
    if wrong is None or credentials is None:
        return not_asked(name)
    if open_answer is None or open_answer.status == 200:
        return skipped(name, "the registry does not ask for credentials, or does not answer")
    if credentials.status is Status.FAIL:
        return skipped(name, "the right credentials were not accepted either")
    watch = Stopwatch(name)
    try:
        answer = wrong.ping(deadline)
    except AuthenticationFailed:
        return watch.ok("a made-up password gets no token")
    except OciError as error:
        return watch.fail(f"asking with a made-up password: {error.message}")
    if answer.status == 200:
        return watch.fail(
            "the login accepts anything: a made-up password opens /v2/. Likely cause: the token server "
            "checks none, or a proxy in front adds credentials of its own"
        )
    if answer.status in (401, 403):
        return watch.ok(f"a made-up password gets {answer.status}")
    return watch.warn(f"a made-up password gets {describe_failure(answer)}, expected 401")


def schemes_of(answer: Response) -> tuple[str, ...]:
    """The authentication schemes that a 401 offers and that are known here, in its order."""
    try:
        schemes = dict.fromkeys(challenge.scheme for challenge in challenges_of(answer))
    except SyntaxFault:
        return ()
    return tuple(scheme for scheme in schemes if scheme in _SCHEMES)


def _like_a_registry(answer: Response) -> bool:
    """The specification wants no body and no header; those that are in use have one or both of these."""
    if answer.header("Docker-Distribution-API-Version") is not None:
        return True
    return answer.body.strip() in (b"", b"{}", b"true")


def _judge_challenge(watch: Stopwatch, answer: Response) -> CheckResult:
    try:
        challenges = challenges_of(answer)
    except SyntaxFault as error:
        return watch.fail(f"/v2/ answers 401 with a challenge that cannot be read: {error.message}")
    if not challenges:
        return watch.fail(
            "/v2/ answers 401 without WWW-Authenticate, so no client can log in: does the proxy in front "
            "drop the header?"
        )
    known = schemes_of(answer)
    if not known:
        offered = ", ".join(challenge.scheme for challenge in challenges)
        return watch.fail(f"/v2/ answers 401 and offers only {offered}; clients know Basic and Bearer")
    return watch.ok(f"/v2/ answers and asks for credentials ({' or '.join(known)})")
