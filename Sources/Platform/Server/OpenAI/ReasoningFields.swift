package import CompletionAPI
package import StructuredJSON

extension ReasoningOptions {
    /// How much an effort lets a model think, for models that know no such word themselves.
    private static let budgets = ["minimal": 256, "low": 1024, "medium": 8192]
    private static let efforts = ["none", "minimal", "low", "medium", "high", "xhigh"]

    /// Reads OpenAI's `reasoning_effort`, and what others call the switch and the budget.
    ///
    /// The switch wins over the effort, a budget over the effort's.
    package init(chat root: JSONField) throws(JSONError) {
        self.init()
        if let field = root["reasoning_effort"].ifPresent { try take(effort: field) }
        if let field = root["thinking"].ifPresent { try take(thinking: field) }
        let arguments = root["chat_template_kwargs"].ifPresent
        let switches = [
            arguments?["enable_thinking"], arguments?["thinking"], root["enable_thinking"],
        ]
        for case let field? in switches.map({ $0?.ifPresent }) {
            isEnabled = try field.bool()
        }
        if let field = root["thinking_budget"].ifPresent {
            budget = try field.int(in: 0...Int.max)
        }
    }

    /// OpenAI's word for how much to think.
    mutating func take(effort field: JSONField) throws(JSONError) {
        let effort = try field.oneOf(Self.efforts)
        isEnabled = effort != "none"
        budget = Self.budgets[effort]
    }

    /// Anthropic's object: `{"type": "enabled", "budget_tokens": 1024}`.
    mutating func take(thinking field: JSONField) throws(JSONError) {
        switch try field["type"].oneOf(["enabled", "disabled", "adaptive"]) {
        case "enabled": isEnabled = true
        case "disabled": isEnabled = false
        default: isEnabled = nil
        }
        budget = try field["budget_tokens"].ifPresent?.int(in: 1...Int.max)
    }
}
