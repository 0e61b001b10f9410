/// Attributes, items and slices.
extension TemplateInterpreter {
    /// `value.name`: an attribute, or else the item of that name.
    func attribute(_ name: String, of value: TemplateValue) throws(TemplateFault) -> TemplateValue {
        if case .undefined(let undefined) = value {
            // Python finds its own attributes even there, and the sandbox hides them.
            guard name.hasPrefix("__"), name.hasSuffix("__") else { throw undefined.fault }
            return Self.forbidden(name, of: value)
        }
        if let own = try ownAttribute(name, of: value) { return own }
        if case .dictionary(let members) = value, let member = members[name] { return member }
        return Self.missing(.string(name), of: value)
    }

    /// `value[key]`: an item, or else the attribute of that name.
    func item(_ key: TemplateValue, of value: TemplateValue) throws(TemplateFault) -> TemplateValue
    {
        switch value {
        case .undefined(let undefined):
            throw undefined.fault
        case .dictionary(let members):
            if case .string(let name) = key {
                if let member = members[name] { return member }
            } else if Self.isHashable(key), let member = members[try TemplateKey(key)] {
                return member
            }
        default:
            guard let index = key.asInteger else { break }
            if let text = value.asText { try charge(reading: text) }
            if let element = element(index, of: value) { return element }
        }
        if let name = key.asText, let own = try ownAttribute(name, of: value) { return own }
        return Self.missing(key, of: value)
    }

    /// `value[start:stop:step]`; `nil` for what cannot be sliced so.
    func slice(
        _ value: TemplateValue, from start: TemplateValue, to stop: TemplateValue,
        step: TemplateValue
    ) throws(TemplateFault) -> TemplateValue? {
        if case .undefined(let undefined) = value { throw undefined.fault }
        guard value.isSequence, let first = Self.bound(start), let last = Self.bound(stop),
            let stride = Self.bound(step)
        else { return nil }
        let bounds = (first.index, last.index, stride.index ?? 1)
        guard bounds.2 != 0 else { throw .invalid("slice step cannot be zero") }
        func indices(_ count: Int) -> SliceIndices {
            SliceIndices(start: bounds.0, stop: bounds.1, step: bounds.2, count: count)
        }
        switch value {
        case .string(let text), .markup(let text):
            let scalars = text.scalars
            try charge(steps: scalars.count / 8)
            let part = String(scalars: indices(scalars.count).map { scalars[$0] })
            return value.isMarkup ? .markup(part) : .string(part)
        case .list(let elements):
            try charge(items: elements.count)
            return .list(indices(elements.count).map { elements[$0] })
        case .tuple(let elements):
            try charge(items: elements.count)
            return .tuple(indices(elements.count).map { elements[$0] })
        case .range(let range):
            let chosen = indices(range.count)
            return .range(
                TemplateRange(
                    start: range[chosen.start], count: chosen.count,
                    step: range.step.multipliedClamped(by: chosen.step),
                    stop: range[chosen.stop]))
        case .view(let view):
            return try slice(.tuple(view.elements), from: start, to: stop, step: step)
        default:
            return nil
        }
    }

    /// Jinja's value for an attribute or item that is not there.
    static func missing(_ key: TemplateValue, of value: TemplateValue) -> TemplateValue {
        let object = if case .none = value { "None" } else { "\(value.typeName) object" }
        let cause =
            if let name = key.asText {
                "'\(object)' has no attribute '\(name)'"
            } else {
                "\(object) has no element \(key.briefRepresentation)"
            }
        return .undefined(TemplateUndefined(cause: cause))
    }

    private func element(_ index: Int, of value: TemplateValue) -> TemplateValue? {
        func resolved(_ count: Int) -> Int? {
            let position = index < 0 ? index + count : index
            return (0..<count).contains(position) ? position : nil
        }
        switch value {
        case .list(let elements), .tuple(let elements):
            return resolved(elements.count).map { elements[$0] }
        case .range(let range):
            return resolved(range.count).map { .integer(range[$0]) }
        case .view(let view) where view.kind == .group:
            return resolved(view.elements.count).map { view.elements[$0] }
        case .string(let text), .markup(let text):
            let scalars = text.unicodeScalars
            return resolved(scalars.count).map { position in
                let scalar = scalars[scalars.index(scalars.startIndex, offsetBy: position)]
                return value.isMarkup ? .markup(String(scalar)) : .string(String(scalar))
            }
        default: return nil
        }
    }

    /// What Python's `getattr` finds: methods, and the attributes of objects.
    func ownAttribute(
        _ name: String, of value: TemplateValue
    ) throws(TemplateFault) -> TemplateValue? {
        if name.hasPrefix("__"), name.hasSuffix("__") {
            return Self.forbidden(name, of: value)
        }
        switch value {
        case .string(let text):
            guard let method = StringMethods.table[name] else { return nil }
            return .function(
                TemplateFunction(name, of: value) {
                    (interpreter, arguments) throws(TemplateFault) in
                    try arguments.requireNoNames(of: name, except: StringMethods.withNames)
                    try interpreter.charge(reading: text)
                    return try method(interpreter, text, arguments)
                })
        case .markup(let text):
            guard let method = MarkupMethods.method(name, of: text) else { return nil }
            return .function(
                TemplateFunction(name, of: value) {
                    (interpreter, arguments) throws(TemplateFault) in
                    try interpreter.charge(reading: text)
                    return try method(interpreter, arguments)
                })
        case .view(let view) where view.kind == .group:
            if name == "grouper" || name == "list" {
                return view.elements[name == "list" ? 1 : 0]
            }
            return try ownAttribute(name, of: .tuple(view.elements))
        case .range:
            guard name == "count" || name == "index", let method = SequenceMethods.table[name]
            else { return NumberAttributes.attribute(name, of: value) }
            return .function(
                TemplateFunction(name, of: value) {
                    (interpreter, arguments) throws(TemplateFault) in
                    try arguments.requireNoNames(of: name)
                    return try method(interpreter, value, arguments)
                })
        case .bool, .integer, .number:
            return NumberAttributes.attribute(name, of: value)
        case .dictionary(let members):
            if DictionaryMethods.mutating.contains(name) { return Self.forbidden(name, of: value) }
            guard let method = DictionaryMethods.table[name] else { return nil }
            return .function(
                TemplateFunction(name, of: value) {
                    (interpreter, arguments) throws(TemplateFault) in
                    try arguments.requireNoNames(of: name)
                    return try method(interpreter, members, arguments)
                })
        case .list, .tuple:
            if case .list = value, SequenceMethods.mutating.contains(name) {
                return Self.forbidden(name, of: value)
            }
            if case .tuple = value, name == "copy" { return nil }
            guard let method = SequenceMethods.table[name] else { return nil }
            return .function(
                TemplateFunction(name, of: value) {
                    (interpreter, arguments) throws(TemplateFault) in
                    try arguments.requireNoNames(of: name)
                    return try method(interpreter, value, arguments)
                })
        case .object(let object):
            return try object.attribute(name)
        default: return nil
        }
    }

    /// As Python's sandbox: the attribute can be looked at and fails when it is used.
    private static func forbidden(_ name: String, of value: TemplateValue) -> TemplateValue {
        let cause = "access to attribute '\(name)' of '\(value.typeName)' object is unsafe."
        return .undefined(TemplateUndefined(cause: cause, code: .forbidden))
    }

    private static func isHashable(_ key: TemplateValue) -> Bool {
        switch key {
        case .list, .dictionary, .view: false
        case .tuple(let elements): elements.allSatisfy(isHashable)
        default: true
        }
    }

    /// A slice's bound, which may be none; `nil` for what is no bound.
    private static func bound(_ value: TemplateValue) -> (index: Int?, Void)? {
        if case .none = value { return (nil, ()) }
        return value.asInteger.map { ($0, ()) }
    }
}

extension TemplateValue {
    fileprivate var isSequence: Bool {
        switch self {
        case .string, .markup, .list, .tuple, .range: true
        case .view(let view): view.kind == .group
        default: false
        }
    }
}

/// The positions that a slice of a sequence names, by Python's rules.
struct SliceIndices: Sequence, IteratorProtocol {
    private(set) var start: Int
    let stop: Int
    let step: Int
    let count: Int
    private var given = 0

    init(start: Int?, stop: Int?, step: Int, count: Int) {
        func clamped(_ bound: Int) -> Int {
            let position = bound < 0 ? bound + count : bound
            return step > 0
                ? Swift.min(Swift.max(position, 0), count)
                : Swift.min(Swift.max(position, -1), count - 1)
        }
        self.start = start.map(clamped) ?? (step > 0 ? 0 : count - 1)
        self.stop = stop.map(clamped) ?? (step > 0 ? count : -1)
        self.step = step
        let distance = step > 0 ? self.stop - self.start : self.start - self.stop
        self.count = distance <= 0 ? 0 : Int((distance - 1).magnitude / step.magnitude) + 1
    }

    mutating func next() -> Int? {
        guard given < count else { return nil }
        defer { given += 1 }
        return start + given * step
    }
}
