/// Operators, from the loosest to the tightest binding.
extension TemplateParser {
    mutating func parseExpression(
        withConditional: Bool = true
    ) throws(TemplateFault) -> TemplateExpression {
        try nested { parser throws(TemplateFault) in
            withConditional ? try parser.parseConditional() : try parser.parseOr()
        }
    }

    /// One expression, or several with commas, which make a tuple.
    mutating func parseTuple(
        withConditional: Bool = true, endWord: String? = nil, isParenthesized: Bool = false
    ) throws(TemplateFault) -> TemplateExpression {
        var elements: [TemplateExpression] = []
        var isTuple = false
        while !endsTuple(endWord: endWord) {
            elements.append(try parseExpression(withConditional: withConditional))
            guard skip(.comma) else { break }
            isTuple = true
        }
        if isTuple { return .tuple(elements) }
        if let single = elements.first { return single }
        guard isParenthesized else { throw unexpected("expected an expression") }
        return .tuple([])
    }

    func endsTuple(endWord: String?) -> Bool {
        switch current {
        case .outputEnd, .blockEnd, .symbol(.rightParenthesis): true
        case .name(let name): name == endWord
        default: false
        }
    }

    private mutating func parseConditional() throws(TemplateFault) -> TemplateExpression {
        let (depthBefore, unknownBefore) = (conditionDepth, unknownNames.count)
        defer { conditionDepth = depthBefore }
        var expression = try parseOr()
        var length = 0
        while skip(word: "if") {
            try count(&length)
            // What stands before the 'if' is conditional as well.
            conditionDepth += 1
            unknownNames.removeSubrange(unknownBefore...)
            let condition = try parseOr()
            let otherwise: TemplateExpression? =
                skip(word: "else")
                ? try nested { parser throws(TemplateFault) in try parser.parseConditional() } : nil
            expression = .conditional(
                condition: condition, then: expression, otherwise: otherwise)
        }
        return expression
    }

    private mutating func parseOr() throws(TemplateFault) -> TemplateExpression {
        var left = try parseAnd()
        var length = 0
        while skip(word: "or") {
            try count(&length)
            left = .or(left, try parseAnd())
        }
        return left
    }

    private mutating func parseAnd() throws(TemplateFault) -> TemplateExpression {
        var left = try parseNot()
        var length = 0
        while skip(word: "and") {
            try count(&length)
            left = .and(left, try parseNot())
        }
        return left
    }

    private mutating func parseNot() throws(TemplateFault) -> TemplateExpression {
        guard skip(word: "not") else { return try parseComparison() }
        return .not(try nested { parser throws(TemplateFault) in try parser.parseNot() })
    }

    private mutating func parseComparison() throws(TemplateFault) -> TemplateExpression {
        let first = try parseSum()
        var rest: [(ComparisonOperator, TemplateExpression)] = []
        while let comparison = skipComparison() {
            rest.append((comparison, try parseSum()))
        }
        return rest.isEmpty ? first : .comparison(first, rest)
    }

    private mutating func skipComparison() -> ComparisonOperator? {
        let comparison: ComparisonOperator
        switch current {
        case .symbol(.equal): comparison = .equal
        case .symbol(.notEqual): comparison = .notEqual
        case .symbol(.less): comparison = .less
        case .symbol(.lessOrEqual): comparison = .lessOrEqual
        case .symbol(.greater): comparison = .greater
        case .symbol(.greaterOrEqual): comparison = .greaterOrEqual
        case .name("in"): comparison = .contained
        case .name("not") where peek() == .name("in"):
            advance()
            comparison = .notContained
        default: return nil
        }
        advance()
        return comparison
    }

    private mutating func parseSum() throws(TemplateFault) -> TemplateExpression {
        var left = try parseConcatenation()
        var length = 0
        while let operation = skipOperator([.plus: .add, .minus: .subtract]) {
            try count(&length)
            left = .arithmetic(left, operation, try parseConcatenation())
        }
        return left
    }

    private mutating func parseConcatenation() throws(TemplateFault) -> TemplateExpression {
        var parts = [try parseProduct()]
        while skip(.tilde) { parts.append(try parseProduct()) }
        return parts.count == 1 ? parts[0] : .concatenation(parts)
    }

    private mutating func parseProduct() throws(TemplateFault) -> TemplateExpression {
        var left = try parsePower()
        var length = 0
        let operators: [TemplateToken.Symbol: ArithmeticOperator] = [
            .multiply: .multiply, .divide: .divide, .floorDivide: .floorDivide, .modulo: .modulo,
        ]
        while let operation = skipOperator(operators) {
            try count(&length)
            left = .arithmetic(left, operation, try parsePower())
        }
        return left
    }

    /// Unlike Python's, Jinja's powers group from the left.
    private mutating func parsePower() throws(TemplateFault) -> TemplateExpression {
        var left = try parseUnary()
        var length = 0
        while skip(.power) {
            try count(&length)
            left = .arithmetic(left, .power, try parseUnary())
        }
        return left
    }

    private mutating func skipOperator(
        _ operators: [TemplateToken.Symbol: ArithmeticOperator]
    ) -> ArithmeticOperator? {
        guard case .symbol(let symbol) = current, let operation = operators[symbol] else {
            return nil
        }
        advance()
        return operation
    }

    /// A sign binds tighter than a filter: `-1|abs` is 1.
    private mutating func parseUnary(
        withFilters: Bool = true
    ) throws(TemplateFault) -> TemplateExpression {
        let operand: TemplateExpression
        if skip(.minus) {
            operand = .negation(try parseOperand())
        } else if skip(.plus) {
            operand = .identity(try parseOperand())
        } else {
            operand = try parsePrimary()
        }
        let expression = try parsePostfix(operand)
        return withFilters ? try parseFilters(expression) : expression
    }

    private mutating func parseOperand() throws(TemplateFault) -> TemplateExpression {
        try nested { parser throws(TemplateFault) in try parser.parseUnary(withFilters: false) }
    }
}
