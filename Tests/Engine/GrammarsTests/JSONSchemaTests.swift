import Grammars
import StructuredJSON
import Testing

@Suite("JSON Schema as a grammar")
struct JSONSchemaTests {
    @Test(
        "A keyword admits what it should and nothing else",
        arguments: [
            (
                ##"{"type":"integer","minimum":-5,"maximum":12}"##, ["-5", "0", "12"],
                ["-6", "13", "1.5", "\"1\""]
            ),
            (
                ##"{"type":"number","exclusiveMinimum":0.5}"##, ["0.51", "1", "7.25"],
                ["0.5", "0", "-1"]
            ),
            (
                ##"{"type":"integer","multipleOf":7,"maximum":30,"minimum":0}"##, ["0", "7", "28"],
                ["1", "29", "8"]
            ),
            (##"{"type":"number","multipleOf":0.25}"##, ["0.5", "1", "2.75"], ["0.3", "0.125"]),
            (
                ##"{"type":"string","minLength":2,"maxLength":3}"##, ["\"ab\"", "\"你好吗\""],
                ["\"a\"", "\"abcd\""]
            ),
            (
                ##"{"type":"string","pattern":"^a+b$"}"##, ["\"aab\"", "\"ab\""],
                ["\"b\"", "\"aabb\""]
            ),
            (##"{"type":"string","pattern":"b"}"##, ["\"abc\"", "\"b\""], ["\"ac\"", "\"\""]),
            (
                ##"{"type":"string","pattern":"^(?=.*[A-Z])(?!.*x).{2,4}$"}"##,
                ["\"aB\"", "\"ABCD\""], ["\"ab\"", "\"Bx\"", "\"A\""]
            ),
            (
                ##"{"enum":["a","b",1,null,[1,2],{"k":"v"}]}"##,
                ["\"a\"", "1", "null", "[1, 2]", "{\"k\": \"v\"}"], ["\"c\"", "2", "[1]", "{}"]
            ),
            (##"{"const":{"a":[true]}}"##, ["{\"a\": [true]}"], ["{\"a\": [false]}", "{}"]),
            (
                ##"{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":2}"##,
                ["[1]", "[1, 2]"], ["[]", "[1, 2, 3]", "[\"a\"]"]
            ),
            (
                ##"{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false}"##,
                ["[]", "[\"a\", 1]"], ["[1]", "[\"a\", 1, 2]"]
            ),
            (
                ##"{"type":"array","contains":{"const":1},"maxContains":1}"##, ["[1]", "[2, 1]"],
                ["[]", "[2]", "[1, 1]"]
            ),
            (
                ##"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"##,
                ["{\"a\": 1}"], ["{}", "{\"b\": 1}", "{\"a\": \"x\"}"]
            ),
            (
                ##"{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"string"}}"##,
                ["{}", "{\"b\": \"x\", \"a\": 1}"], ["{\"b\": 1}", "{\"a\": \"x\"}"]
            ),
            (
                ##"{"type":"object","patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false}"##,
                ["{\"xy\": 1}"], ["{\"y\": 1}", "{\"x\": \"a\"}"]
            ),
            (
                ##"{"type":"object","minProperties":1,"maxProperties":2}"##,
                ["{\"a\": 1}", "{\"a\": 1, \"b\": 2}"], ["{}", "{\"a\": 1, \"b\": 2, \"c\": 3}"]
            ),
            (
                ##"{"type":"object","propertyNames":{"pattern":"^[a-z]+$"}}"##, ["{\"ab\": 1}"],
                ["{\"A\": 1}"]
            ),
            (
                ##"{"type":"object","dependentRequired":{"a":["b"]}}"##,
                ["{}", "{\"b\": 1}", "{\"a\": 1, \"b\": 1}"], ["{\"a\": 1}"]
            ),
            (
                ##"{"oneOf":[{"type":"integer","maximum":12},{"type":"integer","minimum":10}]}"##,
                ["3", "13"], ["10", "12"]
            ),
            (
                ##"{"anyOf":[{"type":"string"},{"type":"integer","maximum":5}]}"##, ["\"a\"", "5"],
                ["6", "null"]
            ),
            (
                ##"{"allOf":[{"type":"integer","minimum":3},{"maximum":5}]}"##, ["3", "5"],
                ["2", "6"]
            ),
            (##"{"type":"integer","not":{"enum":[1,2]}}"##, ["3", "10"], ["1", "2"]),
            (
                ##"{"if":{"properties":{"k":{"const":"n"}},"required":["k"]},"then":{"properties":{"v":{"type":"integer"}}},"else":{"properties":{"v":{"type":"string"}}},"type":"object"}"##,
                ["{\"k\": \"n\", \"v\": 1}", "{\"k\": \"s\", \"v\": \"x\"}", "{\"v\": \"x\"}"],
                ["{\"k\": \"n\", \"v\": \"x\"}", "{\"v\": 1}"]
            ),
            (
                ##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}},"additionalProperties":false}}}"##,
                ["{}", "{\"next\": {\"next\": {}}}"], ["{\"next\": 1}", "{\"other\": {}}"]
            ),
            (
                ##"{"type":"string","format":"date"}"##, ["\"2024-02-29\"", "\"2023-12-31\""],
                ["\"2023-02-29\"", "\"2023-13-01\""]
            ),
            (
                ##"{"type":"string","format":"ipv4"}"##, ["\"10.0.0.255\""],
                ["\"10.0.0.256\"", "\"10.0.0\""]
            ),
            (
                ##"{"allOf":[{"properties":{"a":true}}],"properties":{"b":true},"unevaluatedProperties":false,"type":"object"}"##,
                ["{\"a\": 1, \"b\": 2}"], ["{\"c\": 1}"]
            ),
        ] as [(String, [String], [String])])
    func keyword(schema: String, valid: [String], invalid: [String]) throws {
        let grammar = try TestVocabulary.schema(schema)
        for text in valid {
            #expect(try TestVocabulary.admits(text, grammar), "\(text) should be admitted")
        }
        for text in invalid {
            #expect(try !TestVocabulary.admits(text, grammar), "\(text) should be refused")
        }
    }

    @Test(
        "What cannot be enforced is refused with its place",
        arguments: [
            (
                ##"{"properties":{"a":{"type":"string","pattern":"(a)\\1"}}}"##,
                "#/properties/a/pattern", GrammarError.Code.unsupported
            ),
            (
                ##"{"properties":{"a":{"$ref":"https://example.com/s.json"}}}"##,
                "#/properties/a/$ref", .unsupported
            ),
            (
                ##"{"properties":{"a":{"$ref":"#/$defs/missing"}}}"##, "#/properties/a/$ref",
                .invalid
            ),
            (##"{"items":{"type":"text"}}"##, "#/items/type", .invalid),
            (##"{"items":{"minLength":-1}}"##, "#/items/minLength", .invalid),
            (##"{"type":"array","unevaluatedItems":false}"##, "#/unevaluatedItems", .unsupported),
            (##"{"type":"string","pattern":"["}"##, "#/pattern", .invalid),
            (##"{"type":"integer","minimum":3,"maximum":2}"##, "#", .unsatisfiable),
            (
                ##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","required":["n"],"properties":{"n":{"$ref":"#/$defs/n"}}}}}"##,
                "#", .unsatisfiable
            ),
        ])
    func refusal(schema: String, path: String, code: GrammarError.Code) throws {
        let error = try #require(throws: GrammarError.self) {
            try TestVocabulary.schema(schema)
        }
        #expect(error.path == path)
        #expect(error.code == code)
    }

    @Test("Members come in the schema's order where that is asked for")
    func declaredOrder() throws {
        let schema =
            ##"{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a"],"additionalProperties":false}"##
        let ordered = try TestVocabulary.schema(
            schema, JSONFormatting(whitespace: .none, propertyOrder: .declared))
        #expect(try TestVocabulary.admits(##"{"a":1,"b":2}"##, ordered))
        #expect(try !TestVocabulary.admits(##"{"b":2,"a":1}"##, ordered))
        #expect(try !TestVocabulary.admits(##"{"a": 1}"##, ordered))
        #expect(try TestVocabulary.admits(##"{"b":2, "a":1}"##, TestVocabulary.schema(schema)))
    }

    @Test("A text that only escapes can write is written with them")
    func escapes() throws {
        let grammar = try TestVocabulary.schema(##"{"enum":["a\"b","c\nd","e\u0001","😀"]}"##)
        for text in [#""a\"b""#, #""c\nd""#, #""e\u0001""#, "\"😀\""] {
            #expect(try TestVocabulary.admits(text, grammar))
        }
        #expect(try !TestVocabulary.admits(#""\u0061\"b""#, grammar))
        let free = try TestVocabulary.schema(##"{"type":"string"}"##)
        #expect(try TestVocabulary.admits(#""\u0061\ud83d\ude00é""#, free))
        #expect(try !TestVocabulary.admits(#""\ude00""#, free))
    }
}
