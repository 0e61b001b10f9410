import Foundation
import OrderedCollections
import StructuredJSON

/// The ratios of a file, by figure.
struct Thresholds {
    private let path: String
    private var ratios: [String: Double] = [:]

    /// A file that is not there has no thresholds.
    init(path: String) throws {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else { return }
        let root = JSONField(try JSONValue(parsing: Array(data)))
        for (name, _) in try root.object() {
            ratios[name] = try root[name].double(in: 0...1000)
        }
    }

    /// Prints every figure beside its threshold, and takes the measured ratios over where that is wanted.
    ///
    /// - Returns: how many are too low, or have no threshold.
    mutating func report(
        _ figures: [Figure], _ ceilings: Ceilings, tolerance: Double, isUpdate: Bool
    ) -> Int {
        var failures = 0
        for figure in figures {
            let ratio = figure.speed / ceilings[figure.ceiling]
            let threshold = ratios[figure.name]
            let isFine = threshold.map { ratio >= $0 * (1 - tolerance) } ?? false
            if !isFine { failures += 1 }
            let name = figure.name.padding(toLength: 34, withPad: " ", startingAt: 0)
            let beside = threshold.map { "threshold \(Self.text($0))" } ?? "no threshold"
            print(
                "\(name) \(Self.text(figure.speed / 1e9)) G/s  \(Self.text(ratio)) of \(figure.ceiling)"
                    + (isUpdate ? "" : "  \(beside)\(isFine ? "" : "  TOO SLOW")"))
            if isUpdate { ratios[figure.name] = ratio }
        }
        return failures
    }

    func write() throws {
        var object: JSONObject = [:]
        for (name, ratio) in ratios.sorted(by: { $0.key < $1.key }) {
            object[name] = .number(Self.rounded(ratio))
        }
        let text = JSONValue.object(object).serialized(.pretty) + "\n"
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    /// Three digits that say something.
    private static func rounded(_ value: Double) -> Double {
        guard value > 0 else { return 0 }
        let scale = pow(10, 2 - floor(log10(value)))
        return (value * scale).rounded() / scale
    }

    private static func text(_ value: Double) -> String {
        "\(rounded(value))".padding(toLength: 9, withPad: " ", startingAt: 0)
    }
}
