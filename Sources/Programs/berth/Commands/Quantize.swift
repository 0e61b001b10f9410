import ArgumentParser
import Checkpoints
import Foundation
import ModelHub
import Tensors

struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a model smaller: round its weights to 4 to 8 bits.",
        discussion: """
            \(recipes)

            Rows that a type's blocks do not divide get the type that comes closest. The file appears when it is whole.
            """)

    @Argument(help: "A model of F32, F16 or BF16 weights.")
    var input: ModelReference

    @Argument(help: ArgumentHelp("The GGUF file to write.", valueName: "out"))
    var output: String

    @Option(help: ArgumentHelp("How small: \(names).", valueName: "TYPE"))
    var type: String

    @OptionGroup var threads: ThreadOptions

    private static let names = QuantizationRecipe.allCases.map(\.rawValue).joined(separator: ", ")

    private static let recipes = """
        Q8_0    8.5 bits a weight, hardly to be told from the original
        Q6_K    6.6 bits
        Q5_K_M  5.7 bits
        Q4_K_M  4.8 bits, what most people take
        Q4_0    4.5 bits, coarser
        """

    private var recipe: QuantizationRecipe {
        get throws {
            let wanted = type.uppercased()
            if let recipe = QuantizationRecipe(rawValue: wanted) { return recipe }
            let nearest = NearestNames.sorted(
                QuantizationRecipe.allCases.map(\.rawValue), like: type)
            throw ValidationError(
                "--type takes one of \(Self.names); got \"\(type)\". Did you mean \(nearest.first ?? "")?"
            )
        }
    }

    func validate() throws {
        _ = try recipe
    }

    func run() throws {
        let source = try input.open()
        let quantizer = try CheckpointQuantizer(source, recipe: try recipe)
        let compute = Compute(threads: threads.count, instructionSet: threads.instructionSet)
        let bar = ProgressBar(label: "quantizing \(input.name)")
        defer { bar.finish() }
        let interruption = Interruption.removingOutput(bar)
        defer { interruption.end() }
        try quantizer.write(to: output, on: compute) { bar.update($0) }
        bar.finish()
        let result = try Checkpoint.open(path: output)
        try StandardOutput.line(summary(from: source, to: result))
    }

    private func summary(from source: Checkpoint, to result: Checkpoint) -> String {
        let weights = result.tensors.reduce(0) { $0 + $1.elementCount }
        let bytes = result.tensors.reduce(0) { $0 + $1.byteCount }
        let bits = String(format: "%.2f", 8 * Double(bytes) / Double(max(1, weights)))
        var counts: [String: Int] = [:]
        for tensor in result.tensors {
            counts[tensor.typeName, default: 0] += 1
        }
        let types = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return """
            \(output): \(megabytes(source.fileSize)) became \(megabytes(result.fileSize)), \(bits) bits a weight
            tensors: \(types.joined(separator: ", "))
            """
    }

    private func megabytes(_ bytes: Int) -> String {
        String(format: "%.1f MB", Double(bytes) / 1e6)
    }
}
