import Foundation
import Testing

/// The most memory that this process ever used, in bytes; 0 where the system does not say.
func peakMemory() throws -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else {
        return 0
    }
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM") })
    return 1024 * (try #require(Int(line.filter(\.isNumber))))
}
