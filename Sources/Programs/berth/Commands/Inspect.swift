import ArgumentParser
import ChatEngine
import Checkpoints
import StructuredJSON

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what is in a model file: metadata, tensors, memory needed.")

    @Argument(help: "A GGUF file, a model of the store, or the embedded model.")
    var file: ModelReference

    @Flag(help: "Print one JSON object with everything, arrays in full.")
    var json = false

    func run() throws {
        let file = try file.open()
        let report = InspectionReport(file)
        try StandardOutput.line(json ? report.json().serialized() : report.text)
    }
}
