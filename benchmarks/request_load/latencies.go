// Copyright (c) 2026 clusterdepot developers
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

// latencies counts times by microseconds; what took longer than the last one is counted there.
type latencies struct {
	counts [200_001]uint32
	total  int
}

func (l *latencies) add(nanoseconds int64) {
	microseconds := int(nanoseconds / 1000)
	l.counts[min(microseconds, len(l.counts)-1)]++
	l.total++
}

// quantile gives the time, in microseconds, that this part of all did not exceed; 0 where there are none.
func (l *latencies) quantile(part float64) int {
	left := int(float64(l.total) * part)
	for microseconds, count := range l.counts {
		left -= int(count)
		if left < 0 {
			return microseconds
		}
	}
	return 0
}
