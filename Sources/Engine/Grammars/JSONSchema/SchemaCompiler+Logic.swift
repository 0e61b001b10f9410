import StructuredJSON

extension SchemaCompiler {
    /// Values that must not be, in schemas that negation makes.
    static let excludedKeyword = "\u{0}excluded"
    /// A pattern that must not be found, in such schemas.
    static let withoutKeyword = "\u{0}without"
    /// A format that must not be kept, in such schemas.
    static let misformattedKeyword = "\u{0}misformatted"

    mutating func assertLogic(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ owners: Set<SchemaDocument.NodeID>,
        _ partial: inout Partial
    ) throws(GrammarError) {
        for item in try children("allOf", schema, node) { partial.work.append((item, owners)) }
        let any = try children("anyOf", schema, node)
        if any.count == 1 {
            partial.work.append((any[0], owners))
        } else if !any.isEmpty {
            partial.forks.append((any.map { [$0] }, owners))
        }
        let one = try children("oneOf", schema, node)
        if one.count == 1 {
            partial.work.append((one[0], owners))
        } else if !one.isEmpty {
            partial.forks.append((try exclusive(one), owners))
        }
        if let not = schema["not"] {
            let child = document.child(of: node, "not", not)
            partial.work.append((SchemaItem(node: child, isNegated: true), []))
        }
        if let condition = schema["if"] {
            let test = document.child(of: node, "if", condition)
            var choices = [[SchemaItem(node: test)], [SchemaItem(node: test, isNegated: true)]]
            var matters = false
            for (index, keyword) in ["then", "else"].enumerated() {
                guard let branch = schema[keyword] else { continue }
                matters = true
                let child = document.child(of: node, keyword, branch)
                choices[index].append(SchemaItem(node: child))
            }
            if matters { partial.forks.append((choices, owners)) }
        }
    }

    mutating func children(
        _ keyword: String, _ schema: JSONObject, _ node: SchemaDocument.NodeID
    ) throws(GrammarError) -> [SchemaItem] {
        guard let value = schema[keyword] else { return [] }
        guard let elements = value.array, !elements.isEmpty else {
            throw fault(.invalid, node, keyword, "must be an array of schemas")
        }
        var items: [SchemaItem] = []
        for (index, element) in elements.enumerated() {
            items.append(SchemaItem(node: document.child(of: node, keyword, "\(index)", element)))
        }
        return items
    }

    /// The alternatives of `oneOf`: each with the negations of those that could hold beside it.
    private mutating func exclusive(_ items: [SchemaItem]) throws(GrammarError) -> [[SchemaItem]] {
        var choices = items.map { [$0] }
        guard items.count <= 100 else {
            throw GrammarError(
                .tooLarge, at: document[items[0].node].path,
                "is one of more than 100 alternatives of oneOf; use anyOf where they exclude each other"
            )
        }
        for first in items.indices {
            for second in items.indices where second > first {
                guard try canHoldTogether(items[first], items[second]) else { continue }
                choices[first].append(SchemaItem(node: items[second].node, isNegated: true))
                choices[second].append(SchemaItem(node: items[first].node, isNegated: true))
            }
        }
        return choices
    }

    private mutating func canHoldTogether(
        _ first: SchemaItem, _ second: SchemaItem
    ) throws(GrammarError) -> Bool {
        if let left = try plainTypes(first), let right = try plainTypes(second),
            left.isDisjoint(with: right)
        {
            return false
        }
        return try isInhabited(conjunction([first, second]))
    }

    /// The kinds that a subschema names, as far as they are written in itself.
    private func plainTypes(_ item: SchemaItem) throws(GrammarError) -> ValueTypes? {
        let value = document[item.node].value
        guard let type = value["type"] else { return nil }
        return try types(type, item.node)
    }

    // MARK: Negation

    /// Takes in a subschema that must not hold: one of its keywords must fail.
    ///
    /// What cannot be negated is left out of the alternatives: fewer texts are admitted then, none wrongly.
    mutating func refute(
        _ schema: JSONObject, _ node: SchemaDocument.NodeID, _ partial: inout Partial
    ) throws(GrammarError) {
        var choices: [[SchemaItem]] = []
        var dropped: String?
        if let reference = schema["$ref"] {
            guard let text = reference.string else {
                throw fault(.invalid, node, "$ref", "must be a string")
            }
            let target = try document.target(of: text, at: node)
            choices.append([SchemaItem(node: target, isNegated: true)])
        }
        if schema["$ref"] == nil || document.draft == .later {
            for (keyword, value) in schema {
                guard
                    let failures = try failures(of: keyword, value, schema, node)
                else {
                    dropped = keyword
                    continue
                }
                choices += failures
            }
        }
        if choices.isEmpty {
            if let dropped {
                throw fault(
                    .unsupported, node, dropped,
                    "cannot be negated, and a 'not' or 'oneOf' needs it")
            }
            partial.shape.types = []
        } else if choices.count == 1 {
            partial.work += choices[0].map { ($0, []) }
        } else {
            partial.forks.append((choices, []))
        }
    }

    /// The ways in which one keyword can fail; `nil` where that cannot be said.
    private mutating func failures(
        of keyword: String, _ value: JSONValue, _ schema: JSONObject, _ node: SchemaDocument.NodeID
    ) throws(GrammarError) -> [[SchemaItem]]? {
        func implied(_ schemas: JSONValue...) -> [[SchemaItem]] {
            schemas.map { [SchemaItem(node: document.implied($0, by: node))] }
        }
        switch keyword {
        case "type":
            let others = ValueTypes.all.subtracting(try types(value, node))
            return others.isEmpty
                ? [] : implied(["type": .array(others.names.map { .string($0) })])
        case "const": return implied([Self.excludedKeyword: [value]])
        case "enum": return implied([Self.excludedKeyword: value])
        case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
            guard let bound = value.double, schema["exclusiveMinimum"]?.bool == nil,
                schema["exclusiveMaximum"]?.bool == nil, bound.isFinite
            else { return nil }
            let opposite = [
                "minimum": "exclusiveMaximum", "maximum": "exclusiveMinimum",
                "exclusiveMinimum": "maximum", "exclusiveMaximum": "minimum",
            ]
            return implied(["type": "number", opposite[keyword] ?? "": value])
        case "minLength", "minItems", "minProperties", "maxLength", "maxItems", "maxProperties":
            guard let count = try count(schema, node, keyword) else { return [] }
            let type =
                keyword.hasSuffix("Length")
                ? "string" : keyword.hasSuffix("Items") ? "array" : "object"
            let isMinimum = keyword.hasPrefix("min")
            if isMinimum, count == 0 { return [] }
            let opposite = (isMinimum ? "max" : "min") + keyword.dropFirst(3)
            return implied([
                "type": .string(type), opposite: .integer(isMinimum ? count - 1 : count + 1),
            ])
        case "pattern": return implied(["type": "string", Self.withoutKeyword: value])
        case "format":
            guard let name = value.string, try format(name, node) != nil else { return [] }
            return implied(["type": "string", Self.misformattedKeyword: value])
        case "required":
            guard value.bool == nil else { return [] }
            return try names(value, node, keyword).map { name in
                [
                    SchemaItem(
                        node: document.implied(
                            ["type": "object", "properties": [name: false]], by: node))
                ]
            }
        case "properties":
            guard let properties = value.object else { return nil }
            return properties.filter { $0.value != .bool(true) && $0.value != .object([:]) }.map {
                name, inner in
                [
                    SchemaItem(
                        node: document.implied(
                            [
                                "type": "object", "required": [.string(name)],
                                "properties": [name: ["not": inner]],
                            ], by: node))
                ]
            }
        case "items" where value.array == nil && schema["prefixItems"] == nil:
            return implied(["type": "array", "contains": ["not": value]])
        case "contains" where schema["minContains"] == nil && schema["maxContains"] == nil:
            return implied(["type": "array", "items": ["not": value]])
        case "dependentRequired", "dependencies":
            guard let dependencies = value.object,
                dependencies.allSatisfy({ $0.value.array != nil })
            else { return nil }
            return dependencies.flatMap { name, others in
                (others.array ?? []).compactMap(\.string).map { other in
                    [
                        SchemaItem(
                            node: document.implied(
                                [
                                    "type": "object", "required": [.string(name)],
                                    "properties": [other: false],
                                ], by: node))
                    ]
                }
            }
        case "not":
            return [[SchemaItem(node: document.child(of: node, "not", value))]]
        case "allOf":
            return try children(keyword, schema, node).map {
                [SchemaItem(node: $0.node, isNegated: true)]
            }
        case "anyOf":
            return [
                try children(keyword, schema, node).map {
                    SchemaItem(node: $0.node, isNegated: true)
                }
            ]
        case "oneOf":
            let items = try children(keyword, schema, node)
            var choices = [items.map { SchemaItem(node: $0.node, isNegated: true) }]
            for first in items.indices {
                for second in items.indices
                where second > first && choices.count < 200 {
                    choices.append([items[first], items[second]])
                }
            }
            return choices
        case "if":
            let test = document.child(of: node, "if", value)
            return ["then", "else"].enumerated().compactMap { index, keyword in
                schema[keyword].map { branch in
                    [
                        SchemaItem(node: test, isNegated: index == 1),
                        SchemaItem(
                            node: document.child(of: node, keyword, branch), isNegated: true),
                    ]
                }
            }
        case Self.excludedKeyword:
            return implied(["enum": value])
        case Self.withoutKeyword:
            return implied(["type": "string", "pattern": value])
        case Self.misformattedKeyword:
            return implied(["type": "string", "format": value])
        case "multipleOf", "additionalProperties", "patternProperties", "propertyNames", "items",
            "prefixItems", "additionalItems", "contains", "uniqueItems", "dependentSchemas",
            "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef":
            return value == .bool(true) && keyword != "uniqueItems" ? [] : nil
        default:
            return []
        }
    }
}
