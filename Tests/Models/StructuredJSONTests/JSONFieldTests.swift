import StructuredJSON
import Testing

@Suite("Reading the fields of a request")
struct JSONFieldTests {
    private let request = JSONField([
        "model": "tiny", "temperature": 0.7, "max_tokens": 5.0, "stream": true, "stop": nil,
        "n": 1.5,
        "messages": [
            ["role": "user", "content": "hi"], ["role": 3], "text",
            ["role": .string(String(repeating: "é", count: 100))],
        ],
        "headers": ["content type": 1],
    ])

    @Test("Values of the right type are read, and absent ones are absent")
    func reading() throws {
        #expect(try request["model"].string() == "tiny")
        #expect(try request["temperature"].double(in: 0...2) == 0.7)
        #expect(try request["max_tokens"].int(in: 1...10) == 5)
        #expect(try request["stream"].bool())
        #expect(try request["messages"].array().count == 4)
        #expect(try request["messages"].array()[0]["role"].oneOf(["system", "user"]) == "user")
        #expect(.object(try request["headers"].object()) == (["content type": 1] as JSONValue))
        #expect(request["stop"].ifPresent == nil)
        #expect(request["seed"].ifPresent == nil)
    }

    @Test("Errors name the field as the client spells it and say what it holds")
    func errors() throws {
        let messages = try request["messages"].array()
        let faults: [(String, JSONError.Code, () throws -> Any)] = [
            ("seed is required", .missingField, { try request["seed"].int() }),
            ("stop is required, got null", .missingField, { try request["stop"].string() }),
            ("model must be an integer, got 'tiny'", .wrongType, { try request["model"].int() }),
            ("n must be an integer, got number 1.5", .wrongType, { try request["n"].int() }),
            ("model must be an array, got 'tiny'", .wrongType, { try request["model"].array() }),
            (
                "temperature must be a number between 1.0 and 2.0, got number 0.7", .invalidValue,
                { try request["temperature"].double(in: 1...2) }
            ),
            (
                "max_tokens must be an integer of at least 6, got number 5.0", .invalidValue,
                { try request["max_tokens"].int(in: 6...(.max)) }
            ),
            (
                "messages[1].role must be one of 'system', 'user', got number 3", .wrongType,
                { try messages[1]["role"].oneOf(["system", "user"]) }
            ),
            (
                "messages[2] must be an object, got 'text'", .wrongType,
                { try messages[2]["role"].ifPresent?["deeper"].string() as Any }
            ),
            (
                "messages[3].role must be one of 'user', got '\(String(repeating: "é", count: 40))...'",
                .invalidValue, { try messages[3]["role"].oneOf(["user"]) }
            ),
            (
                #"headers["content type"] must be a string, got number 1"#, .wrongType,
                { try request["headers"]["content type"].string() }
            ),
            (
                "the document must be an object, got an array", .wrongType,
                { try JSONField([])["a"].bool() }
            ),
        ]
        for (message, code, read) in faults {
            let error = #expect(throws: JSONError.self) { _ = try read() }
            #expect(error?.message == message)
            #expect(error?.code == code)
        }
    }
}
