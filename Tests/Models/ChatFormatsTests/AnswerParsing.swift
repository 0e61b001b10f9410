import ChatFormats
import StructuredJSON

/// An answer taken apart, without the places where it was cut.
struct ParsedAnswer: Equatable {
    struct Call: Equatable {
        var name: String
        var id: String?
        var arguments = ""
        var isComplete = false
    }

    var reasoning = ""
    var text = ""
    var calls: [Call] = []

    init(reasoning: String = "", text: String = "", calls: [Call] = []) {
        self.reasoning = reasoning
        self.text = text
        self.calls = calls
    }

    init(_ parts: [AnswerPart]) {
        for part in parts {
            switch part {
            case .text(let more): text += more
            case .reasoning(let more): reasoning += more
            case .call(let name, let id): calls.append(Call(name: name, id: id))
            case .arguments(let more): calls[calls.count - 1].arguments += more
            case .callEnd: calls[calls.count - 1].isComplete = true
            }
        }
    }

    /// What a parser makes of these pieces.
    init(_ pieces: [String], by parser: AnswerParser) {
        var parser = parser
        self.init(pieces.flatMap { parser.append($0) } + parser.finish())
    }
}

extension ParsedAnswer.Call {
    /// A complete call.
    static func call(_ name: String, _ arguments: String, id: String? = nil) -> Self {
        Self(name: name, id: id, arguments: arguments, isComplete: true)
    }
}

/// All ways to cut a text in two, every scalar alone, and some in three.
func cuts(of text: String) -> [[String]] {
    let scalars = text.unicodeScalars.map { String($0) }
    var cuts = [[text], scalars]
    for middle in scalars.indices {
        cuts.append([scalars[..<middle].joined(), scalars[middle...].joined()])
        let end = min(scalars.count, middle + 1 + middle % 7)
        cuts.append([
            scalars[..<middle].joined(), scalars[middle..<end].joined(), scalars[end...].joined(),
        ])
    }
    return cuts
}

/// Tools that the tests offer.
let harbourTools = ToolSet([
    [
        "type": "function",
        "function": [
            "name": "find_berth",
            "parameters": [
                "type": "object",
                "properties": [
                    "ship": ["type": "string"], "length": ["type": "number"],
                    "cargo": ["type": "array"], "dangerous": ["type": "boolean"],
                ],
            ],
        ],
    ],
    ["type": "function", "function": ["name": "tide"]],
])
