/// How deep and how large values are, which a template can make much deeper and larger than itself:
/// by nesting a variable in itself again and again, or by holding one list twice at every level.
///
/// Whatever walks a value (printing, comparing, letting go of it) costs what it would cost to walk the
/// whole tree, so that is measured, and paid for in steps, before.
extension TemplateInterpreter {
    /// Refuses values nested so deep that walking them could exhaust the stack.
    ///
    /// An expression can add only so many levels; without bound they grow only through variables,
    /// so whatever is bound to a name passes here.
    func checkNesting(of value: TemplateValue) throws(TemplateFault) {
        guard try nesting(of: value) > TemplateLimits.valueNesting else { return }
        let limit = TemplateLimits.valueNesting
        throw TemplateFault(.limitExceeded, "values nested deeper than \(limit) levels")
    }

    /// Levels of values within values; 0 for one that holds no others.
    func nesting(of value: TemplateValue) throws(TemplateFault) -> Int {
        switch value {
        case .undefined, .none, .bool, .integer, .big, .number, .string, .markup, .range: return 0
        case .list(let elements), .tuple(let elements): return try nesting(of: elements)
        case .view(let view): return try nesting(of: view.elements)
        // The input is no deeper than its own limit lets it be.
        case .dictionary(let members) where members.isJSON: return 1
        case .dictionary(let members):
            return max(try nesting(of: members.keys), try nesting(of: members.values))
        case .iterator(let iterator): return try nesting(of: iterator.sources)
        case .function(let function): return try nesting(of: function.receiver.map { [$0] } ?? [])
        case .object(let object): return try object.nesting(self)
        }
    }

    func nesting(of elements: [TemplateValue]) throws(TemplateFault) -> Int {
        var deepest = 0
        for element in elements {
            try step()
            deepest = max(deepest, try nesting(of: element))
        }
        return deepest + 1
    }

    /// At least as many bytes as the value's text has.
    private func printedSize(of value: TemplateValue) throws(TemplateFault) -> Int {
        try step()
        switch value {
        // Quoted, a byte becomes at most four.
        case .string(let text), .markup(let text):
            return text.utf8.count.multipliedClamped(by: 4).addingClamped(16)
        case .list(let elements), .tuple(let elements): return try printedSize(of: elements)
        case .view(let view): return try printedSize(of: view.elements)
        case .dictionary(let members):
            return try printedSize(of: members.keys)
                .addingClamped(try printedSize(of: members.values))
        case .function(let function): return 16 + function.name.utf8.count
        case .big(let value): return value.magnitude.count.multipliedClamped(by: 10)
        case .undefined, .none, .bool, .integer, .number, .range, .iterator, .object: return 64
        }
    }

    private func printedSize(of elements: [TemplateValue]) throws(TemplateFault) -> Int {
        var size = 16
        for element in elements { size = size.addingClamped(try printedSize(of: element) + 2) }
        return size
    }

    /// Python's `str`: what an output tag writes.
    func text(of value: TemplateValue) throws(TemplateFault) -> String {
        switch value {
        case .string(let text), .markup(let text): return text
        case .undefined: return ""
        default: return try representation(of: value)
        }
    }

    /// Python's `repr`: strings are quoted.
    func representation(of value: TemplateValue) throws(TemplateFault) -> String {
        try charge(bytes: try printedSize(of: value))
        return value.representation
    }

    /// Python's `ascii`: that text with everything outside of ASCII escaped.
    func asciiRepresentation(of value: TemplateValue) throws(TemplateFault) -> String {
        let text = try representation(of: value)
        try charge(bytes: text.utf8.count.multipliedClamped(by: 3))
        return text.unicodeScalars.reduce(into: "") { escaped, scalar in
            if scalar.isASCII {
                escaped.unicodeScalars.append(scalar)
            } else {
                escaped += scalar.pythonEscape
            }
        }
    }

    /// Pays for comparing, hashing or copying the whole value.
    func chargeWalk(over value: TemplateValue) throws(TemplateFault) {
        switch value {
        case .undefined, .none, .bool, .integer, .big, .number, .range, .iterator, .function,
            .object:
            break
        case .string(let text), .markup(let text): try charge(steps: text.utf8.count / 64)
        case .list, .tuple, .view, .dictionary:
            try charge(steps: try printedSize(of: value) / 64)
        }
    }
}
