package import StructuredJSON

/// How tools are told of to models whose templates know of none: in Hermes' format, within ordinary messages.
package enum GenericTools {
    /// What a system message says of the tools.
    package static func explanation(_ tools: [JSONValue]) -> String {
        let list = tools.map { ($0["function"] ?? $0).serialized(.python) }
            .joined(separator: "\n")
        return """
            You have tools. Each line between these tags describes one of them, with a JSON Schema of its parameters:
            <tools>
            \(list)
            </tools>
            To use a tool, write its name and arguments as JSON between <tool_call> tags, then stop:
            <tool_call>
            {"name": "the tool's name", "arguments": {"a parameter's name": "its value"}}
            </tool_call>
            Write one such block for every call. You then get the results between <tool_response> tags. Answer without \
            tools where you need none.
            """
    }

    /// A result as the model reads it.
    package static func result(_ content: String) -> String {
        "<tool_response>\n\(content)\n</tool_response>"
    }
}
