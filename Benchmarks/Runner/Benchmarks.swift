import Foundation
import Tensors

/// `benchmarks [--update] [--tolerance PART] [--threads N] [--only PREFIX]`: measures every figure as a ratio to what the
/// machine can do at most, and fails when one falls below its threshold by more than the tolerance.
@main
struct Benchmarks {
    static func main() throws {
        let options = try Options(Array(CommandLine.arguments.dropFirst()))
        let before = MachineCeilings(threads: options.threads)
        let figures = Figures(threads: options.threads)
        var results: [Figure] = []
        for figure in figures.all where figure.name.hasPrefix(options.only) {
            let speed = figure.measure()
            results.append(Figure(name: figure.name, ceiling: figure.ceiling, speed: speed))
        }
        // Ceilings of a shared machine drift; the higher ones are nearer to the truth.
        let ceilings = Ceilings(before, MachineCeilings(threads: options.threads))
        print(ceilings)
        var thresholds = try Thresholds(path: options.thresholds)
        let failures = thresholds.report(
            results, ceilings, tolerance: options.tolerance, isUpdate: options.isUpdate)
        if options.isUpdate {
            try thresholds.write()
            print("\(results.count) thresholds written to \(options.thresholds)")
        } else {
            print("\(results.count - failures) passed, \(failures) failed")
            if failures > 0 { exit(1) }
        }
    }
}

/// What the command line says.
private struct Options {
    var isUpdate = false
    var tolerance = 0.2
    var threads = ProcessInfo.processInfo.activeProcessorCount
    var only = ""
    /// Beside this package's manifest, wherever the program was started.
    var thresholds = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../thresholds.json").standardizedFileURL.path(percentEncoded: false)

    struct UsageError: Error, CustomStringConvertible {
        let description: String
    }

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let name = rest.popFirst() {
            func value<Value>(_ make: (String) -> Value?) throws -> Value {
                guard let text = rest.popFirst(), let value = make(text) else {
                    throw UsageError(description: "\(name) needs a value")
                }
                return value
            }
            switch name {
            case "--update": isUpdate = true
            case "--tolerance":
                tolerance = try value { Double($0).flatMap { (0..<1).contains($0) ? $0 : nil } }
            case "--threads":
                threads = try value { Int($0).flatMap { (1...1024).contains($0) ? $0 : nil } }
            case "--only": only = try value { $0 }
            default:
                throw UsageError(
                    description:
                        "unknown option \(name); there are --update, --tolerance, --threads, --only"
                )
            }
        }
    }
}

/// What a figure is measured beside.
enum Ceiling {
    /// Bytes read from memory.
    case read
    /// 8-bit multiplications and additions.
    case int8
    /// The same in float32.
    case float
}

/// One measured speed.
struct Figure {
    let name: String
    let ceiling: Ceiling
    /// A second: bytes or operations.
    let speed: Double
}

/// The machine's limits; integers are computed as floats where it has no instruction for them.
struct Ceilings: CustomStringConvertible {
    private let read: Double
    private let int8: Double
    private let float: Double

    init(_ a: MachineCeilings, _ b: MachineCeilings) {
        read = max(a.bytesPerSecond, b.bytesPerSecond)
        float = max(a.floatOperationsPerSecond, b.floatOperationsPerSecond)
        let int8 = max(a.int8OperationsPerSecond, b.int8OperationsPerSecond)
        self.int8 = int8 > 0 ? int8 : float
    }

    subscript(ceiling: Ceiling) -> Double {
        switch ceiling {
        case .read: read
        case .int8: int8
        case .float: float
        }
    }

    var description: String {
        let values = [read, int8, float].map { ($0 / 1e8).rounded() / 10 }
        return "ceilings: \(values[0]) GB/s read, \(values[1]) GOP/s int8, \(values[2]) GFLOP/s"
    }
}
