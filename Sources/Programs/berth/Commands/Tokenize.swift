import ArgumentParser
import ChatEngine
import Checkpoints
import StructuredJSON
import Tokenizers

struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the token ids of a text.",
        discussion: """
            Special tokens written in the text are recognised. No BOS or EOS is added unless --add-special asks \
            for what the model's file says. A TEXT that begins with a dash goes after "--".
            """)

    @Argument(
        help:
            "A GGUF file (a vocabulary-only one will do), a model of the store, or the embedded model."
    )
    var file: ModelReference

    @Argument(help: "The text.")
    var text: String

    @Flag(help: "Add BOS and EOS as the model's file says.")
    var addSpecial = false

    @Flag(help: "Print {\"ids\":[...]} instead of a table.")
    var json = false

    func run() throws {
        let tokenizer = try Tokenizer(file.open())
        file.say(tokenizer.notices)
        let ids = tokenizer.encode(text, addSpecial: addSpecial, parseSpecial: true)
        if json {
            let value = JSONValue.object(["ids": .array(ids.map { .integer($0) })])
            try StandardOutput.line(value.serialized())
            return
        }
        for id in ids {
            try StandardOutput.line("\(id)\t\(tokenizer.text(of: id).debugDescription)")
        }
    }
}
