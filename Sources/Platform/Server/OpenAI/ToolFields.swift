package import CompletionAPI
package import StructuredJSON

/// The tools of a request, and how they may be called.
package struct ToolFields: Sendable, Equatable {
    /// OpenAI tool objects, as chat templates want them.
    package private(set) var tools: [JSONValue] = []
    package var choice = ToolChoice.auto
    package var callsInParallel = true
    private var names: Set<String> = []

    package init() {}

    /// Reads the fields of a chat completion.
    package init(chat root: JSONField) throws(JSONError) {
        for (list, choice) in [("functions", "function_call")] {
            guard let field = root[list].ifPresent, try !field.array().isEmpty,
                root[choice].value?.string != "none"
            else { continue }
            throw field.invalid("must be empty: tools and tool_choice have replaced it")
        }
        if let field = root["tools"].ifPresent {
            for tool in try field.array() {
                try requireFunction(tool["type"])
                let function = tool["function"]
                _ = try function["parameters"].ifPresent?.object()
                _ = try function["description"].ifPresent?.string()
                try add(try tool.present(), name: function["name"])
            }
        }
        try readOpenAIChoice(root) { field throws(JSONError) in field["function"]["name"] }
    }

    /// Reads the fields of a request to `/v1/responses`, whose tools are flat.
    package init(responses root: JSONField) throws(JSONError) {
        if let field = root["tools"].ifPresent {
            for tool in try field.array() {
                try requireFunction(tool["type"])
                try add(tool, parameters: tool["parameters"])
            }
        }
        try readOpenAIChoice(root) { field throws(JSONError) in field["name"] }
    }

    private mutating func readOpenAIChoice(
        _ root: JSONField, name: (JSONField) throws(JSONError) -> JSONField
    ) throws(JSONError) {
        if let field = root["tool_choice"].ifPresent {
            if field.value?.string != nil {
                choice =
                    switch try field.oneOf(["none", "auto", "required"]) {
                    case "none": .none
                    case "auto": .auto
                    default: .required
                    }
            } else {
                try requireFunction(field["type"])
                choice = .named(try name(field).string())
            }
            try checkChoice(field)
        }
        callsInParallel = try root["parallel_tool_calls"].ifPresent?.bool() ?? true
    }

    // MARK: For every API

    /// Adds a tool whose name and description stand beside its parameters, whatever these are called.
    mutating func add(_ tool: JSONField, parameters: JSONField) throws(JSONError) {
        let name = tool["name"]
        var function: JSONObject = ["name": .string(try name.string())]
        if let description = try tool["description"].ifPresent?.string() {
            function["description"] = .string(description)
        }
        if let parameters = try parameters.ifPresent?.object() {
            function["parameters"] = .object(parameters)
        }
        if let isStrict = try tool["strict"].ifPresent?.bool() {
            function["strict"] = .bool(isStrict)
        }
        try add(["type": "function", "function": .object(function)], name: name)
    }

    private mutating func add(_ tool: JSONValue, name: JSONField) throws(JSONError) {
        let text = try name.string()
        guard !text.isEmpty else { throw name.invalid("must not be empty") }
        guard names.insert(text).inserted else {
            throw name.invalid("must differ from the names of the other tools")
        }
        tools.append(tool)
    }

    /// Refuses a choice that the tools do not allow.
    func checkChoice(_ field: JSONField) throws(JSONError) {
        switch choice {
        case .auto, .none: break
        case .required:
            guard !tools.isEmpty else { throw field.invalid("must not ask for calls: no tools") }
        case .named(let name):
            guard names.contains(name) else {
                throw field.invalid("must name one of the tools; \"\(name)\" is none of them")
            }
        }
    }

    private func requireFunction(_ field: JSONField) throws(JSONError) {
        guard try field.string() == "function" else {
            throw field.invalid("must be 'function': this server runs no tools of its own")
        }
    }
}

extension CompletionRequest {
    /// Lets the model call those tools.
    mutating func allow(_ fields: ToolFields) {
        toolChoice = fields.choice
        callsToolsInParallel = fields.callsInParallel
        guard case .chat(var conversation) = prompt else { return }
        conversation.tools = fields.tools
        prompt = .chat(conversation)
    }
}
