import StructuredJSON

extension SchemaCompiler {
    func fault(
        _ code: GrammarError.Code, _ node: SchemaDocument.NodeID, _ keyword: String,
        _ message: String
    ) -> GrammarError {
        GrammarError(code, at: "\(document[node].path)/\(keyword)", message)
    }

    /// Takes in a subschema that must hold.
    mutating func assert(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ owners: Set<SchemaDocument.NodeID>,
        _ partial: inout Partial
    ) throws(GrammarError) {
        var owners = owners
        if let reference = schema["$ref"] {
            guard let text = reference.string else {
                throw fault(.invalid, node, "$ref", "must be a string")
            }
            let target = try document.target(of: text, at: node)
            partial.work.append((SchemaItem(node: target), owners))
            if document.draft == .seven { return }
        }
        if let unevaluated = schema["unevaluatedProperties"] {
            owners.insert(node)
            let child = document.child(of: node, "unevaluatedProperties", unevaluated)
            partial.shape.unevaluated.append((node, SchemaItem(node: child)))
        }
        for keyword in ["$dynamicRef", "$recursiveRef", "unevaluatedItems"]
        where schema[keyword] != nil {
            throw fault(.unsupported, node, keyword, "cannot be enforced")
        }
        if let type = schema["type"] {
            partial.shape.types.formIntersection(try types(type, node))
        }
        try assertValues(schema, node, &partial.shape)
        try assertNumbers(schema, node, &partial.shape)
        try assertStrings(schema, node, &partial.shape)
        try assertArrays(schema, node, &partial.shape)
        try assertObjects(schema, node, owners, &partial)
        try assertLogic(schema, node, owners, &partial)
    }

    func types(_ value: JSONValue, _ node: SchemaDocument.NodeID) throws(GrammarError) -> ValueTypes
    {
        var types: ValueTypes = []
        for element in value.array ?? [value] {
            guard let name = element.string, let type = ValueTypes(named: name) else {
                throw fault(
                    .invalid, node, "type",
                    "must be null, boolean, integer, number, string, array, object, or a list of these"
                )
            }
            types.formUnion(type)
        }
        return types
    }

    private func assertValues(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ shape: inout Shape
    ) throws(GrammarError) {
        if let constant = schema["const"] { restrict(&shape, to: [constant]) }
        if let values = schema["enum"] {
            guard let values = values.array else {
                throw fault(.invalid, node, "enum", "must be an array")
            }
            restrict(&shape, to: values)
        }
        if let excluded = schema[Self.excludedKeyword]?.array { shape.excluded += excluded }
    }

    private func restrict(_ shape: inout Shape, to values: [JSONValue]) {
        if let old = shape.constants {
            shape.constants = old.filter { one in values.contains { $0.isSame(as: one) } }
        } else {
            shape.constants = values
        }
    }

    // MARK: Numbers

    private func assertNumbers(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ shape: inout Shape
    ) throws(GrammarError) {
        func decimal(_ keyword: String) throws(GrammarError) -> Decimal? {
            guard let value = schema[keyword], !value.isNull else { return nil }
            guard value.double != nil, let decimal = Decimal(value.serialized()) else {
                throw fault(.invalid, node, keyword, "must be a number of less than 400 digits")
            }
            return decimal
        }
        // Draft 4 has a flag beside the bound.
        let isLowExclusive = schema["exclusiveMinimum"]?.bool
        let isHighExclusive = schema["exclusiveMaximum"]?.bool
        if let value = try decimal("minimum") {
            shape.numbers.raise(to: .init(value: value, isExclusive: isLowExclusive ?? false))
        }
        if let value = try decimal("maximum") {
            shape.numbers.sink(to: .init(value: value, isExclusive: isHighExclusive ?? false))
        }
        if isLowExclusive == nil, let value = try decimal("exclusiveMinimum") {
            shape.numbers.raise(to: .init(value: value, isExclusive: true))
        }
        if isHighExclusive == nil, let value = try decimal("exclusiveMaximum") {
            shape.numbers.sink(to: .init(value: value, isExclusive: true))
        }
        if let value = try decimal("multipleOf") {
            guard !value.isZero, !value.isNegative else {
                throw fault(.invalid, node, "multipleOf", "must be greater than 0")
            }
            guard value.scaled(by: value.fraction.count) != nil else {
                throw fault(
                    .unsupported, node, "multipleOf",
                    "has more than 9 digits, which cannot be enforced")
            }
            shape.multiples.append(value)
        }
    }

    // MARK: Strings

    private mutating func assertStrings(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ shape: inout Shape
    ) throws(GrammarError) {
        if let minimum = try count(schema, node, "minLength") {
            shape.minimumLength = max(shape.minimumLength, minimum)
        }
        if let maximum = try count(schema, node, "maxLength") {
            shape.maximumLength = min(shape.maximumLength ?? .max, maximum)
        }
        if let pattern = schema["pattern"] {
            guard let text = pattern.string else {
                throw fault(.invalid, node, "pattern", "must be a string")
            }
            shape.texts.append(try expression(text, node, "pattern"))
        }
        if let pattern = schema[Self.withoutKeyword]?.string {
            let found = try expression(pattern, node, "pattern")
            shape.texts.append(pool.conjunction([pool.complement(found), anyText]))
        }
        if let format = schema["format"]?.string, let expression = try self.format(format, node) {
            shape.texts.append(expression)
        }
        if let format = schema[Self.misformattedKeyword]?.string,
            let found = try self.format(format, node)
        {
            shape.texts.append(pool.conjunction([pool.complement(found), anyText]))
        }
    }

    func count(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ keyword: String
    ) throws(GrammarError) -> Int? {
        guard let value = schema[keyword], !value.isNull else { return nil }
        guard let count = value.int, count >= 0 else {
            throw fault(.invalid, node, keyword, "must be an integer of at least 0")
        }
        return min(count, Int(Int32.max) - 1)
    }

    /// The texts in which a pattern is found.
    mutating func expression(
        _ pattern: String, _ node: SchemaDocument.NodeID, _ keyword: String
    ) throws(GrammarError) -> ExpressionPool.ID {
        if let known = patterns[pattern] { return known }
        do throws(Pattern.Fault) {
            var parser = PatternParser(pattern)
            let expression = try pool.search(try parser.parse())
            patterns[pattern] = expression
            return expression
        } catch {
            throw fault(
                error.isUnsupported ? .unsupported : .invalid, node, keyword,
                "the expression \(String(pattern.prefix(80)).debugDescription) \(error.message)")
        }
    }

    // MARK: Arrays

    private mutating func assertArrays(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ shape: inout Shape
    ) throws(GrammarError) {
        if let minimum = try count(schema, node, "minItems") {
            shape.minimumItems = max(shape.minimumItems, minimum)
        }
        if let maximum = try count(schema, node, "maxItems") {
            shape.maximumItems = min(shape.maximumItems ?? .max, maximum)
        }
        if schema["uniqueItems"]?.bool == true { shape.hasUniqueItems = true }
        var clause = Shape.ArrayClause()
        var hasPrefix = false
        func children(_ elements: [JSONValue], _ keyword: String) -> [SchemaItem] {
            elements.enumerated().map { index, value in
                SchemaItem(node: document.child(of: node, keyword, "\(index)", value))
            }
        }
        if let prefix = schema["prefixItems"]?.array {
            clause.prefix = children(prefix, "prefixItems")
            hasPrefix = true
        }
        if let items = schema["items"] {
            if let tuple = items.array {
                clause.prefix = children(tuple, "items")
                if let rest = schema["additionalItems"] {
                    clause.rest = SchemaItem(
                        node: document.child(of: node, "additionalItems", rest))
                }
            } else {
                clause.rest = SchemaItem(node: document.child(of: node, "items", items))
            }
        }
        if hasPrefix || schema["items"] != nil { shape.arrays.append(clause) }
        if let contains = schema["contains"] {
            let minimum = try count(schema, node, "minContains") ?? 1
            let maximum = try count(schema, node, "maxContains")
            let child = document.child(of: node, "contains", contains)
            if minimum > 0 || maximum != nil {
                shape.contained.append(
                    .init(item: SchemaItem(node: child), minimum: minimum, maximum: maximum))
            }
        }
    }
}
