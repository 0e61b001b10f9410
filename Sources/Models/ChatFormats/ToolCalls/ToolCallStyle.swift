/// How a model writes calls of tools in its answer.
package enum ToolCallStyle: String, Sendable, CaseIterable {
    /// `<tool_call>{"name": …, "arguments": …}</tool_call>`: Hermes, Qwen 2.5 and 3, and models that were told so.
    case hermes
    /// `<tool_call><function=name><parameter=key>value</parameter></function></tool_call>`: Qwen3-Coder.
    case qwenCoder
    /// `{"name": …, "parameters": …}` at the answer's start, perhaps after `<|python_tag|>`; or `[name(key=value)]`: Llama 3.
    case llama
    /// `[TOOL_CALLS]name[ARGS]{…}`: Mistral since 2025. Either reading takes the other, too.
    case mistral
    /// `[TOOL_CALLS][{"name": …, "arguments": …}]`: Mistral before.
    case mistralList
    /// `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>…`: DeepSeek V3 and R1.
    case deepSeek
    /// `<|channel|>commentary to=functions.name<|message|>{…}<|call|>`: gpt-oss (OpenAI harmony).
    case harmony
    /// `<|tool_calls_section_begin|><|tool_call_begin|>functions.name:0…`: Kimi K2.
    case kimi
    /// `<tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value></tool_call>`: GLM 4.5 and later.
    case glm
    /// `<minimax:tool_call><invoke name="name"><parameter name="key">value</parameter></invoke>…`: MiniMax M2.
    case miniMax
    /// `<|tool_call|>[{"name": …, "arguments": …}]`: Granite, Phi 4 mini.
    case list
    /// `<|tool_call_start|>[name(key=value)]<|tool_call_end|>`: LFM 2.
    case pythonList

    /// Markers by which a template is known, those that others may hold, too, last.
    private static let evidence: [(style: ToolCallStyle, markers: [String])] = [
        (.harmony, ["<|channel|>", "<|message|>"]),
        (.deepSeek, ["<｜tool▁call▁begin｜>"]),
        (.kimi, ["<|tool_call_begin|>"]),
        (.mistral, ["[TOOL_CALLS]", "[ARGS]"]),
        (.mistralList, ["[TOOL_CALLS]"]),
        (.miniMax, ["<minimax:tool_call>"]),
        (.glm, ["<arg_key>"]),
        (.qwenCoder, ["<function=", "<parameter="]),
        (.pythonList, ["<|tool_call_start|>"]),
        (.hermes, ["<tool_call>"]),
        (.list, ["<|tool_call|>"]),
        (.llama, ["<|python_tag|>"]),
        (.llama, ["ipython"]),
        (.llama, ["\"parameters\": dictionary of argument name"]),
    ]

    /// The style that a chat template is written for; `nil` where it shows no style that is known.
    package init?(template source: String) {
        let found = Self.evidence.first { $0.markers.allSatisfy(source.contains) }
        guard let found else { return nil }
        self = found.style
    }

    /// Markers that begin calls; each goes with a reader of what follows.
    package var openings: [String] {
        switch self {
        case .hermes, .glm: ["<tool_call>"]
        case .qwenCoder: ["<tool_call>", "<function="]
        case .llama: ["<|python_tag|>", "<tool_call>"]
        case .mistral, .mistralList: ["[TOOL_CALLS]"]
        case .deepSeek: ["<｜tool▁call▁begin｜>"]
        case .harmony: []
        case .kimi: ["<|tool_call_begin|>"]
        case .miniMax: ["<invoke name=\""]
        case .list: ["<|tool_call|>"]
        case .pythonList: ["<|tool_call_start|>"]
        }
    }

    /// Markers around calls that say nothing by themselves; they are text only where no call is near.
    var surroundings: [String] {
        switch self {
        case .hermes, .glm: ["</tool_call>"]
        case .qwenCoder: ["</tool_call>", "</function>"]
        case .llama: ["</tool_call>", ";"]
        case .mistral, .mistralList, .harmony: []
        case .deepSeek:
            [
                "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁end｜>", "```",
            ]
        case .kimi:
            ["<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_end|>"]
        case .miniMax: ["<minimax:tool_call>", "</minimax:tool_call>", "</invoke>"]
        case .list: ["<|/tool_call|>", "</tool_call>"]
        case .pythonList: ["<|tool_call_end|>"]
        }
    }

    /// Special tokens that a decoder must show as text, so that a parser can see them.
    package var markers: [String] {
        self == .harmony
            ? HarmonyParser.markers
            : openings + surroundings + ["[ARGS]", "[CALL_ID]"]
                + ["<｜tool▁sep｜>", "<|tool_call_argument_begin|>"]
    }

    /// Whether models write arguments between tags, one by one, and not as one JSON object.
    package var isTagged: Bool {
        switch self {
        case .qwenCoder, .glm, .miniMax: true
        default: false
        }
    }

    /// How the next call's id looks.
    package var idStyle: CallIDStyle {
        self == .mistral || self == .mistralList ? .nineCharacters : .openAI
    }
}

/// How calls are numbered.
package enum CallIDStyle: Sendable {
    /// `call_` and 24 letters and digits.
    case openAI
    /// 9 letters and digits: Mistral's templates refuse others.
    case nineCharacters

    /// A new id.
    package func make(using generator: inout some RandomNumberGenerator) -> String {
        let characters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        let (prefix, count) =
            switch self {
            case .openAI: ("call_", 24)
            case .nineCharacters: ("", 9)
            }
        return prefix
            + String((0..<count).compactMap { _ in characters.randomElement(using: &generator) })
    }
}
