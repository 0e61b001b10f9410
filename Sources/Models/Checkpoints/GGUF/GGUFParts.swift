import OrderedCollections

/// A model in one GGUF file or in several, all opened and found to belong together.
///
/// Parts are named `NAME-00001-of-00003.gguf` and say so inside (`split.no` from 0, `split.count`,
/// `split.tensors.count`), as llama.cpp's gguf-split writes them; the first holds the model's metadata.
struct GGUFParts {
    private(set) var files: [FileBytes]
    /// Of the first part.
    let header: GGUFParser.Header
    /// Of all parts.
    private(set) var tensors: [CheckpointTensor]

    /// Opens the file, and if it is a part, all others that lie beside it.
    ///
    /// - Throws: ``CheckpointError`` naming the part that is missing, damaged or of another model.
    init(_ opened: FileBytes) throws(CheckpointError) {
        let parsed = try Part(opened)
        guard let split = try parsed.split(), split.count > 1 else {
            files = [opened]
            header = parsed.header
            tensors = parsed.header.tensors
            return
        }
        let name = try PartName(parsed, split)
        var parts: [Part] = []
        for index in 0..<split.count {
            let part = try index == split.index ? parsed : Part(name.open(index))
            try part.require(Split(index: index, count: split.count, tensors: split.tensors))
            parts.append(part)
        }
        files = parts.map(\.file)
        header = parts[0].header
        tensors = []
        try join(parts, announced: split.tensors)
    }

    private mutating func join(_ parts: [Part], announced: Int) throws(CheckpointError) {
        let architecture = parts[0].header.metadata["general.architecture"]
        var owners: [String: Int] = [:]
        for (index, part) in parts.enumerated() {
            if let other = part.header.metadata["general.architecture"], other != architecture {
                throw part.error(
                    "general.architecture",
                    "is not that of \(parts[0].file.path); the parts are of different models")
            }
            for tensor in part.header.tensors {
                if let owner = owners.updateValue(index, forKey: tensor.name) {
                    throw part.error(
                        "tensor \(tensor.name)",
                        "is also in \(parts[owner].file.path); the parts are of different models")
                }
                tensors.append(tensor.inPart(index))
            }
        }
        guard tensors.count == announced else {
            throw parts[0].error(
                "split.tensors.count",
                """
                is \(announced), but the \(parts.count) parts hold \(tensors.count) tensors; \
                they are of different models: fetch them again
                """)
        }
    }
}

/// What a part says of itself.
private struct Split: Equatable {
    /// From 0.
    let index: Int
    let count: Int
    /// Of all parts.
    let tensors: Int
}

private struct Part {
    let file: FileBytes
    let header: GGUFParser.Header

    init(_ file: FileBytes) throws(CheckpointError) {
        self.file = file
        var parser = GGUFParser(file)
        header = try parser.parse()
    }

    /// `nil` for a file that does not call itself a part.
    func split() throws(CheckpointError) -> Split? {
        guard header.metadata["split.count"] != nil else { return nil }
        return Split(
            index: try integer("split.no"), count: try integer("split.count"),
            tensors: try integer("split.tensors.count"))
    }

    func require(_ expected: Split) throws(CheckpointError) {
        guard let split = try split() else {
            throw error("split.count", "is missing; the file is no part of this model")
        }
        let fields = [
            ("split.no", split.index, expected.index), ("split.count", split.count, expected.count),
            ("split.tensors.count", split.tensors, expected.tensors),
        ]
        for (key, found, wanted) in fields where found != wanted {
            throw error(
                key,
                """
                is \(found), where this model needs \(wanted); the file is a part of another model \
                or has been renamed: fetch it again
                """)
        }
    }

    private func integer(_ key: String) throws(CheckpointError) -> Int {
        guard case .integer(let value) = header.metadata[key], (0..<1 << 31).contains(value) else {
            throw error(key, "must be a number that is not negative; the file is damaged")
        }
        return value
    }

    func error(_ field: String, _ message: String) -> CheckpointError {
        CheckpointError(
            code: .invalidField, file: file.path, field: field,
            byteOffset: header.valueRanges[field]?.lowerBound, message: message)
    }
}

/// The name that the parts of a model share.
private struct PartName {
    private let prefix: String
    private let count: Int

    init(_ part: Part, _ split: Split) throws(CheckpointError) {
        guard split.index < split.count else {
            throw part.error(
                "split.no",
                "is \(split.index) of \(split.count) parts, counted from 0; the file is damaged")
        }
        let suffix = Self.suffix(split.index, of: split.count)
        guard part.file.path.hasSuffix(suffix) else {
            throw part.error(
                "split.count",
                """
                is \(split.count): this is one of several parts, whose name must end in \(suffix) \
                for the others to be found; give all parts their names again
                """)
        }
        prefix = String(part.file.path.dropLast(suffix.count))
        count = split.count
    }

    func open(_ index: Int) throws(CheckpointError) -> FileBytes {
        try FileBytes(path: prefix + Self.suffix(index, of: count))
    }

    private static func suffix(_ index: Int, of count: Int) -> String {
        "-\(digits(index + 1))-of-\(digits(count)).gguf"
    }

    private static func digits(_ number: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, 5 - text.count)) + text
    }
}
