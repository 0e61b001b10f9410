import StructuredJSON

/// The tokens of a tokenizer.json's model by id; ids may leave gaps.
struct ModelVocabulary: Sendable {
    /// Texts by id; a gap has an empty one that is never found.
    private(set) var texts: ByteStringTable
    /// How many ids have a token.
    let count: Int

    /// Reads `{"text": id, ...}`.
    init(_ field: ComponentField) throws(TokenizerError) {
        let members = try field.object()
        var entries: [(id: Int, text: String)] = []
        entries.reserveCapacity(members.count)
        // A file of few tokens that names an id in the billions must not make us allocate for it.
        let limit = 16 * members.count + 65_536
        for (text, value) in members {
            guard let id = value.int, (0..<limit).contains(id) else {
                throw field.invalid(
                    "\(Self.quoted(text)) must have an id from 0 to \(limit - 1), which fits its size"
                )
            }
            entries.append((id, text))
        }
        entries.sort { $0.id < $1.id }
        texts = ByteStringTable(minimumCapacity: entries.count)
        for (index, entry) in entries.enumerated() {
            if index > 0, entries[index - 1].id == entry.id {
                throw TokenizerError(
                    code: .duplicateToken, field: field.path,
                    message: """
                        \(Self.quoted(entry.text)) and \(Self.quoted(entries[index - 1].text)) have the \
                        same id \(entry.id); give each its own
                        """)
            }
            while texts.count < entry.id { texts.appendUnnamed() }
            Self.append(entry.text, to: &texts)
        }
        count = entries.count
    }

    /// Reads `[["text", score], ...]`; ids are places in the list.
    init(scored field: ComponentField, scores: inout [Double]) throws(TokenizerError) {
        let entries = try field.values()
        texts = ByteStringTable(minimumCapacity: entries.count)
        scores.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            guard let text = entry[0]?.string, let score = entry[1]?.double, entry.array?.count == 2
            else { throw field.invalid("must be a text and a score", index: index) }
            Self.append(text, to: &texts)
            scores.append(score)
        }
        count = entries.count
    }

    /// Takes the next id for `text`; one that stands twice is found by its first id.
    private static func append(_ text: String, to texts: inout ByteStringTable) {
        let bytes = Array(text.utf8)
        if bytes.isEmpty || !texts.insert(bytes).isNew {
            texts.appendUnnamed()
        }
    }

    private static func quoted(_ text: String) -> String {
        String(text.prefix(40)).debugDescription
    }

    func find(_ text: String) -> Int? {
        texts.find(Array(text.utf8))
    }

    func contains(_ id: Int) -> Bool {
        id >= 0 && id < texts.count && !texts[id].isEmpty
    }
}
