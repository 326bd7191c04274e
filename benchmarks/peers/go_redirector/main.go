// Copyright (c) 2026 clusterdepot developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Command go_redirector answers as the first artifactserver did: the first segment of the path is looked up in
// a map, and the client is sent to the host that is found there.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

type redirector struct {
	hosts map[string]string
}

// readRoutes reads lines of a segment, a tab and a host.
func readRoutes(name string) (map[string]string, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hosts := map[string]string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		segment, host, found := strings.Cut(lines.Text(), "\t")
		if !found {
			return nil, fmt.Errorf("%s: %q has no tab", name, lines.Text())
		}
		hosts[segment] = host
	}
	return hosts, lines.Err()
}

func (r *redirector) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	path := request.URL.Path
	if path == "/_/healthz" {
		fmt.Fprintln(answer, "ok")
		return
	}
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	host, found := r.hosts[segment]
	switch {
	case !found:
		http.NotFound(answer, request)
	case request.Method != http.MethodGet && request.Method != http.MethodHead:
		http.Error(answer, "the method is not allowed", http.StatusMethodNotAllowed)
	default:
		http.Redirect(answer, request, "https://"+host+path, http.StatusFound)
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address and port")
	routes := flag.String("routes", "", "file of segments and hosts")
	flag.Parse()
	hosts, err := readRoutes(*routes)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:         *listen,
		Handler:      &redirector{hosts},
		ReadTimeout:  5 * time.Second,
		WriteTimeout: 10 * time.Second,
		IdleTimeout:  120 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}
