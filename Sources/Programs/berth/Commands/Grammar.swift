import ArgumentParser
import ChatEngine
import Foundation
import Grammars
import StructuredJSON
import Tokenizers

struct GrammarCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grammar",
        abstract: "Try what structured output enforces: JSON schemas against instances.",
        subcommands: [Check.self, BenchSchemas.self])
}

/// A vocabulary, as the grammars' commands name it.
struct VocabularyOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A GGUF file (a vocabulary-only one will do), a model of the store, or the embedded model.",
            valueName: "FILE"))
    var vocab: ModelReference = .embedded

    func load() throws -> (Tokenizer, TokenTrie) {
        let tokenizer = try Tokenizer(vocab.open())
        return (tokenizer, TokenTrie(tokenizer))
    }

    static func json(_ path: String) throws -> JSONValue {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CommandError("cannot read \(path): \(error.localizedDescription)")
        }
        do {
            return try JSONValue(
                parsing: Array(bytes),
                limits: JSONLimits(maximumDepth: 512, duplicateKeys: .keepLast))
        } catch {
            throw CommandError("\(path): \(error)")
        }
    }
}

extension GrammarCommand {
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a schema admits an instance, token by token.",
            discussion: """
                The instance is written as JSON, made into tokens, and every token is looked up in the mask of its \
                place. Exit status 0 where it is admitted, 1 where it is not or the schema cannot be enforced.
                """)

        @OptionGroup var vocabulary: VocabularyOption

        @Option(help: ArgumentHelp("The JSON Schema.", valueName: "FILE"))
        var schema: String

        @Option(help: ArgumentHelp("The JSON value to try.", valueName: "FILE"))
        var instance: String

        @Flag(help: "Print what was found as JSON.")
        var json = false

        func run() throws {
            let (tokenizer, trie) = try vocabulary.load()
            let data = try VocabularyOption.json(instance)
            let trial = GrammarTrial(
                schema: try VocabularyOption.json(schema), tests: [(data, true)],
                tokenizer: tokenizer, trie: trie)
            if json {
                try StandardOutput.line(trial.json(named: schema).serialized(.pretty))
            } else if let refusal = trial.refusal {
                throw CommandError("\(schema): \(refusal)")
            } else if trial.isPassed {
                try StandardOutput.line("admitted")
            } else {
                let verdict = trial.verdicts.first
                let text = tokenizer.decode(
                    Array(
                        tokenizer.encode(
                            data.serialized(.python), addSpecial: false, parseSpecial: false
                        ).prefix(verdict?.refusedAt ?? 0)), skipSpecial: false)
                try StandardOutput.line("refused after: \(text)")
            }
            if !trial.isPassed { throw ExitCode.failure }
        }
    }

    struct BenchSchemas: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "bench",
            abstract: "Try a folder of schemas and instances in MaskBench's format.",
            discussion: """
                Each file holds a "schema" and "tests" with "valid" and "data". A line for every file, and a last one \
                that sums up. Times are what one thread ran, in microseconds.
                """)

        @Argument(help: ArgumentHelp("The folder.", valueName: "dir"))
        var folder: String

        @OptionGroup var vocabulary: VocabularyOption

        @Option(help: "Try only so many files, chosen by the seed.")
        var sample: Int?

        @Option(help: "Which files a sample takes.")
        var seed: UInt64 = 1

        @Flag(help: "Print a JSON object a line.")
        var json = false

        func validate() throws {
            if let sample, sample < 1 { throw ValidationError("--sample must be at least 1") }
        }

        private func files() throws -> [String] {
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: folder)
            } catch {
                throw CommandError("cannot read \(folder): \(error.localizedDescription)")
            }
            var files = names.filter { $0.hasSuffix(".json") }.sorted()
            guard let sample, sample < files.count else { return files }
            // SplitMix64 and Fisher-Yates: the same sample on every machine.
            var state = seed
            for index in 0..<sample {
                state &+= 0x9E37_79B9_7F4A_7C15
                var bits = state
                bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
                bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
                bits ^= bits >> 31
                files.swapAt(index, index + Int(bits % UInt64(files.count - index)))
            }
            return files.prefix(sample).sorted()
        }

        func run() throws {
            let (tokenizer, trie) = try vocabulary.load()
            var totals = Totals()
            for name in try files() {
                let file = try VocabularyOption.json("\(folder)/\(name)")
                let tests = (file["tests"]?.array ?? []).compactMap { test in
                    test["data"].map { (data: $0, isValid: test["valid"]?.bool ?? true) }
                }
                let start = GrammarTrial.processorMicroseconds()
                let trial = GrammarTrial(
                    schema: file["schema"] ?? file, tests: tests, tokenizer: tokenizer, trie: trie)
                totals.add(
                    trial, took: (GrammarTrial.processorMicroseconds() - start) / 1e6)
                try StandardOutput.line(
                    json ? trial.json(named: name).serialized() : Self.line(name, trial))
            }
            try StandardOutput.line(
                json ? totals.json.serialized() : totals.json.serialized(.pretty))
        }

        private static func line(_ name: String, _ trial: GrammarTrial) -> String {
            if let refusal = trial.refusal { return "refused  \(name): \(refusal)" }
            return "\(trial.isPassed ? "passed " : "WRONG  ")  \(name)"
        }
    }

    /// What a run comes to.
    private struct Totals {
        var files = 0
        var passed = 0
        var refused = 0
        var wrong = 0
        var slowestSeconds = 0.0
        var compile: [Double] = []
        var masks: [Double] = []

        mutating func add(_ trial: GrammarTrial, took seconds: Double) {
            files += 1
            if trial.refusal != nil { refused += 1 }
            if trial.isWrong { wrong += 1 }
            if trial.isPassed { passed += 1 }
            if trial.refusal == nil { compile.append(trial.compileMicroseconds) }
            masks += trial.maskMicroseconds
            slowestSeconds = max(slowestSeconds, seconds)
        }

        var json: JSONValue {
            [
                "files": .integer(files), "passed": .integer(passed), "refused": .integer(refused),
                "wrong": .integer(wrong), "compile_us": GrammarTrial.timings(compile),
                "mask_us": GrammarTrial.timings(masks),
                "slowest_file_s": .number((slowestSeconds * 1000).rounded() / 1000),
            ]
        }
    }
}
