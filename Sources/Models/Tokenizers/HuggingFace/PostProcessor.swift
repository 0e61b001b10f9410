import StructuredJSON

/// Token ids, and for each which of two texts it belongs to.
package struct Encoding: Sendable, Equatable {
    package var ids: [Int] = []
    /// 0 or 1 as models of sentence pairs expect it (BERT's segment ids).
    package var typeIDs: [Int] = []
}

/// What a tokenizer.json puts around tokens.
struct PostProcessor: Sendable {
    private enum Step: Sendable {
        case template(single: [Piece], pair: [Piece])
        /// `[CLS] a [SEP] b [SEP]`
        case bert(first: Int, separator: Int)
        /// `<s> a </s></s> b </s>`, all of type 0.
        case roberta(first: Int, separator: Int)
    }

    private enum Piece: Sendable {
        case text(Int, type: Int)
        case tokens([Int], type: Int)
    }

    private let steps: [Step]

    static let none = PostProcessor(steps: [])

    private init(steps: [Step]) {
        self.steps = steps
    }

    init(_ field: ComponentField) throws(TokenizerError) {
        steps = try Self.steps(field, depth: 0)
    }

    private static func steps(
        _ field: ComponentField, depth: Int
    ) throws(TokenizerError) -> [Step] {
        guard depth < 16 else { throw field.invalid("is nested too deeply") }
        switch try field.type() {
        case "Sequence":
            var steps: [Step] = []
            for part in try field["processors"].array() {
                steps += try self.steps(part, depth: depth + 1)
            }
            return steps
        case "ByteLevel":
            // Concerns offsets only.
            return []
        case "BertProcessing":
            return [.bert(first: try id(field["cls"]), separator: try id(field["sep"]))]
        case "RobertaProcessing":
            return [.roberta(first: try id(field["cls"]), separator: try id(field["sep"]))]
        case "TemplateProcessing":
            return [
                .template(
                    single: try pieces(field["single"], field["special_tokens"], texts: 1),
                    pair: try pieces(field["pair"], field["special_tokens"], texts: 2))
            ]
        case let type:
            throw field["type"].unknown(
                type,
                known: [
                    "BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence",
                    "TemplateProcessing",
                ])
        }
    }

    /// The id of `["[SEP]", 102]`.
    private static func id(_ field: ComponentField) throws(TokenizerError) -> Int {
        let values = try field.values()
        guard values.count == 2, let id = values[1].int, id >= 0, id <= Int(Int32.max) else {
            throw field.invalid("must be a text and a token id")
        }
        return id
    }

    private static func pieces(
        _ field: ComponentField, _ tokens: ComponentField, texts: Int
    ) throws(TokenizerError) -> [Piece] {
        var pieces: [Piece] = []
        for piece in try field.array() {
            if let sequence = piece["Sequence"].ifPresent {
                let index = try sequence["id"].choice(["A": 0, "B": 1])
                guard index < texts else { throw sequence["id"].invalid("must be 'A' here") }
                pieces.append(.text(index, type: try sequence["type_id"].int()))
            } else {
                let token = piece["SpecialToken"]
                var ids: [Int] = []
                for id in try tokens[token["id"].string()]["ids"].array() {
                    ids.append(try id.int())
                }
                pieces.append(.tokens(ids, type: try token["type_id"].int()))
            }
        }
        return pieces
    }

    /// The token that stands first when special tokens are added.
    var firstToken: Int? {
        for step in steps.reversed() {
            switch step {
            case .bert(let first, _), .roberta(let first, _): return first
            case .template(let single, _):
                if case .tokens(let ids, _) = single.first { return ids.first }
            }
        }
        return nil
    }

    /// The token that stands last.
    var lastToken: Int? {
        for step in steps.reversed() {
            switch step {
            case .bert(_, let separator), .roberta(_, let separator): return separator
            case .template(let single, _):
                if case .tokens(let ids, _) = single.last { return ids.last }
            }
        }
        return nil
    }

    /// One encoding of one text or two.
    func process(_ texts: [[Int]], addSpecial: Bool) -> Encoding {
        var parts = texts.enumerated().map { index, ids in
            Encoding(ids: ids, typeIDs: Array(repeating: index, count: ids.count))
        }
        for step in steps {
            switch step {
            case .template(let single, let pair):
                // A template after one that made more parts than two has nothing to hold on to.
                guard parts.count <= 2 else { continue }
                parts = (parts.count == 2 ? pair : single).compactMap { piece in
                    switch piece {
                    case .text(let index, let type):
                        let ids = parts[index].ids
                        return Encoding(
                            ids: ids, typeIDs: Array(repeating: type, count: ids.count))
                    case .tokens(let ids, let type):
                        guard addSpecial else { return nil }
                        return Encoding(
                            ids: ids, typeIDs: Array(repeating: type, count: ids.count))
                    }
                }
            case .bert(let first, let separator):
                guard addSpecial else { continue }
                for index in parts.indices {
                    parts[index].wrap(
                        index == 0 ? first : nil, separator, type: index == 0 ? 0 : 1)
                }
            case .roberta(let first, let separator):
                for index in parts.indices {
                    parts[index].typeIDs = Array(repeating: 0, count: parts[index].ids.count)
                    guard addSpecial else { continue }
                    parts[index].wrap(index == 0 ? first : separator, separator, type: 0)
                }
            }
        }
        guard parts.count != 1 else { return parts[0] }
        return parts.reduce(into: Encoding()) { whole, part in
            whole.ids += part.ids
            whole.typeIDs += part.typeIDs
        }
    }
}

extension Encoding {
    fileprivate mutating func wrap(_ first: Int?, _ last: Int, type: Int) {
        if let first {
            ids.insert(first, at: 0)
            typeIDs.insert(type, at: 0)
        }
        ids.append(last)
        typeIDs.append(type)
    }
}
