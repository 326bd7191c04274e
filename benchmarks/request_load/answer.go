// Copyright (c) 2026 clusterdepot developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"errors"
	"fmt"
)

var (
	headEnd     = []byte("\r\n\r\n")
	redirection = []byte("HTTP/1.1 302 ")
	lengthName  = []byte("content-length:")
	targetName  = []byte("location:")
	codingName  = []byte("transfer-encoding:")
)

var errNotWhole = errors.New("the answer is not whole")

// answerLength tells how many octets the first answer in received has, and checks that it is the redirect to
// location. It gives errNotWhole where more has to be received first.
func answerLength(received, location []byte) (int, error) {
	end := bytes.Index(received, headEnd)
	if end < 0 {
		return 0, errNotWhole
	}
	head := received[:end]
	if !bytes.HasPrefix(head, redirection) {
		return 0, fmt.Errorf("no 302: %q", head)
	}
	length, told := -1, []byte(nil)
	for len(head) > 0 {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		switch {
		case named(line, lengthName):
			length = decimal(bytes.TrimSpace(line[len(lengthName):]))
		case named(line, targetName):
			told = bytes.TrimSpace(line[len(targetName):])
		case named(line, codingName):
			return 0, fmt.Errorf("a body without a length: %q", line)
		}
	}
	if length < 0 {
		return 0, errors.New("an answer without a length")
	}
	if !bytes.Equal(told, location) {
		return 0, fmt.Errorf("the Location is %q in place of %q", told, location)
	}
	whole := end + len(headEnd) + length
	if len(received) < whole {
		return 0, errNotWhole
	}
	return whole, nil
}

// named tells whether a line begins with a header's name, which is in lower case and has its colon.
func named(line, name []byte) bool {
	return len(line) >= len(name) && line[0]|0x20 == name[0] && bytes.EqualFold(line[:len(name)], name)
}

// decimal gives -1 for what is no number.
func decimal(digits []byte) int {
	if len(digits) == 0 || len(digits) > 9 {
		return -1
	}
	number := 0
	for _, digit := range digits {
		if digit < '0' || digit > '9' {
			return -1
		}
		number = number*10 + int(digit-'0')
	}
	return number
}
