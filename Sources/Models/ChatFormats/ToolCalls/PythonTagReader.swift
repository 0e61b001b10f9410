import StructuredJSON

/// Reads what follows Llama's `<|python_tag|>`: a call as JSON, `name.call(key="value")`, or code for an interpreter.
struct PythonTagReader: CallReader {
    /// Names under which an interpreter of Python is offered.
    private static let interpreters = ["python", "code_interpreter", "ipython"]

    private let tools: ToolSet
    private var call: (any CallReader)?
    private var code: [UInt8] = []

    init(tools: ToolSet) {
        self.tools = tools
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        if code.isEmpty, byte.isSpace { return .more }
        if code.isEmpty {
            call =
                switch byte {
                case UInt8(ascii: "{"): ObjectCallReader()
                case UInt8(ascii: "["): ListCallReader(known: tools.names)
                default: PythonCallReader(known: tools.names, dropsCall: true)
                }
        }
        code.append(byte)
        guard let step = call?.read(byte, into: &parts) else {
            return interpreter == nil ? .failed : .more
        }
        guard case .failed = step else { return step }
        call = nil
        return interpreter == nil ? .failed : .more
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool {
        if call?.finish(into: &parts) ?? false { return true }
        guard let interpreter, !code.isEmpty else { return false }
        parts.begin(interpreter)
        parts.arguments(JSONValue.object(["code": .string(code.text)]).serialized().utf8)
        parts.end()
        return true
    }

    private var interpreter: String? {
        Self.interpreters.first { tools[$0] != nil }
    }
}
