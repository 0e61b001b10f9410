import StructuredJSON

/// What stands around the arguments of a call, where the call is written for the model up to its arguments.
///
/// Arguments are one JSON object, also in formats whose models write them between tags: readers take both.
package struct CallFrame: Sendable, Equatable {
    /// Up to the arguments' `{`.
    package let head: String
    /// After the arguments' `}`; empty where nothing need follow.
    package let tail: String
    /// What stands before the head where the message has begun already, with a thought.
    package let resumption: String
    /// Whether the answer ends with the call.
    package let isLast: Bool

    /// The frame of a call of a tool.
    package init(_ name: String, style: ToolCallStyle) {
        let quoted = JSONValue.string(name).serialized()
        let object = "{\"name\": \(quoted), \"arguments\": "
        (head, tail) =
            switch style {
            case .hermes: ("<tool_call>\n\(object)", "}\n</tool_call>")
            case .qwenCoder:
                ("<tool_call>\n<function=\(name)>\n", "\n</function>\n</tool_call>")
            case .glm: ("<tool_call>\(name)\n", "\n</tool_call>")
            case .llama: ("{\"name\": \(quoted), \"parameters\": ", "}")
            case .mistral: ("[TOOL_CALLS]\(name)[ARGS]", "")
            case .mistralList: ("[TOOL_CALLS][\(object)", "}]")
            case .deepSeek:
                (
                    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>\(name)\n```json\n",
                    "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
                )
            case .harmony:
                ("<|channel|>commentary to=functions.\(name) <|constrain|>json<|message|>", "")
            case .kimi:
                (
                    "<|tool_calls_section_begin|><|tool_call_begin|>functions.\(name):0"
                        + "<|tool_call_argument_begin|>",
                    "<|tool_call_end|><|tool_calls_section_end|>"
                )
            case .miniMax:
                (
                    "<minimax:tool_call>\n<invoke name=\"\(name)\">\n",
                    "\n</invoke>\n</minimax:tool_call>"
                )
            case .list: ("<|tool_call|>[\(object)", "}]<|/tool_call|>")
            case .pythonList: ("<|tool_call_start|>[\(object)", "}]<|tool_call_end|>")
            }
        resumption = style == .harmony ? "<|start|>assistant" : ""
        isLast = style == .harmony
    }
}
