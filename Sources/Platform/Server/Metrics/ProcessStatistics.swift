import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the operating system says about this process, under Prometheus' customary names.
package enum ProcessStatistics {
    static func metrics() -> [MetricFamily] {
        var families = [
            MetricFamily(
                "process_cpu_seconds_total", "User and system time of this process.", .counter,
                cpuSeconds())
        ]
        if let bytes = residentBytes() {
            families.append(
                MetricFamily(
                    "process_resident_memory_bytes", "Resident memory of this process.", .gauge,
                    Double(bytes)))
        }
        if let open = openFiles() {
            families.append(
                MetricFamily(
                    "process_open_fds", "Open files and connections.", .gauge, Double(open)))
        }
        var limit = rlimit()
        if unsafe getrlimit(Self.files, &limit) == 0 {
            families.append(
                MetricFamily(
                    "process_max_fds", "Most open files and connections.", .gauge,
                    Double(limit.rlim_cur)))
        }
        return families
    }

    #if canImport(Glibc)
        private static let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let files = RLIMIT_NOFILE
    #endif

    /// `nil` where there is no `/proc`.
    private static func openFiles() -> Int? {
        try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    /// Takes as many open files as the system allows: each connection is one.
    package static func raiseFileLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(files, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // Where it is refused, the old limit holds.
        _ = unsafe setrlimit(files, &limit)
    }

    static func cpuSeconds() -> Double {
        var usage = rusage()
        #if canImport(Glibc)
            let whose = __rusage_who_t(RUSAGE_SELF.rawValue)
        #else
            let whose = RUSAGE_SELF
        #endif
        guard unsafe getrusage(whose, &usage) == 0 else { return 0 }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { sum, time in
            sum + Double(time.tv_sec) + Double(time.tv_usec) / 1e6
        }
    }

    /// `nil` where there is no `/proc`.
    static func residentBytes() -> Int? {
        // The second number of statm counts resident pages.
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/self/statm")) else {
            return nil
        }
        let fields = data.split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else {
            return nil
        }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
