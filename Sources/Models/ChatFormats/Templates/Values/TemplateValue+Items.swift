/// Attributes, items and slices.
extension TemplateInterpreter {
    /// `value.name`: an attribute, or else the item of that name.
    func attribute(_ name: String, of value: TemplateValue) throws(TemplateFault) -> TemplateValue {
        if case .undefined(let undefined) = value { throw undefined.fault }
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
            if Self.isHashable(key), let member = members[try TemplateKey(key)] { return member }
        default:
            if let index = key.asInteger, let element = element(index, of: value) { return element }
        }
        if case .string(let name) = key, let own = try ownAttribute(name, of: value) { return own }
        return Self.missing(key, of: value)
    }

    func slice(
        _ value: TemplateValue, from start: TemplateValue, to stop: TemplateValue,
        step: TemplateValue
    ) throws(TemplateFault) -> TemplateValue {
        let bounds = (try Self.bound(start), try Self.bound(stop), try Self.bound(step) ?? 1)
        guard bounds.2 != 0 else { throw .invalid("slice step cannot be zero") }
        func indices(_ count: Int) -> SliceIndices {
            SliceIndices(start: bounds.0, stop: bounds.1, step: bounds.2, count: count)
        }
        switch value {
        case .string(let text):
            let scalars = text.scalars
            try charge(bytes: scalars.count)
            return .string(String(scalars: indices(scalars.count).map { scalars[$0] }))
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
        case .undefined(let undefined):
            throw undefined.fault
        default:
            throw .invalid("'\(value.typeName)' object cannot be sliced")
        }
    }

    /// Jinja's value for an attribute or item that is not there.
    static func missing(_ key: TemplateValue, of value: TemplateValue) -> TemplateValue {
        let object = if case .none = value { "None" } else { "\(value.typeName) object" }
        let cause =
            if case .string(let name) = key {
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
        case .string(let text):
            let scalars = text.unicodeScalars
            return resolved(scalars.count).map { position in
                .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: position)]))
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
                    try method(interpreter, text, arguments)
                })
        case .dictionary(let members):
            if DictionaryMethods.mutating.contains(name) { return Self.forbidden(name, of: value) }
            guard let method = DictionaryMethods.table[name] else { return nil }
            return .function(
                TemplateFunction(name, of: value) {
                    (interpreter, arguments) throws(TemplateFault) in
                    try method(interpreter, members, arguments)
                })
        case .list, .tuple:
            if case .list = value, SequenceMethods.mutating.contains(name) {
                return Self.forbidden(name, of: value)
            }
            guard let method = SequenceMethods.table[name] else { return nil }
            return .function(
                TemplateFunction(name, of: value) {
                    (interpreter, arguments) throws(TemplateFault) in
                    try method(interpreter, value, arguments)
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

    private static func bound(_ value: TemplateValue) throws(TemplateFault) -> Int? {
        if case .none = value { return nil }
        if let integer = value.asInteger { return integer }
        throw .invalid("slice indices must be integers or None")
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
