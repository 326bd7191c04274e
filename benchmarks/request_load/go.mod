module clusterdepot.io/benchmarks/request_load

go 1.26
