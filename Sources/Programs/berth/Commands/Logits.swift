import Architectures
import ArgumentParser
import Checkpoints
import Foundation
import Inference
import KVCaching
import StructuredJSON
import Tensors

struct Logits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the logits of every given token as JSON, to compare engines.",
        discussion: """
            OUT.json holds {"engine": "berth", "tokens": [...], "logits": [[...], ...]}: for each token a row with \
            one number for every entry of the vocabulary, the scores of what comes next.
            """)

    @Argument(help: "A GGUF file, a model of the store, or the embedded model.")
    var file: ModelReference

    @Option(help: ArgumentHelp("Token ids, separated by commas.", valueName: "IDS"))
    var tokens: String

    @Option(help: ArgumentHelp("Where to write the JSON.", valueName: "OUT.json"))
    var out: String

    @OptionGroup var threads: ThreadOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var weightCache: WeightCacheOptions

    private var ids: [Int] {
        get throws {
            try tokens.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let id = Int(word.trimmingCharacters(in: .whitespaces)), id >= 0 else {
                    throw ValidationError(
                        "--tokens takes numbers separated by commas, such as 1,5,9; got \"\(word)\"."
                    )
                }
                return id
            }
        }
    }

    func validate() throws {
        _ = try ids
    }

    func run() throws {
        let ids = try ids
        let file = try file.open()
        let compute = Compute(threads: threads.count, instructionSet: threads.instructionSet)
        let loading = ProgressBar(label: "loading")
        let model = try ModelFamilies.load(
            file, on: compute, place: weightCache.cache.place(for: file, as: .stored)
        ) { loading.update($0) }
        loading.finish()
        let vocabulary = model.configuration.vocabulary
        if let wrong = ids.first(where: { $0 >= vocabulary }) {
            throw CommandError(
                "token id \(wrong) is outside the vocabulary (0 to \(vocabulary - 1))")
        }

        let rows = 64
        let layout = model.layout.storing(cache.elements)
        let pages = (ids.count + layout.positions - 1) / layout.positions
        let runner = try ModelRunner(
            model: model, compute: compute, rows: rows, outputRows: rows,
            elements: cache.elements, cacheBytes: pages * layout.byteCount)
        guard URL(fileURLWithPath: out).resolvingSymlinksInPath().path != Self.resolved(self.file)
        else {
            throw CommandError("--out names the model itself; choose another file")
        }
        let output = try OutputFile(path: out)
        try output.write("{\"engine\": \"berth\", \"tokens\": \(ids), \"logits\": [")
        var sequence = SequencePages()
        guard sequence.grow(to: ids.count, from: runner.pool) else {
            throw CommandError("\(ids.count) tokens do not fit the KV cache")
        }
        let bar = ProgressBar(label: "computing")
        defer { bar.finish() }
        for start in stride(from: 0, to: ids.count, by: rows) {
            bar.update(Double(start) / Double(ids.count))
            let chunk = Array(ids[start..<min(start + rows, ids.count)])
            runner.run([
                ModelRunner.Span(
                    tokens: chunk, start: start, pages: sequence.pages, output: .all)
            ])
            for row in chunk.indices {
                let logits = runner.workspace.logits.withRow(row) { logits in
                    logits.indices.map { logits[$0] }
                }
                // JSON has no other numbers.
                guard logits.allSatisfy(\.isFinite) else {
                    throw CommandError(
                        "the model computed a logit that is no finite number for token \(start + row + 1); its weights are damaged: fetch the file again"
                    )
                }
                try output.write(start + row == 0 ? "\n[" : ",\n[")
                try output.write(
                    logits.map { "\($0)" }.joined(separator: ","))
                try output.write("]")
            }
        }
        try output.write("]}\n")
        try output.close()
    }

    private static func resolved(_ model: ModelReference) -> String {
        URL(fileURLWithPath: model.argument).resolvingSymlinksInPath().path
    }
}
