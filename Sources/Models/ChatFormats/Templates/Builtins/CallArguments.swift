/// The values that a call, a filter or a test was given.
struct CallArguments {
    var positional: [TemplateValue] = []
    var named: [(name: String, value: TemplateValue)] = []

    /// Matches values with parameters, as Python does; throws for those that fit none.
    func bound(to parameters: [String], of function: String) throws(TemplateFault) -> BoundArguments
    {
        guard positional.count <= parameters.count else {
            throw .invalid(
                "\(function) takes at most \(parameters.count) arguments, got \(positional.count)")
        }
        var values: [TemplateValue?] = positional
        values.append(
            contentsOf: repeatElement(nil, count: parameters.count - positional.count))
        for (name, value) in named {
            guard let index = parameters.firstIndex(of: name) else {
                throw .invalid("\(function) got an unexpected argument '\(name)'")
            }
            guard values[index] == nil else {
                throw .invalid("\(function) got two values for the argument '\(name)'")
            }
            values[index] = value
        }
        return BoundArguments(function: function, parameters: parameters, values: values)
    }

    /// For functions whose parameters have no names.
    func requireNoNames(
        of function: String, except named: Set<String> = []
    ) throws(TemplateFault) {
        guard !self.named.isEmpty, !named.contains(function) else { return }
        throw .invalid("\(function)() takes no keyword arguments")
    }

    /// For functions without parameters.
    func requireNone(of function: String) throws(TemplateFault) {
        _ = try bound(to: [], of: function)
    }
}

/// Arguments by the position of their parameter.
struct BoundArguments {
    let function: String
    let parameters: [String]
    let values: [TemplateValue?]

    /// `nil` where the call left it out.
    subscript(index: Int) -> TemplateValue? { values[index] }

    func required(_ index: Int) throws(TemplateFault) -> TemplateValue {
        guard let value = values[index] else {
            throw .invalid("\(function) is missing the argument '\(parameters[index])'")
        }
        return value
    }

    /// A string; `nil` where it was left out or is none.
    func string(_ index: Int) throws(TemplateFault) -> String? {
        switch values[index] {
        case nil, .some(.none): nil
        case .string(let text), .markup(let text): text
        case .undefined(let undefined): throw undefined.fault
        case .some(let value): throw wrongType(index, "a string", value)
        }
    }

    func requiredString(_ index: Int) throws(TemplateFault) -> String {
        let value = try required(index)
        guard let text = try string(index) else { throw wrongType(index, "a string", value) }
        return text
    }

    /// An integer; `nil` where it was left out or is none.
    func integer(_ index: Int) throws(TemplateFault) -> Int? {
        switch values[index] {
        case nil, .some(.none): return nil
        case .undefined(let undefined): throw undefined.fault
        case .some(let value):
            guard let integer = value.asInteger else { throw wrongType(index, "an integer", value) }
            return integer
        }
    }

    /// Whether the argument counts as true; false where it was left out.
    func flag(_ index: Int) -> Bool {
        values[index]?.isTrue ?? false
    }

    private func wrongType(
        _ index: Int, _ kind: String, _ value: TemplateValue
    ) -> TemplateFault {
        .invalid("\(function): '\(parameters[index])' must be \(kind), not \(value.typeName)")
    }
}
