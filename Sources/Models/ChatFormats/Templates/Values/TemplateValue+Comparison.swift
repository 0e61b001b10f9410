import StructuredJSON

extension TemplateValue {
    /// Python's `==`.
    func isEqual(to other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): true
        case (.string(let left), .string(let right)), (.markup(let left), .string(let right)),
            (.string(let left), .markup(let right)), (.markup(let left), .markup(let right)):
            left.isExactly(right)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isEqual(to: $1) }
        case (.dictionary(let left), .dictionary(let right)): left.isEqual(to: right)
        case (.view(let left), .view(let right)) where left.kind != .values:
            left.kind == right.kind
                && TemplateValue.list(left.elements).isEqual(to: .list(right.elements))
        case (.view(let left), .tuple(let right)), (.tuple(let right), .view(let left)):
            left.kind == .group && TemplateValue.tuple(left.elements).isEqual(to: .tuple(right))
        case (.range(let left), .range(let right)):
            left.count == right.count
                && (left.count == 0 || left.start == right.start)
                && (left.count < 2 || left.step == right.step)
        case (.object(let left), .object(let right)): left === right
        case (.function(let left), .function(let right)): left === right
        case (.iterator(let left), .iterator(let right)): left === right
        default: Self.compareNumbers(self, other) == .some(.some(0))
        }
    }

    /// Python's order: negative, zero or positive; `nil` where a NaN has none.
    func compared(to other: TemplateValue, symbol: String) throws(TemplateFault) -> Int? {
        if let order = Self.compareNumbers(self, other) { return order }
        switch (self, other) {
        case (.string(let left), .string(let right)), (.markup(let left), .string(let right)),
            (.string(let left), .markup(let right)), (.markup(let left), .markup(let right)):
            if left.isExactly(right) { return 0 }
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            for (mine, theirs) in zip(left, right) where !mine.isEqual(to: theirs) {
                return try mine.compared(to: theirs, symbol: symbol)
            }
            return left.count - right.count
        case (.view(let left), .view(let right)) where left.kind == .group && right.kind == .group:
            return try TemplateValue.tuple(left.elements)
                .compared(to: .tuple(right.elements), symbol: symbol)
        case (.undefined(let undefined), _), (_, .undefined(let undefined)):
            throw undefined.fault
        default:
            throw .invalid(
                "'\(symbol)' not supported between instances of '\(typeName)' and "
                    + "'\(other.typeName)'")
        }
    }

    /// The order of two numbers; the outer optional is empty where one is no number.
    private static func compareNumbers(_ left: TemplateValue, _ right: TemplateValue) -> Int?? {
        if let left = left.asInteger, let right = right.asInteger {
            return .some(left < right ? -1 : left > right ? 1 : 0)
        }
        if let left = left.asBig, let right = right.asBig {
            return .some(left < right ? -1 : left > right ? 1 : 0)
        }
        guard let left = left.asNumber, let right = right.asNumber else { return .none }
        if left.isNaN || right.isNaN { return .some(nil) }
        return .some(left < right ? -1 : left > right ? 1 : 0)
    }

    /// Python's `in`, with this value on its right.
    func contains(_ element: TemplateValue) throws(TemplateFault) -> Bool {
        switch self {
        case .string(let text), .markup(let text):
            guard let part = element.asText else {
                throw .invalid(
                    "'in <string>' requires string as left operand, not \(element.typeName)")
            }
            return text.containsText(part)
        case .dictionary(let members):
            return members[try TemplateKey(element)] != nil
        case .list(let elements), .tuple(let elements):
            return elements.contains { $0.isEqual(to: element) }
        case .view(let view):
            if view.kind == .keys { _ = try TemplateKey(element) }
            if view.kind == .items, case .tuple(let pair) = element, pair.count == 2 {
                _ = try TemplateKey(pair[0])
            }
            return view.elements.contains { $0.isEqual(to: element) }
        case .range(let range):
            return (0..<range.count).contains { element.isEqual(to: .integer(range[$0])) }
        case .iterator(let iterator):
            while let next = try iterator.next() {
                if next.isEqual(to: element) { return true }
            }
            return false
        case .undefined:
            return false
        default:
            throw .invalid("argument of type '\(typeName)' is not iterable")
        }
    }
}
