import ChatFormats
import StructuredJSON
import Testing

@Suite("Calls of tools are told from text, however the answer is cut")
struct ToolCallParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var style: ToolCallStyle
        var answer: String
        var text = ""
        var calls: [ParsedAnswer.Call] = []
        var testDescription: String { "\(style.rawValue): \(answer.prefix(60))" }
    }

    private static let arguments =
        #"{"ship": "Möwe {\"7\"} 泊位 </b>", "length": 1.5e2, "cargo": [{}, [1]]}"#

    static let whole: [Case] = [
        Case(
            style: .hermes,
            answer:
                "<tool_call>\n{\"name\": \"find_berth\", \"arguments\": \(arguments)}\n</tool_call>",
            calls: [.call("find_berth", arguments)]),
        Case(
            style: .hermes,
            answer: """
                Let me look.

                <tool_call>
                {"name": "tide", "arguments": {}}
                </tool_call>
                <tool_call>
                {"arguments": {"ship": "A"}, "name": "find_berth"}
                </tool_call>

                Done < soon.
                """, text: "Let me look.\n\nDone < soon.",
            calls: [.call("tide", "{}"), .call("find_berth", #"{"ship": "A"}"#)]),
        Case(
            style: .hermes,
            answer: #"<tool_call>{"name":"tide","arguments":"{\"at\": \"noon\"}"}</tool_call>"#,
            calls: [.call("tide", #"{"at": "noon"}"#)]),
        Case(
            style: .hermes,
            answer:
                #"<tool_call>{"type":"function","function":{"name":"tide","parameters":{"a":1}}}</tool_call>"#,
            calls: [.call("tide", #"{"a":1}"#)]),
        Case(
            style: .hermes, answer: #"<tool_call>{"name":"tide"}</tool_call>"#,
            calls: [.call("tide", "{}")]),
        Case(
            style: .qwenCoder,
            answer: """
                I shall ask.
                <tool_call>
                <function=find_berth>
                <parameter=ship>
                "Möwe"
                泊位 \\ 7
                </parameter>
                <parameter=length>
                150
                </parameter>
                <parameter=dangerous>
                True
                </parameter>
                <parameter=cargo>
                ["tea", {"a": 1}]
                </parameter>
                </function>
                </tool_call>
                """, text: "I shall ask.",
            calls: [
                .call(
                    "find_berth",
                    #"{"ship":"\"Möwe\"\n泊位 \\ 7","length":150,"dangerous":true,"cargo":["tea", {"a": 1}]}"#
                )
            ]),
        Case(
            style: .qwenCoder,
            answer: #"<tool_call>{"name": "tide", "arguments": {}}</tool_call>"#,
            calls: [.call("tide", "{}")]),
        Case(
            style: .qwenCoder, answer: "<function=tide>\n</function>\n</tool_call>",
            calls: [.call("tide", "{}")]),
        Case(
            style: .qwenCoder, answer: #"<function=tide>{"at": "noon"}</function>"#,
            calls: [.call("tide", #"{"at": "noon"}"#)]),
        Case(
            style: .llama, answer: #"{"name": "find_berth", "parameters": {"ship": "A;B"}}"#,
            calls: [.call("find_berth", #"{"ship": "A;B"}"#)]),
        Case(
            style: .llama,
            answer:
                #"<|python_tag|>{"type": "function", "name": "tide", "parameters": {}}; {"name": "tide", "parameters": {"at": 1}}"#,
            calls: [.call("tide", "{}"), .call("tide", #"{"at": 1}"#)]),
        Case(
            style: .llama,
            answer: "[find_berth(ship='It\\'s', length=1.5, cargo=[None, True]), tide()]",
            calls: [
                .call("find_berth", #"{"ship":"It's","length":1.5,"cargo":[null,true]}"#),
                .call("tide", "{}"),
            ]),
        Case(
            style: .llama, answer: #"<|python_tag|>tide.call(at="noon (local)")"#,
            calls: [.call("tide", #"{"at":"noon (local)"}"#)]),
        Case(
            style: .mistral,
            answer:
                #"[TOOL_CALLS] [{"name": "tide", "arguments": {"a": [1]}, "id": "abcdefghi"}, {"name": "find_berth", "arguments": {}}]"#,
            calls: [.call("tide", #"{"a": [1]}"#), .call("find_berth", "{}")]),
        Case(
            style: .mistral,
            answer:
                #"Yes.[TOOL_CALLS]tide[ARGS]{"a": "]"}[TOOL_CALLS]find_berth[CALL_ID]abcdefghi[ARGS]{}"#,
            text: "Yes.",
            calls: [.call("tide", #"{"a": "]"}"#), .call("find_berth", "{}", id: "abcdefghi")]),
        Case(
            style: .deepSeek,
            answer: """
                Sure.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>tide
                ```json
                {"at": "noon"}
                ```<｜tool▁call▁end｜>
                <｜tool▁call▁begin｜>find_berth<｜tool▁sep｜>{"ship": "｜"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>
                """, text: "Sure.",
            calls: [.call("tide", #"{"at": "noon"}"#), .call("find_berth", #"{"ship": "｜"}"#)]),
        Case(
            style: .deepSeek, answer: "<｜tool▁call▁begin｜>tide<｜tool▁sep｜><｜tool▁call▁end｜>",
            calls: [.call("tide", "{}")]),
        Case(
            style: .kimi,
            answer:
                #"Hm. <|tool_calls_section_begin|><|tool_call_begin|>functions.tide:0<|tool_call_argument_begin|>{"a": 1}<|tool_call_end|><|tool_calls_section_end|>"#,
            text: "Hm.", calls: [.call("tide", #"{"a": 1}"#, id: "functions.tide:0")]),
        Case(
            style: .glm,
            answer: """
                <tool_call>find_berth
                <arg_key>ship</arg_key>
                <arg_value>7</arg_value>
                <arg_key>length</arg_key>
                <arg_value>120.5</arg_value>
                </tool_call>
                <tool_call>tide
                </tool_call>
                """,
            calls: [.call("find_berth", #"{"ship":"7","length":120.5}"#), .call("tide", "{}")]),
        Case(
            style: .miniMax,
            answer: """
                <minimax:tool_call>
                <invoke name="find_berth">
                <parameter name="ship">A & B</parameter>
                </invoke>
                </minimax:tool_call>
                """, calls: [.call("find_berth", #"{"ship":"A & B"}"#)]),
        Case(
            style: .list,
            answer: #"<|tool_call|>[{"name": "tide", "arguments": {"a": 1}}]<|/tool_call|>"#,
            calls: [.call("tide", #"{"a": 1}"#)]),
        Case(
            style: .pythonList,
            answer: #"<|tool_call_start|>[tide(at="noon")]<|tool_call_end|>Wait."#,
            text: "Wait.",
            calls: [.call("tide", #"{"at":"noon"}"#)]),
    ]

    static let damaged: [Case] = [
        Case(
            style: .hermes, answer: "a < b <tool and <tool_call", text: "a < b <tool and <tool_call"
        ),
        Case(
            style: .hermes, answer: "<tool_call>\nno JSON\n</tool_call>",
            text: "<tool_call>\nno JSON\n</tool_call>"),
        Case(
            style: .hermes, answer: #"<tool_call>{"name": "tide", "arguments": 7}</tool_call> x"#,
            text: #"<tool_call>{"name": "tide", "arguments": 7}</tool_call> x"#),
        Case(
            style: .hermes,
            answer: #"<tool_call><tool_call>{"name": "tide", "arguments": {}}</tool_call>"#,
            text: "<tool_call>", calls: [.call("tide", "{}")]),
        // The end is missing: what there is of the arguments has been told already.
        Case(
            style: .hermes, answer: #"<tool_call>{"name": "tide", "arguments": {"at": "no"#,
            calls: [.call("tide", #"{"at": "no"#)]),
        Case(
            style: .hermes,
            answer:
                #"<tool_call>{"name": "tide", "arguments": {"at": 1</tool_call><tool_call>{"name": "tide", "arguments": {}}"#,
            calls: [.call("tide", #"{"at": 1"#), .call("tide", "{}")]),
        Case(
            style: .hermes, answer: #"<tool_call>{"name": "ti"#, text: #"<tool_call>{"name": "ti"#),
        Case(style: .hermes, answer: "Ends with space. \n", text: "Ends with space. \n"),
        Case(
            style: .llama, answer: #"{"name": "unknown", "parameters": {}}"#,
            text: #"{"name": "unknown", "parameters": {}}"#),
        Case(
            style: .llama, answer: #"{"answer": [1, {"name": "tide"}]}; ok"#,
            text: #"{"answer": [1, {"name": "tide"}]}; ok"#),
        Case(style: .llama, answer: "[1](tide) and [a list]", text: "[1](tide) and [a list]"),
        Case(style: .llama, answer: "<|python_tag|>print(1)", text: "<|python_tag|>print(1)"),
        Case(style: .mistral, answer: "[TOOL_CALLS] a b {", text: "[TOOL_CALLS] a b {"),
        Case(
            style: .mistral, answer: #"[TOOL_CALLS] [{"name": "tide", "arguments": {}}, 7]"#,
            text: "7]", calls: [.call("tide", "{}")]),
        Case(
            style: .deepSeek, answer: "<｜tool▁calls▁begin｜> then ```text```",
            text: "<｜tool▁calls▁begin｜> then ```text```"),
        Case(
            style: .qwenCoder, answer: "<tool_call>\n<function=find_berth>\n<parameter=ship>\nMö",
            calls: [.call("find_berth", #"{"ship":"Mö"#)]),
        Case(
            style: .qwenCoder, answer: "<function=a b>c", text: "<function=a b>c"),
        Case(
            style: .qwenCoder, answer: "<function=tide> well",
            text: "<function=tide> well"),
    ]

    @Test("Every format's calls are found with their names and arguments", arguments: whole)
    func calls(_ test: Case) {
        expect(test)
    }

    @Test("What is no valid call is text, and what was begun is told", arguments: damaged)
    func damage(_ test: Case) {
        expect(test)
    }

    private func expect(_ test: Case) {
        let parser = AnswerParser(calls: test.style, tools: harbourTools)
        let expected = ParsedAnswer(text: test.text, calls: test.calls)
        for pieces in cuts(of: test.answer) {
            let answer = ParsedAnswer(pieces, by: parser)
            #expect(answer == expected, "\(pieces)")
            if answer != expected { return }
        }
    }

    @Test("Arguments stream: what came so far is told before the call is complete")
    func streaming() {
        var parser = AnswerParser(calls: .hermes, tools: harbourTools)
        _ = parser.append("<tool_call>\n{\"name\": \"tide\", \"arg")
        #expect(
            parser.append("uments\": {\"at\": \"no") == [
                .call(name: "tide", id: nil), .arguments("{\"at\": \"no"),
            ])
        #expect(parser.append("on") == [.arguments("on")])
    }

    @Test("Text that begins no marker is told at once")
    func noDelay() {
        for style in ToolCallStyle.allCases where style != .harmony {
            var parser = AnswerParser(calls: style, tools: harbourTools)
            #expect(parser.append("Hello") == [.text("Hello")], "\(style)")
            #expect(parser.append(" you") == [.text(" you")], "\(style)")
        }
    }

    @Test("A megabyte of arguments, and as much of openings that open nothing, take linear time")
    func large() {
        let string = String(repeating: "泊位 {\\\"x\\\"} ", count: 60_000)
        let arguments = "{\"text\": \"\(string)\"}"
        let parser = AnswerParser(calls: .hermes, tools: harbourTools)
        let answer = ParsedAnswer(
            ["<tool_call>{\"name\": \"tide\", \"arguments\": \(arguments)}</tool_call>"], by: parser
        )
        #expect(answer.calls == [.call("tide", arguments)])
        let noise = String(repeating: "<tool_call>{", count: 80_000)
        #expect(ParsedAnswer([noise], by: parser).text.utf8.count == noise.utf8.count)
    }

    @Test(
        "Values that are kept whole, and openings within strings of one another, take linear time",
        .timeLimit(.minutes(1)))
    func kept() {
        let list = "[" + String(repeating: "1, ", count: 300_000) + "1]"
        let call = "<function=find_berth>\n<parameter=cargo>\(list)</parameter></function>"
        let tagged = AnswerParser(calls: .qwenCoder, tools: harbourTools)
        #expect(
            ParsedAnswer([call], by: tagged).calls
                == [.call("find_berth", "{\"cargo\":\(list)}")])
        let nested = String(
            repeating: "<|tool_call_start|>[f(a='<|tool_call_start|>[f(b=\"", count: 20_000)
        let python = AnswerParser(calls: .pythonList, tools: harbourTools)
        #expect(ParsedAnswer([nested], by: python).text == nested)
        // Arguments before the name are held back, but not without end.
        let early = "<tool_call>{\"arguments\": {\"a\": \(list)}, \"name\": \"tide\"}"
        let hermes = AnswerParser(calls: .hermes, tools: harbourTools)
        #expect(ParsedAnswer([early], by: hermes).text == early)
        let blank = String(repeating: " ", count: 500_000)
        let spaced = "<function=tide>\n<parameter=at>\n1\n</parameter>\(blank)</function>"
        #expect(ParsedAnswer([spaced], by: tagged).calls == [.call("tide", "{\"at\":1}")])
    }
}
