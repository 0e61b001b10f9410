import StructuredJSON

extension SchemaCompiler {
    /// Whether any value satisfies some subschemas.
    ///
    /// A value that must hold itself, without end, does not exist: what is being asked about counts as not satisfiable.
    mutating func isInhabited(_ id: ConjunctionID) throws(GrammarError) -> Bool {
        if let known = inhabited[id] { return known }
        guard underway.insert(id).inserted else { return false }
        defer { underway.remove(id) }
        guard underway.count < limits.maximumDepth else {
            throw GrammarError(
                .tooLarge, at: path(of: id), "requires values inside one another too deeply")
        }
        for shape in try expand(id) where try isInhabited(shapes[Int(shape)]) {
            if let failure = pool.account.failure(at: path(of: id)) { throw failure }
            inhabited[id] = true
            return true
        }
        if let failure = pool.account.failure(at: path(of: id)) { throw failure }
        // Inside another question the answer may rest on that one's assumption.
        if underway.count == 1 { inhabited[id] = false }
        return false
    }

    private mutating func isInhabited(_ shape: Shape) throws(GrammarError) -> Bool {
        if let constants = shape.constants { return !constants.isEmpty }
        if shape.types.contains(.null), !shape.excluded.contains(.null) { return true }
        if shape.types.contains(.boolean),
            !(shape.excluded.contains(true) && shape.excluded.contains(false))
        {
            return true
        }
        if !shape.types.isDisjoint(with: .number), pool.isLive(numberExpression(of: shape)) {
            return true
        }
        if shape.types.contains(.string) {
            let text = text(of: shape)
            if pool.isLive(text) { return true }
        }
        if shape.types.contains(.array), try canBeArray(shape) { return true }
        guard shape.types.contains(.object) else { return false }
        return try canBeObject(shape)
    }

    private mutating func canBeArray(_ shape: Shape) throws(GrammarError) -> Bool {
        let needed = max(
            shape.minimumItems, shape.contained.map(\.minimum).max() ?? 0)
        if let maximum = shape.maximumItems, maximum < needed { return false }
        let longestPrefix = shape.arrays.map(\.prefix.count).max() ?? 0
        for index in 0..<min(needed, longestPrefix + 1) {
            guard try isInhabited(conjunction(ofElement: index, in: shape)) else { return false }
        }
        return true
    }

    mutating func canBeObject(_ shape: Shape) throws(GrammarError) -> Bool {
        if let maximum = shape.maximumProperties,
            maximum < max(shape.required.count, shape.minimumProperties)
        {
            return false
        }
        for name in shape.required {
            let bytes = Array(name.utf8)
            for names in shape.propertyNames where !matches(names, bytes) { return false }
            guard try isInhabited(conjunction(ofMember: name, in: shape)) else { return false }
        }
        return true
    }

    /// Everything that a shape says of numbers but for multiples.
    mutating func numberExpression(of shape: Shape) -> ExpressionPool.ID {
        if let constants = shape.constants {
            var choices: [ExpressionPool.ID] = []
            for value in constants where value.double != nil { choices.append(spellings(value)) }
            return pool.alternatives(choices)
        }
        let isWhole = !shape.types.contains(.fraction)
        var parts = [pool.numbers(shape.numbers, isInteger: isWhole)]
        if !shape.types.contains(.integer) {
            // Not a whole number: something but zeros behind the point.
            let integers = pool.numbers(NumberBounds(), isInteger: true)
            let zeros = pool.repetition(pool.byte(48), 1, nil)
            let point = pool.concatenation(pool.byte(46), zeros)
            let whole = pool.concatenation(
                integers, pool.alternatives([ExpressionPool.empty, point]))
            parts.append(pool.complement(whole))
            let digits = pool.bytes(ByteSet(48...57).union(ByteSet(45)).union(ByteSet(46)))
            parts.append(pool.repetition(digits, 1, nil))
        }
        for value in shape.excluded where value.double != nil {
            parts.append(pool.complement(spellings(value)))
        }
        if !shape.multiples.isEmpty {
            let digits = pool.bytes(ByteSet(48...57).union(ByteSet(45)).union(ByteSet(46)))
            parts.append(pool.repetition(digits, 1, nil))
        }
        return pool.conjunction(parts)
    }

    /// A number as it may be written without an exponent, and as it is written shortest.
    private mutating func spellings(_ value: JSONValue) -> ExpressionPool.ID {
        let text = value.serialized()
        var choices = [pool.literal(Array(text.utf8))]
        if let integer = value.int {
            let zeros = pool.alternatives([
                ExpressionPool.empty, pool.literal(Array(".0".utf8)),
            ])
            choices.append(pool.concatenation(pool.literal(Array("\(integer)".utf8)), zeros))
        }
        return pool.alternatives(choices)
    }

    // MARK: Values

    /// Whether a value satisfies a shape, its list of constants apart.
    mutating func admits(_ shape: Shape, _ value: JSONValue) throws(GrammarError) -> Bool {
        guard shape.types.isSuperset(of: ValueTypes(of: value)),
            !shape.excluded.contains(where: { $0.isSame(as: value) })
        else { return false }
        switch value {
        case .null, .bool: return true
        case .integer, .number:
            guard let decimal = Decimal(value.serialized()) else { return false }
            return shape.numbers.contains(decimal)
                && shape.multiples.allSatisfy { Self.isMultiple(decimal, of: $0) }
        case .string(let text):
            let count = text.unicodeScalars.count
            guard count >= shape.minimumLength, count <= shape.maximumLength ?? .max else {
                return false
            }
            let bytes = Array(text.utf8)
            for expression in shape.texts where !matches(expression, bytes) { return false }
            return true
        case .array(let elements):
            guard elements.count >= shape.minimumItems,
                elements.count <= shape.maximumItems ?? .max
            else { return false }
            for (index, element) in elements.enumerated() {
                guard try admits(conjunction(ofElement: index, in: shape), element) else {
                    return false
                }
            }
            for contained in shape.contained {
                let item = conjunction([contained.item])
                var count = 0
                for element in elements where try admits(item, element) { count += 1 }
                guard count >= contained.minimum, count <= contained.maximum ?? .max else {
                    return false
                }
            }
            guard shape.hasUniqueItems else { return true }
            for (index, element) in elements.enumerated()
            where elements[..<index].contains(where: { $0.isSame(as: element) }) {
                return false
            }
            return true
        case .object(let members):
            guard members.count >= shape.minimumProperties,
                members.count <= shape.maximumProperties ?? .max,
                shape.required.allSatisfy({ members[$0] != nil })
            else { return false }
            for (name, member) in members {
                let bytes = Array(name.utf8)
                for names in shape.propertyNames where !matches(names, bytes) { return false }
                guard try admits(conjunction(ofMember: name, in: shape), member) else {
                    return false
                }
            }
            return true
        }
    }

    private mutating func admits(
        _ id: ConjunctionID, _ value: JSONValue
    ) throws(GrammarError) -> Bool {
        for index in try expand(id) {
            let shape = shapes[Int(index)]
            if let constants = shape.constants {
                if constants.contains(where: { $0.isSame(as: value) }) { return true }
            } else if try admits(shape, value) {
                return true
            }
        }
        return false
    }

    static func isMultiple(_ value: Decimal, of step: Decimal) -> Bool {
        let scale = max(value.fraction.count, step.fraction.count)
        guard let value = value.scaled(by: scale), let step = step.scaled(by: scale) else {
            return false
        }
        return value % step == 0
    }
}
