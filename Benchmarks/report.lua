-- One line that a program reads, instead of wrk's text for people.
done = function(summary, latency, requests)
    io.write(string.format("RESULT requests=%d microseconds=%d bytes=%d failed=%d p99=%d\n",
        summary.requests, summary.duration, summary.bytes,
        summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout,
        latency:percentile(99)))
end
