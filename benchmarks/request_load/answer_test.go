// Copyright (c) 2026 clusterdepot developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"testing"
)

const answer = "HTTP/1.1 302 Found\r\nLocation: https://a/b\r\ncontent-length: 3\r\n\r\nabc"

func TestAWholeAnswerIsMeasured(t *testing.T) {
	length, err := answerLength([]byte(answer+"HTTP/1.1"), []byte("https://a/b"))
	if err != nil || length != len(answer) {
		t.Fatalf("%d, %v", length, err)
	}
}

func TestEachBeginningIsNotWhole(t *testing.T) {
	for end := range answer {
		if _, err := answerLength([]byte(answer[:end]), []byte("https://a/b")); err != errNotWhole {
			t.Fatalf("%q: %v", answer[:end], err)
		}
	}
}

func TestOtherAnswersAreFaults(t *testing.T) {
	for _, other := range []string{
		"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://a/c\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://a/b\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://a/b\r\nContent-Length: x\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: https://a/b\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		if _, err := answerLength([]byte(other), []byte("https://a/b")); err == nil || err == errNotWhole {
			t.Errorf("%q: %v", other, err)
		}
	}
}
