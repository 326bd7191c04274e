module clusterdepot.io/benchmarks/go_redirector

go 1.26
