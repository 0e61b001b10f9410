import ArgumentParser

@main
struct Berth: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "berth",
        abstract: "Runs language models on ordinary CPU servers.",
        discussion: """
            MODEL is the path of a GGUF file or of a Hugging Face folder, the name of a model that berth pull \
            brought, or "\(ModelReference.embeddedName)", the small model inside this program.

            Start here:
              berth serve                  serve the embedded model and its chat page
              berth chat                   talk to it in the terminal
              berth run model.gguf "Hi"    one answer from a model of yours
              berth pull ORG/REPO          download a model from Hugging Face
              berth doctor                 what this machine can do
            """,
        version: version,
        subcommands: [
            Bench.self,
            Chat.self,
            Convert.self,
            Doctor.self,
            Embed.self,
            GrammarCommand.self,
            Inspect.self,
            Keys.self,
            Logits.self,
            Models.self,
            Pull.self,
            Quantize.self,
            Rerank.self,
            Run.self,
            Serve.self,
            Tokenize.self,
        ])
}
