package import StructuredJSON

/// A model's chat template: turns messages into the text that the model was trained to continue.
///
/// Templates are Jinja, rendered as the Python package transformers does: `trim_blocks` and
/// `lstrip_blocks` on, loop controls, a `tojson` that leaves Unicode alone, `raise_exception` and
/// `strftime_now`. Compiled once; rendering shares nothing and may happen on many threads at once.
/// A rendering is bounded in time and memory by ``TemplateLimits``.
package struct ChatTemplate: Sendable {
    /// Where the template comes from, for error messages.
    package let name: String
    private let statements: [TemplateStatement]
    private let blocks: [String: BlockSyntax]
    private let limits: TemplateLimits

    /// Compiles a template.
    package init(
        source: String, name: String, limits: TemplateLimits = .standard
    ) throws(TemplateError) {
        self.name = name
        self.limits = limits
        do throws(TemplateFault) {
            (statements, blocks) = try TemplateParser.parse(source)
        } catch {
            throw TemplateError(
                code: error.code, cause: error.cause, template: name, line: error.line ?? 1)
        }
    }

    /// Renders a conversation.
    ///
    /// Messages and tools are handed to the template as they stand; without tools, `tools` is none.
    /// `variables` adds names such as `bos_token` and `enable_thinking`, and wins over the standard
    /// ones. Throws a ``TemplateError`` of code `raised` where the template refuses the messages.
    package func render(
        messages: [JSONValue], tools: [JSONValue] = [], addGenerationPrompt: Bool,
        variables: JSONObject = [:], now: LocalTime = .now()
    ) throws(TemplateError) -> String {
        var context: JSONObject = [
            "messages": .array(messages), "tools": tools.isEmpty ? .null : .array(tools),
            "documents": .null, "add_generation_prompt": .bool(addGenerationPrompt),
        ]
        context.merge(variables) { _, given in given }
        return try render(context: context, now: now)
    }

    /// Renders with these variables and no others.
    package func render(
        context: JSONObject, now: LocalTime = .now()
    ) throws(TemplateError) -> String {
        let interpreter = TemplateInterpreter(
            context: context, globals: TemplateBuiltins.globals(now: now), blocks: blocks,
            limits: limits)
        do throws(TemplateFault) {
            return try interpreter.render(statements)
        } catch {
            throw TemplateError(
                code: error.code, cause: error.cause, template: name,
                line: error.line ?? interpreter.line)
        }
    }
}
