import ChatFormats
import Foundation
import StructuredJSON
import Testing

/// Templates in the styles of models that call tools, written for these tests.
enum StyledTemplates {
    static let hermes = """
        {%- if tools %}{{ '<|im_start|>system\\n' }}{% for tool in tools %}{{ tool | tojson }}{% endfor %}\
        {{ '<|im_end|>\\n' }}{% endif %}
        {%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}
        {%- if message.reasoning_content %}{{ '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{% endif %}
        {{- message.content }}
        {%- for call in message.tool_calls or [] %}\
        {{ '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}\
        {{- call.function.arguments | tojson }}{{ '}\\n</tool_call>' }}{% endfor %}{{ '<|im_end|>\\n' }}{% endfor %}
        {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}
        {%- if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}
        """
    static let mistral = """
        {{ bos_token }}{% if tools %}{{ '[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS]' }}{% endif %}
        {%- for message in messages %}
        {%- if message.role == 'assistant' %}{{ message.content }}
        {%- for call in message.tool_calls or [] %}
        {%- if call.id | length != 9 %}{{ raise_exception('ids have 9 characters') }}{% endif %}
        {{- '[TOOL_CALLS]' + call.function.name + '[ARGS]' + (call.function.arguments | tojson) }}{% endfor %}{{ eos_token }}
        {%- elif message.role == 'tool' %}{{ '[TOOL_RESULTS]' + message.content + '[/TOOL_RESULTS]' }}
        {%- elif message.role == 'user' %}{{ '[INST]' + message.content + '[/INST]' }}
        {%- else %}{{ raise_exception('no system') }}{% endif %}{% endfor %}
        """
    static let llama = """
        {%- if tools %}{{ 'Environment: ipython\\n' + (tools | tojson) }}{% endif %}
        {%- for message in messages %}{{ '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' }}
        {%- if 'tool_calls' in message %}
        {%- if message.tool_calls | length != 1 %}{{ raise_exception('one call only') }}{% endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '{"name": "' + call.name + '", "parameters": ' + (call.arguments | tojson) + '}' }}
        {%- else %}{{ message.content }}{% endif %}{{ '<|eot_id|>' }}{% endfor %}
        {%- if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
        """
    static let deepSeek = """
        {{ bos_token }}{{ tools | tojson if tools else '' }}
        {%- for message in messages %}
        {%- if message.role == 'user' %}{{ '<｜User｜>' + message.content }}
        {%- elif message.role == 'tool' %}{{ '<｜tool▁output▁begin｜>' + message.content + '<｜tool▁output▁end｜>' }}
        {%- elif message.role == 'assistant' %}{{ '<｜Assistant｜>' + message.content }}
        {%- for call in message.tool_calls or [] %}
        {{- '<｜tool▁call▁begin｜>' + call.type + '<｜tool▁sep｜>' + call.function.name + '\\n```json\\n' }}
        {{- call.function.arguments + '\\n```<｜tool▁call▁end｜>' }}{% endfor %}{{ eos_token }}{% endif %}{% endfor %}
        {%- if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}
        """
    static let harmony = """
        {{ '<|start|>developer<|message|>' + (tools | tojson if tools else '') + '<|end|>' }}
        {%- for message in messages %}
        {%- if 'tool_calls' in message %}
        {%- if message.thinking and message.content %}{{ raise_exception('one of them') }}{% endif %}
        {%- if message.thinking %}{{ '<|start|>assistant<|channel|>analysis<|message|>' + message.thinking + '<|end|>' }}{% endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '<|start|>assistant to=functions.' + call.name + '<|channel|>commentary json<|message|>' }}
        {{- call.arguments | tojson }}{{ '<|call|>' }}
        {%- elif message.role == 'tool' %}{{ '<|start|>functions to=assistant<|message|>' + message.content + '<|end|>' }}
        {%- else %}{{ '<|start|>' + message.role + '<|message|>' + message.content + '<|end|>' }}{% endif %}{% endfor %}
        {%- if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}
        """
    static let plain = """
        {%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{% endfor %}
        {%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
        """
}

@Suite("What a chat template understands is found out by asking it")
struct ChatFormatTests {
    @Test("Hermes: tools, several calls, a switch for thoughts")
    func hermes() throws {
        let format = try ChatFormat(source: StyledTemplates.hermes, name: "t")
        #expect(format.calls == .hermes)
        #expect(format.knowsTools && format.knowsCalls && format.takesSeveralCalls)
        #expect(format.takesSystem && !format.argumentsAreText)
        #expect(format.ids == .openAI)
        #expect(format.reasoning == .markers(open: "<think>", close: "</think>"))
        #expect(format.reasoningSwitch == "enable_thinking")
        #expect(format.reasoningKeys == ["reasoning_content"])
    }

    @Test("Mistral: ids of nine characters, no system message, no thoughts")
    func mistral() throws {
        let format = try ChatFormat(source: StyledTemplates.mistral, name: "t")
        #expect(format.calls == .mistral && format.ids == .nineCharacters)
        #expect(format.knowsTools && format.knowsCalls && format.takesSeveralCalls)
        #expect(!format.takesSystem && format.reasoning == nil)
    }

    @Test("Llama: one call a message")
    func llama() throws {
        let format = try ChatFormat(source: StyledTemplates.llama, name: "t")
        #expect(format.calls == .llama)
        #expect(format.knowsCalls && !format.takesSeveralCalls)
    }

    @Test("DeepSeek: arguments as text, a thought that the prompt opens")
    func deepSeek() throws {
        let format = try ChatFormat(source: StyledTemplates.deepSeek, name: "t")
        #expect(format.calls == .deepSeek)
        #expect(format.knowsCalls && format.argumentsAreText)
        #expect(
            format.reasoning == nil, "only a template that closes thoughts is known to have them")
    }

    @Test("Harmony: one call a message, thoughts in a member of their own")
    func harmony() throws {
        let format = try ChatFormat(source: StyledTemplates.harmony, name: "t")
        #expect(format.calls == .harmony && format.reasoning == .harmony)
        #expect(format.knowsCalls && !format.takesSeveralCalls)
        #expect(format.reasoningKeys == ["thinking"])
    }

    @Test("A template that knows nothing of tools gets Hermes' format")
    func plain() throws {
        let format = try ChatFormat(source: StyledTemplates.plain, name: "t")
        #expect(format.calls == .hermes)
        #expect(!format.knowsTools && !format.knowsCalls)
        #expect(format.reasoning == nil && format.reasoningSwitch == nil)
    }

    @Test("Calls in a format that nobody knows are not asked for: Hermes' is")
    func foreign() throws {
        let source = StyledTemplates.hermes.replacing("<tool_call>", with: "@call@")
            .replacing("\"name\"", with: "\"tool\"")
        let format = try ChatFormat(source: source, name: "t")
        #expect(!format.knowsTools && !format.knowsCalls)
        #expect(format.calls == .hermes)
    }

    @Test(
        "All templates of a folder are understood",
        .enabled(
            if: ProcessInfo.processInfo.environment["BERTH_CHAT_TEMPLATES"] != nil,
            "BERTH_CHAT_TEMPLATES names no folder"))
    func folder() throws {
        let folder = URL(
            filePath: ProcessInfo.processInfo.environment["BERTH_CHAT_TEMPLATES"] ?? "")
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: nil)
        for file in files.sorted(by: { $0.path < $1.path }) where file.pathExtension == "jinja" {
            let source = try String(contentsOf: file, encoding: .utf8)
            let format = try ChatFormat(source: source, name: file.lastPathComponent)
            print(
                file.lastPathComponent, format.calls.rawValue, "tools \(format.knowsTools)",
                "calls \(format.knowsCalls)", "several \(format.takesSeveralCalls)",
                "text \(format.argumentsAreText)", "ids \(format.ids)",
                "reasoning \(format.reasoning.map { "\($0)" } ?? "none")",
                "switch \(format.reasoningSwitch ?? "none")", format.reasoningKeys)
            #expect(format.knowsTools || format.calls == .hermes)
        }
    }
}
