# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cause in what a kubelet says about a container that waits.

Sources: the messages of kubelet (``Back-off pulling image "...": ErrImagePull: ...``) and of containerd's
resolver, as seen on Kubernetes 1.36. A message of any other form stays as it is.
"""

from __future__ import annotations

import functools
import re
import sys

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

LONGEST_MESSAGE = 300
# Wrapping takes a few hundred characters; what is longer than this is not searched.
_LONGEST_SEARCHED = 4096
_BACK_OFF = re.compile(r'Back-off pulling image "[^"]*": (?:(?P<word>[A-Z][A-Za-z]+): )?(?=\S)')
_WRAPPING = re.compile(
    r'(?:rpc error: code = \w+ desc = |failed to [a-z ]{1,60}(?: "[^"]*")?: |(?:Head|Get) "[^"]*": )+(?=\S)'
)
# Go's net package writes "read tcp OWN->OTHER: ...".
_NETWORKS = (" tcp", " udp")


@functools.lru_cache(maxsize=256)
def reduce_message(word: str, message: str) -> tuple[str, str]:
    """Give the reason and the message without what only repeats the image's name.

    ``ImagePullBackOff`` becomes the reason that led to it where the message tells it, since a kubelet
    alternates between the two. The message is one line of at most LONGEST_MESSAGE characters. Both strings
    are interned.
    """
    rest = message[:_LONGEST_SEARCHED]
    found = _BACK_OFF.match(rest)
    if found is not None:
        word = found["word"] or word
        rest = rest[found.end() :]
    wrapping = _WRAPPING.match(rest)
    if wrapping is not None:
        rest = rest[wrapping.end() :]
    rest = _without_own_address(rest)
    return _one_word(word), sys.intern(printable(rest, LONGEST_MESSAGE))


@functools.lru_cache(maxsize=64)
def _one_word(word: str) -> str:
    return sys.intern(printable(word, LONGEST_MESSAGE))


def _without_own_address(message: str) -> str:
    # The port differs from node to node and from try to try, and would make each message another one.
    before, arrow, after = message.partition("->")
    if not arrow:
        return message
    words, space, _own = before.rpartition(" ")
    return f"{words} {after}" if space and words.endswith(_NETWORKS) else message
