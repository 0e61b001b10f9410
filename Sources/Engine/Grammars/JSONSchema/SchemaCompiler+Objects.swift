import StructuredJSON

extension SchemaCompiler {
    mutating func assertObjects(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ owners: Set<SchemaDocument.NodeID>,
        _ partial: inout Partial
    ) throws(GrammarError) {
        if let required = schema["required"] {
            // Draft 3 has a flag in the property itself.
            if required.bool == nil {
                for name in try names(required, node, "required") { partial.shape.require(name) }
            }
        }
        if let minimum = try count(schema, node, "minProperties") {
            partial.shape.minimumProperties = max(partial.shape.minimumProperties, minimum)
        }
        if let maximum = try count(schema, node, "maxProperties") {
            partial.shape.maximumProperties = min(partial.shape.maximumProperties ?? .max, maximum)
        }
        if let names = schema["propertyNames"] {
            let child = document.child(of: node, "propertyNames", names)
            try restrictNames(SchemaItem(node: child), &partial.shape)
        }
        var clause = Shape.ObjectClause()
        clause.owners = owners
        var isClause = false
        if let properties = schema["properties"] {
            guard let properties = properties.object else {
                throw fault(.invalid, node, "properties", "must be an object")
            }
            for (name, value) in properties {
                let child = document.child(of: node, "properties", name, value)
                clause.properties[ExactString(name)] = SchemaItem(node: child)
                clause.names.append(name)
            }
            isClause = true
        }
        if let properties = schema["patternProperties"] {
            guard let properties = properties.object else {
                throw fault(.invalid, node, "patternProperties", "must be an object")
            }
            for (pattern, value) in properties {
                let expression = try expression(pattern, node, "patternProperties")
                let child = document.child(of: node, "patternProperties", pattern, value)
                clause.patterns.append((expression, SchemaItem(node: child)))
            }
            isClause = true
        }
        if let additional = schema["additionalProperties"] {
            clause.additional = SchemaItem(
                node: document.child(of: node, "additionalProperties", additional))
            isClause = true
        }
        if isClause { partial.shape.objects.append(clause) }
        try assertDependencies(schema, node, owners, &partial)
    }

    func names(
        _ value: JSONValue, _ node: SchemaDocument.NodeID, _ keyword: String
    ) throws(GrammarError) -> [String] {
        guard let elements = value.array else {
            throw fault(.invalid, node, keyword, "must be an array of strings")
        }
        var names: [String] = []
        for element in elements {
            guard let name = element.string else {
                throw fault(.invalid, node, keyword, "must be an array of strings")
            }
            names.append(name)
        }
        return names
    }

    /// Names are strings: what a subschema says of strings becomes an expression.
    private mutating func restrictNames(
        _ item: SchemaItem, _ shape: inout Shape
    ) throws(GrammarError) {
        var choices: [ExpressionPool.ID] = []
        for alternative in try expand(conjunction([item])) {
            let names = shapes[Int(alternative)]
            guard names.types.contains(.string) else { continue }
            choices.append(text(of: names))
        }
        shape.propertyNames.append(pool.alternatives(choices))
    }

    /// Everything that a shape says of strings, as one expression.
    mutating func text(of shape: Shape) -> ExpressionPool.ID {
        if let constants = shape.constants {
            return literals(constants.compactMap(\.string))
        }
        var parts = shape.texts
        if parts.isEmpty { parts.append(anyText) }
        let excluded = shape.excluded.compactMap(\.string)
        if !excluded.isEmpty { parts.append(pool.complement(literals(excluded))) }
        if shape.minimumLength > 0 || shape.maximumLength != nil {
            let scalars = pool.repetition(
                pool.anyScalar(), shape.minimumLength, shape.maximumLength)
            parts.append(pool.concatenation(scalars, pool.byte(ExpressionPool.end)))
        }
        return pool.conjunction(parts)
    }

    /// One of some texts, and its end, as a tree that shares beginnings.
    mutating func literals(_ texts: [String]) -> ExpressionPool.ID {
        let sorted = texts.map { Array($0.utf8) + [ExpressionPool.end] }.sorted {
            $0.lexicographicallyPrecedes($1)
        }
        return tree(sorted[...], depth: 0)
    }

    private mutating func tree(_ texts: ArraySlice<[UInt8]>, depth: Int) -> ExpressionPool.ID {
        guard let first = texts.first else { return ExpressionPool.nothing }
        if texts.count == 1 { return pool.literal(first[depth...]) }
        if first.count == depth { return ExpressionPool.empty }
        // Long common beginnings are taken at once, so that depth follows branches only.
        var parts: [ExpressionPool.ID] = []
        var rest = texts
        while let head = rest.first {
            let byte = head[depth]
            let group = rest.prefix { $0[depth] == byte }
            rest = rest.dropFirst(group.count)
            let shared = Self.sharedLength(group, from: depth)
            let tail =
                group.allSatisfy { $0.count == shared }
                ? ExpressionPool.empty : tree(group, depth: shared)
            parts.append(pool.concatenation(pool.literal(head[depth..<shared]), tail))
        }
        return pool.alternatives(parts)
    }

    private static func sharedLength(_ texts: ArraySlice<[UInt8]>, from depth: Int) -> Int {
        guard let first = texts.first, let last = texts.last else { return depth }
        var length = depth
        while length < first.count, length < last.count, first[length] == last[length] {
            length += 1
        }
        return length
    }

    private mutating func assertDependencies(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ owners: Set<SchemaDocument.NodeID>,
        _ partial: inout Partial
    ) throws(GrammarError) {
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            guard let dependencies = schema[keyword] else { continue }
            guard let dependencies = dependencies.object else {
                throw fault(.invalid, node, keyword, "must be an object")
            }
            for (name, value) in dependencies {
                let absent = document.implied(["properties": [name: false]], by: node)
                let present: SchemaDocument.NodeID
                var choice: [SchemaItem]
                if value.array != nil || value.string != nil {
                    let others = try names(value.array.map { .array($0) } ?? [value], node, keyword)
                    let all = [name] + others
                    present = document.implied(
                        ["type": "object", "required": .array(all.map { .string($0) })], by: node)
                    choice = [SchemaItem(node: present)]
                } else {
                    present = document.implied(
                        ["type": "object", "required": [.string(name)]], by: node)
                    choice = [
                        SchemaItem(node: present),
                        SchemaItem(node: document.child(of: node, keyword, name, value)),
                    ]
                }
                partial.forks.append(([[SchemaItem(node: absent)], choice], owners))
            }
        }
    }

    /// Makes `unevaluatedProperties` a clause of its own: in one alternative it is known what has been evaluated.
    mutating func addUnevaluated(_ shape: inout Shape) {
        for (owner, item) in shape.unevaluated {
            var clause = Shape.ObjectClause()
            var isComplete = false
            let truth = SchemaItem(node: document.implied(true, by: owner))
            for other in shape.objects where other.owners.contains(owner) {
                if other.additional != nil { isComplete = true }
                for name in other.names { clause.properties[ExactString(name)] = truth }
                clause.patterns += other.patterns.map { ($0.expression, truth) }
            }
            guard !isComplete else { continue }
            clause.additional = item
            shape.objects.append(clause)
        }
        shape.unevaluated = []
    }
}
