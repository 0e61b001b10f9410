package import StructuredJSON

/// The tools that a request offers, by name.
package struct ToolSet: Sendable {
    /// One tool.
    package struct Tool: Sendable {
        package let name: String
        /// JSON Schema of its arguments; `nil` admits any object.
        package let parameters: JSONValue?
        /// Whether arguments must fit the schema.
        package let isStrict: Bool
    }

    package let tools: [Tool]
    private let indexes: [String: Int]

    /// Takes OpenAI's tool objects: `{"type": "function", "function": {"name", "parameters", "strict"}}`; what has no
    /// name is left out.
    package init(_ objects: [JSONValue] = []) {
        var tools: [Tool] = []
        var indexes: [String: Int] = [:]
        for object in objects {
            let function = object["function"] ?? object
            guard let name = function["name"]?.string, indexes[name] == nil else { continue }
            indexes[name] = tools.count
            let parameters = function["parameters"].flatMap { $0.isNull ? nil : $0 }
            tools.append(
                Tool(
                    name: name, parameters: parameters,
                    isStrict: function["strict"]?.bool ?? false))
        }
        self.tools = tools
        self.indexes = indexes
    }

    package var isEmpty: Bool { tools.isEmpty }

    package var names: Set<String> { Set(indexes.keys) }

    package subscript(name: String) -> Tool? { indexes[name].map { tools[$0] } }

    /// Types that a tool's schema allows for one argument; none where it does not say.
    ///
    /// A number may be an integer.
    func types(of argument: String, in name: String) -> Set<String> {
        guard let schema = self[name]?.parameters?["properties"]?[argument] else { return [] }
        var types: Set<String> = []
        for alternative in [schema] + (schema["anyOf"]?.array ?? schema["oneOf"]?.array ?? []) {
            if let type = alternative["type"]?.string { types.insert(type) }
            types.formUnion((alternative["type"]?.array ?? []).compactMap(\.string))
        }
        if types.isEmpty, let values = schema["enum"]?.array,
            values.allSatisfy({ $0.string != nil })
        {
            types = ["string"]
        }
        if types.contains("number") { types.insert("integer") }
        return types
    }
}
