extension TemplateInterpreter {
    func evaluate(_ expression: TemplateExpression) throws(TemplateFault) -> TemplateValue {
        try step()
        switch expression {
        case .literal(let literal): return TemplateValue(literal)
        case .variable(let name): return variable(name)
        default:
            return try descend { () throws(TemplateFault) in try self.evaluateNested(expression) }
        }
    }

    private func variable(_ name: TemplateName) -> TemplateValue {
        scope.lookUp(name) ?? Self.undefined(name)
    }

    static func undefined(_ name: TemplateName) -> TemplateValue {
        .undefined(TemplateUndefined(cause: "'\(name.text)' is undefined"))
    }

    /// One case a line: whatever needs room of its own on the stack is a function of its own.
    private func evaluateNested(
        _ expression: TemplateExpression
    ) throws(TemplateFault) -> TemplateValue {
        switch expression {
        case .literal(let literal): TemplateValue(literal)
        case .variable(let name): variable(name)
        case .list(let elements): .list(try evaluate(elements))
        case .tuple(let elements): .tuple(try evaluate(elements))
        case .dictionary(let members): try evaluateDictionary(members)
        case .negation(let operand): try negated(try evaluate(operand))
        case .identity(let operand): try identity(try evaluate(operand))
        case .arithmetic(let left, let operation, let right):
            try apply(operation, try evaluate(left), try evaluate(right))
        case .concatenation(let parts): try evaluateConcatenation(parts)
        case .not(let operand): .bool(!(try evaluate(operand).isTrue))
        case .and(let left, let right): try evaluateAnd(left, right)
        case .or(let left, let right): try evaluateOr(left, right)
        case .comparison(let first, let rest): try evaluateComparison(first, rest)
        case .conditional(let condition, let then, let otherwise):
            try evaluateConditional(condition, then, otherwise)
        case .attribute(let object, let name, let line):
            try evaluateAttribute(object, name, line)
        case .item(let object, let key, let line): try evaluateItem(object, key, line)
        case .slice(let object, let slice, let line): try evaluateSlice(object, slice, line)
        case .call(let callee, let arguments, let line): try evaluateCall(callee, arguments, line)
        case .filter(let operand, let call): try filtered(try evaluate(operand), [call])
        case .test(let operand, let call): .bool(try evaluateTest(operand, call))
        }
    }

    private func evaluate(
        _ expressions: [TemplateExpression]
    ) throws(TemplateFault) -> [TemplateValue] {
        var values: [TemplateValue] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try evaluate(expression)) }
        return values
    }

    private func evaluateDictionary(
        _ syntax: [(key: TemplateExpression, value: TemplateExpression)]
    ) throws(TemplateFault) -> TemplateValue {
        var members = TemplateDictionary()
        for (key, value) in syntax {
            members[try TemplateKey(try evaluate(key))] = try evaluate(value)
        }
        return .dictionary(members)
    }

    // MARK: Operators

    private func evaluateConcatenation(
        _ parts: [TemplateExpression]
    ) throws(TemplateFault) -> TemplateValue {
        var values: [TemplateValue] = []
        for part in parts { values.append(try evaluate(part)) }
        let isMarkup = autoescapes && values.contains(where: \.isMarkup)
        var texts: [String] = []
        for value in values {
            texts.append(isMarkup ? try escaped(value) : try text(of: value))
        }
        let text = try joined(texts, separator: "")
        return isMarkup ? .markup(text) : .string(text)
    }

    private func evaluateAnd(
        _ left: TemplateExpression, _ right: TemplateExpression
    ) throws(TemplateFault) -> TemplateValue {
        let value = try evaluate(left)
        return value.isTrue ? try evaluate(right) : value
    }

    private func evaluateOr(
        _ left: TemplateExpression, _ right: TemplateExpression
    ) throws(TemplateFault) -> TemplateValue {
        let value = try evaluate(left)
        return value.isTrue ? value : try evaluate(right)
    }

    private func evaluateComparison(
        _ first: TemplateExpression, _ rest: [(ComparisonOperator, TemplateExpression)]
    ) throws(TemplateFault) -> TemplateValue {
        var left = try evaluate(first)
        for (comparison, operand) in rest {
            let right = try evaluate(operand)
            guard try holds(left, comparison, right) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    func holds(
        _ left: TemplateValue, _ comparison: ComparisonOperator, _ right: TemplateValue
    ) throws(TemplateFault) -> Bool {
        try chargeWalk(over: comparison == .contained || comparison == .notContained ? right : left)
        return switch comparison {
        case .equal: left.isEqual(to: right)
        case .notEqual: !left.isEqual(to: right)
        case .less: try left.compared(to: right, symbol: "<").map { $0 < 0 } ?? false
        case .lessOrEqual: try left.compared(to: right, symbol: "<=").map { $0 <= 0 } ?? false
        case .greater: try left.compared(to: right, symbol: ">").map { $0 > 0 } ?? false
        case .greaterOrEqual: try left.compared(to: right, symbol: ">=").map { $0 >= 0 } ?? false
        case .contained: try right.contains(left)
        case .notContained: !(try right.contains(left))
        }
    }

    private func evaluateConditional(
        _ condition: TemplateExpression, _ then: TemplateExpression,
        _ otherwise: TemplateExpression?
    ) throws(TemplateFault) -> TemplateValue {
        if try evaluate(condition).isTrue { return try evaluate(then) }
        if let otherwise { return try evaluate(otherwise) }
        let cause = "the inline if-expression evaluated to false and no else section was defined."
        return .undefined(TemplateUndefined(cause: cause))
    }

    // MARK: Attributes, items, calls

    private func evaluateAttribute(
        _ object: TemplateExpression, _ name: String, _ line: Int
    ) throws(TemplateFault) -> TemplateValue {
        let value = try evaluate(object)
        self.line = line
        return try attribute(name, of: value)
    }

    private func evaluateItem(
        _ object: TemplateExpression, _ key: TemplateExpression, _ line: Int
    ) throws(TemplateFault) -> TemplateValue {
        let value = try evaluate(object)
        let key = try evaluate(key)
        self.line = line
        return try item(key, of: value)
    }

    private func evaluateSlice(
        _ object: TemplateExpression, _ syntax: SliceSyntax, _ line: Int
    ) throws(TemplateFault) -> TemplateValue {
        let value = try evaluate(object)
        var bounds: [TemplateValue] = []
        for bound in [syntax.start, syntax.stop, syntax.step] {
            guard let bound else {
                bounds.append(.none)
                continue
            }
            bounds.append(try evaluate(bound))
        }
        self.line = line
        if let part = try slice(value, from: bounds[0], to: bounds[1], step: bounds[2]) {
            return part
        }
        throw .invalid("'\(value.typeName)' object cannot be sliced so")
    }

    private func evaluateCall(
        _ callee: TemplateExpression, _ syntax: TemplateArguments, _ line: Int
    ) throws(TemplateFault) -> TemplateValue {
        let function = try evaluate(callee)
        let arguments = try evaluate(syntax)
        self.line = line
        return try call(function, arguments)
    }

    /// The call of a `call` block, which brings its body along.
    func evaluateCall(
        _ expression: TemplateExpression, caller: MacroObject
    ) throws(TemplateFault) -> TemplateValue {
        guard case .call(let callee, let syntax, let line) = expression else {
            preconditionFailure("the parser makes call blocks of calls only")
        }
        let function = try evaluate(callee)
        var arguments = try evaluate(syntax)
        arguments.named.append(("caller", .object(caller)))
        self.line = line
        return try call(function, arguments)
    }

    /// What a call or a filter costs beside the bytes and items that it makes.
    private static let callSteps = 2

    func call(
        _ function: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        try charge(steps: Self.callSteps)
        switch function {
        case .function(let function): return try function.body(self, arguments)
        case .object(let object): return try object.call(self, arguments)
        case .undefined(let undefined): throw undefined.fault
        default: throw .invalid("'\(function.typeName)' object is not callable")
        }
    }

    private func evaluate(
        _ syntax: TemplateArguments
    ) throws(TemplateFault) -> CallArguments {
        var arguments = CallArguments(positional: try evaluate(syntax.positional))
        for (name, value) in syntax.named { arguments.named.append((name, try evaluate(value))) }
        if let spread = syntax.spread {
            arguments.positional += try elements(of: try evaluate(spread))
        }
        if let spread = syntax.namedSpread {
            guard case .dictionary(let members) = try evaluate(spread) else {
                throw .invalid("an argument after ** must be a mapping")
            }
            for (key, value) in members.elements {
                guard let name = key.asText else {
                    throw .invalid("keywords must be strings")
                }
                arguments.named.append((name, value))
            }
        }
        return arguments
    }

    // MARK: Filters and tests

    func filtered(
        _ value: TemplateValue, _ filters: [TemplateCall]
    ) throws(TemplateFault) -> TemplateValue {
        var value = value
        for filter in filters {
            let arguments = try evaluate(filter.arguments)
            line = filter.line
            value = try applyFilter(filter.name, to: value, arguments)
        }
        return value
    }

    func applyFilter(
        _ name: String, to value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        guard let filter = TemplateBuiltins.filters[name] else {
            throw .invalid("no filter named '\(name)'")
        }
        try charge(steps: Self.callSteps)
        if let text = value.asText { try charge(reading: text) }
        // Most filters see a plain string; those that change no letters give it its mark back.
        let isPlain = !value.isMarkup || TemplateBuiltins.markupAware.contains(name)
        let given = isPlain ? value : .string(try text(of: value))
        var result = try filter(self, given, arguments)
        if !isPlain, TemplateBuiltins.markupKeeping.contains(name) { result = result.marked }
        // Only a new one: an iterator that a filter passes on must not become its own source.
        if case .iterator(let iterator) = result, iterator.sources.isEmpty {
            iterator.sources = [value] + arguments.positional + arguments.named.map(\.value)
        }
        return result
    }

    private func evaluateTest(
        _ operand: TemplateExpression, _ call: TemplateCall
    ) throws(TemplateFault) -> Bool {
        let value = try evaluate(operand)
        let arguments = try evaluate(call.arguments)
        line = call.line
        return try applyTest(call.name, to: value, arguments)
    }

    func applyTest(
        _ name: String, to value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> Bool {
        guard let test = TemplateBuiltins.tests[name] else {
            throw .invalid("no test named '\(name)'")
        }
        return try test(self, value, arguments)
    }
}
