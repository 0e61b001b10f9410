import ArgumentParser
import Checkpoints
import Foundation
import Tensors

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a Hugging Face folder as one GGUF file.",
        discussion: """
            FOLDER holds config.json, safetensors and tokenizer.json. Split GGUF files are joined. The file appears \
            under its name only when it is complete; berth and llama.cpp read it.
            """)

    enum WeightType: String, ExpressibleByArgument, CaseIterable {
        case f32, f16, bf16

        var elementType: ElementType {
            switch self {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            }
        }
    }

    @Argument(
        help: ArgumentHelp("A folder, or any part of a split GGUF file.", valueName: "FOLDER"))
    var source: ModelReference

    @Argument(help: ArgumentHelp("Where to write the file.", valueName: "OUT.gguf"))
    var out: String

    @Option(help: "Type of the weights: f32, f16 or bf16 (default: as they are).")
    var type: WeightType?

    func run() throws {
        let checkpoint = try source.open()
        guard !checkpoint.files.contains(where: { Self.resolved($0) == Self.resolved(out) }) else {
            throw CommandError("OUT.gguf names the model itself; choose another file")
        }
        let conversion = try GGUFConversion(checkpoint, type: type?.elementType)
        if ModelFolder.isFolder(checkpoint.path),
            try checkpoint.string("general.architecture") == "bert"
        {
            StandardError.write(
                """
                note: a GGUF file of a BERT model is tokenized as llama.cpp does it, which differs for Korean, some \
                Indian scripts and very long words; for such texts run the folder as it is

                """)
        }
        let bar = ProgressBar(label: "converting")
        defer { bar.finish() }
        let interruption = Interruption.removingOutput(bar)
        defer { interruption.end() }
        try conversion.write(to: out) { bar.update($0) }
    }

    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
}
