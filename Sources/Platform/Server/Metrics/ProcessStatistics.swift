import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the operating system says about this process, under Prometheus' customary names.
enum ProcessStatistics {
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
        return families
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
