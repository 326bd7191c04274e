// Copyright (c) 2026 clusterdepot developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Command request_load asks a server on loopback for redirects, over kept connections, each with one request
// at a time, and looks at every answer. One thread with epoll, so that it costs less than what it measures.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

const (
	mostErrors       = 100
	silenceSeconds   = 5
	answerOctets     = 16384
	waitMilliseconds = 100
)

// A request as it is sent, and where it has to lead.
type request struct {
	octets   []byte
	location []byte
}

type connection struct {
	descriptor int
	next       int
	sent       time.Duration
	filled     int
	received   [answerOctets]byte
}

type load struct {
	port     int
	requests []request
	poll     int
	started  time.Time
	open     map[int32]*connection
	times    latencies
	errors   int
	fault    string
}

type report struct {
	Warm     int     `json:"warm_requests"`
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"`
	Half     int     `json:"half_microseconds"`
	Most     int     `json:"most_microseconds"`
	Errors   int     `json:"errors"`
	Fault    string  `json:"fault"`
}

// readRequests reads lines of a request's target, header lines that are separated by \t and may be none, and,
// last, the Location.
func readRequests(name string) ([]request, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var found []request
	for line := range bytes.Lines(content) {
		fields := bytes.Split(bytes.TrimRight(line, "\n"), []byte("\t"))
		if len(fields) < 2 {
			return nil, fmt.Errorf("%s: %q has no Location", name, line)
		}
		var octets bytes.Buffer
		fmt.Fprintf(&octets, "GET %s HTTP/1.1\r\n", fields[0])
		for _, header := range fields[1 : len(fields)-1] {
			fmt.Fprintf(&octets, "%s\r\n", header)
		}
		octets.WriteString("\r\n")
		found = append(found, request{octets.Bytes(), fields[len(fields)-1]})
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no requests", name)
	}
	return found, nil
}

func (l *load) connect(next int) error {
	descriptor, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	place := &syscall.SockaddrInet4{Port: l.port, Addr: [4]byte{127, 0, 0, 1}}
	if err := syscall.Connect(descriptor, place); err != nil {
		return fmt.Errorf("port %d: %w", l.port, err)
	}
	if err := syscall.SetsockoptInt(descriptor, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(descriptor)}
	if err := syscall.EpollCtl(l.poll, syscall.EPOLL_CTL_ADD, descriptor, &event); err != nil {
		return err
	}
	one := &connection{descriptor: descriptor, next: next}
	l.open[int32(descriptor)] = one
	return l.send(one)
}

// send asks for the next redirect; each connection goes through all of them.
func (l *load) send(one *connection) error {
	octets := l.requests[one.next].octets
	one.sent = time.Since(l.started)
	count, err := syscall.Write(one.descriptor, octets)
	if err == nil && count < len(octets) {
		err = fmt.Errorf("only %d of %d octets could be sent", count, len(octets))
	}
	return err
}

// receive takes what has come. Only a whole answer is counted, and followed by the next request.
func (l *load) receive(one *connection) error {
	count, err := syscall.Read(one.descriptor, one.received[one.filled:])
	if err != nil {
		return err
	}
	if count <= 0 {
		return fmt.Errorf("the connection ended, or has %d octets that are no answer", one.filled)
	}
	one.filled += count
	length, err := answerLength(one.received[:one.filled], l.requests[one.next].location)
	if err == errNotWhole {
		return nil
	}
	if err != nil {
		return err
	}
	if length != one.filled {
		return fmt.Errorf("%d octets follow the answer", one.filled-length)
	}
	l.times.add(int64(time.Since(l.started) - one.sent))
	one.filled = 0
	one.next = (one.next + 1) % len(l.requests)
	return l.send(one)
}

// replace counts a fault, and opens another connection in place of the one that had it.
func (l *load) replace(one *connection, fault error) error {
	l.errors++
	if l.fault == "" {
		l.fault = fault.Error()
	}
	if l.errors >= mostErrors {
		return fmt.Errorf("%d errors, the first: %s", l.errors, l.fault)
	}
	delete(l.open, int32(one.descriptor))
	if err := syscall.Close(one.descriptor); err != nil {
		return err
	}
	return l.connect((one.next + 1) % len(l.requests))
}

// ask goes on until this much time has passed.
func (l *load) ask(duration time.Duration) error {
	events := make([]syscall.EpollEvent, len(l.open))
	end, last := time.Since(l.started)+duration, time.Since(l.started)
	for {
		count, err := syscall.EpollWait(l.poll, events, waitMilliseconds)
		if err != nil && err != syscall.EINTR {
			return err
		}
		now := time.Since(l.started)
		if now >= end {
			return nil
		}
		if count > 0 {
			last = now
		} else if now-last > silenceSeconds*time.Second {
			return fmt.Errorf("no answer for %d s", silenceSeconds)
		}
		for _, event := range events[:max(count, 0)] {
			one := l.open[event.Fd]
			if fault := l.receive(one); fault != nil {
				if err := l.replace(one, fault); err != nil {
					return err
				}
			}
		}
	}
}

func (l *load) run(connections int, warm, duration time.Duration) (report, error) {
	for number := range connections {
		if err := l.connect(number * len(l.requests) / connections); err != nil {
			return report{}, err
		}
	}
	if err := l.ask(warm); err != nil {
		return report{}, err
	}
	first := l.times.total
	l.times = latencies{}
	begun := time.Now()
	if err := l.ask(duration); err != nil {
		return report{}, err
	}
	seconds := time.Since(begun).Seconds()
	half, most := l.times.quantile(0.5), l.times.quantile(0.99)
	return report{first, l.times.total, seconds, half, most, l.errors, l.fault}, nil
}

func main() {
	port := flag.Int("port", 0, "of the server, on loopback")
	name := flag.String("requests", "", "file of requests and where they lead")
	connections := flag.Int("connections", 64, "at a time")
	warm := flag.Duration("warm", 0, "how long to ask before anything is counted")
	duration := flag.Duration("duration", time.Second, "how long to ask")
	flag.Parse()
	runtime.LockOSThread()
	requests, err := readRequests(*name)
	if err != nil {
		log.Fatal(err)
	}
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		log.Fatal(err)
	}
	// Nothing is left behind by a request, so there is nothing to collect.
	debug.SetGCPercent(-1)
	all := &load{
		port: *port, requests: requests, poll: poll, started: time.Now(), open: map[int32]*connection{},
	}
	told, err := all.run(*connections, *warm, *duration)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		log.Fatal(err)
	}
}
