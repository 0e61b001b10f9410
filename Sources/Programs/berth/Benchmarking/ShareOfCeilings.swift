import Checkpoints
import Foundation
import StructuredJSON
import Tensors

/// What a measured speed is in weights read and multiplied, beside what the machine can do at most.
struct ShareOfCeilings {
    let ceilings: MachineCeilings
    /// Bytes of the model's files.
    let fileBytes: Int
    /// How long the model took to load, in seconds.
    let loadSeconds: Double

    /// The fields that say so of steps that take `seconds` each.
    ///
    /// - `bytes`: of weights that a step reads.
    /// - `operations`: multiplications and additions of a step.
    func fields(bytes: Double, operations: Double, seconds: Double) -> JSONObject {
        var fields: JSONObject = [
            "weights_gb_s": .number(Self.rounded(bytes / seconds / 1e9)),
            "share_of_read": .number(Self.rounded(bytes / seconds / ceilings.bytesPerSecond)),
            "gop_s": .number(Self.rounded(operations / seconds / 1e9)),
            "read_gb_s": .number(Self.rounded(ceilings.bytesPerSecond / 1e9)),
            "int8_gop_s": .number(Self.rounded(ceilings.int8OperationsPerSecond / 1e9)),
            "file_bytes": .integer(fileBytes), "load_s": .number(Self.rounded(loadSeconds)),
        ]
        if ceilings.int8OperationsPerSecond > 0 {
            fields["share_of_int8"] = .number(
                Self.rounded(operations / seconds / ceilings.int8OperationsPerSecond))
        }
        if let resident = Self.residentBytes { fields["resident_bytes"] = .integer(resident) }
        return fields
    }

    /// The same for people.
    func text(bytes: Double, operations: Double, seconds: Double) -> String {
        let read = bytes / seconds
        let gigabytes = (read / 1e8).rounded() / 10
        let gigaoperations = Int((operations / seconds / 1e9).rounded())
        var text = "\(gigabytes) GB/s of weights"
        text += " = \(Self.percent(read / ceilings.bytesPerSecond)) of read"
        text += ", \(gigaoperations) GOP/s"
        if ceilings.int8OperationsPerSecond > 0 {
            let share = operations / seconds / ceilings.int8OperationsPerSecond
            text += " = \(Self.percent(share)) of int8"
        }
        return text
    }

    /// The ceilings and the model for people.
    var heading: String {
        let read = (ceilings.bytesPerSecond / 1e8).rounded() / 10
        let int8 = Int((ceilings.int8OperationsPerSecond / 1e9).rounded())
        var text = "ceilings: \(read) GB/s read, \(int8) GOP/s int8, measured now; "
        text += "loaded in \((loadSeconds * 100).rounded() / 100) s, "
        text += "file \(fileBytes >> 20) MiB"
        if let resident = Self.residentBytes { text += ", resident \(resident >> 20) MiB" }
        return text
    }

    private static func percent(_ part: Double) -> String {
        "\(Int((part * 100).rounded())) %"
    }

    private static func rounded(_ value: Double) -> Double {
        (value * 1000).rounded() / 1000
    }

    /// Memory of this process that is there; `nil` where the system does not tell.
    private static var residentBytes: Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/status") else {
            return nil
        }
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("VmRSS:") }
        return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 << 10 }
    }
}
