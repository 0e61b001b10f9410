/// The table of tensors: names, shapes, types, and where the data lie.
extension GGUFParser {
    /// A tensor as the table states it, its data not yet looked for.
    struct Entry {
        let name: String
        let dimensions: [Int]
        let elementCount: Int
        let type: GGMLType
        let byteCount: Int
        /// From the start of the data.
        let relativeOffset: Int
        /// Where the entry's offset field lies.
        let place: Int

        /// What errors call it.
        var field: String {
            "tensor \(name)"
        }
    }

    mutating func parseTensorTable(count: Int) throws(CheckpointError) -> [Entry] {
        var names: Set<String> = []
        var entries: [Entry] = []
        for _ in 0..<count {
            let place = cursor.offset
            let name = try cursor.string("tensor name")
            guard !name.isEmpty else {
                throw cursor.error(
                    .invalidField, "tensor name", "is empty; the file is damaged", at: place)
            }
            guard names.insert(name).inserted else {
                throw cursor.error(
                    .invalidField, "tensor \(name)", "appears twice; the file is damaged", at: place
                )
            }
            entries.append(try parseEntry(name))
        }
        return entries
    }

    private mutating func parseEntry(_ name: String) throws(CheckpointError) -> Entry {
        let field = "tensor \(name)"
        let (dimensions, elements) = try parseDimensions(field)
        let (type, byteCount) = try parseType(rowLength: dimensions[0], elements: elements, field)
        let place = cursor.offset
        let offset = try cursor.integer(UInt64.self, field)
        guard let relativeOffset = Int(exactly: offset) else {
            throw cursor.error(
                .truncated, field,
                "begins at byte \(offset) of the data, past the end of the file; fetch it again",
                at: place)
        }
        return Entry(
            name: name, dimensions: dimensions, elementCount: elements, type: type,
            byteCount: byteCount, relativeOffset: relativeOffset, place: place)
    }

    private mutating func parseDimensions(_ field: String)
        throws(CheckpointError) -> (lengths: [Int], product: Int)
    {
        let rankPlace = cursor.offset
        let rank = try cursor.integer(UInt32.self, field)
        guard (1...4).contains(rank) else {
            throw cursor.error(
                .invalidField, field, "has \(rank) dimensions, not 1 to 4; the file is damaged",
                at: rankPlace)
        }
        var lengths: [Int] = []
        var product = 1
        for _ in 0..<rank {
            let place = cursor.offset
            let length = try cursor.integer(UInt64.self, field)
            guard length > 0, let signed = Int(exactly: length) else {
                throw cursor.error(
                    .invalidField, field,
                    "has a dimension of length \(length); the file is damaged",
                    at: place)
            }
            let (next, isTooMany) = product.multipliedReportingOverflow(by: signed)
            guard !isTooMany else { throw tooLarge(field, at: place) }
            lengths.append(signed)
            product = next
        }
        return (lengths, product)
    }

    private mutating func parseType(rowLength: Int, elements: Int, _ field: String)
        throws(CheckpointError) -> (GGMLType, byteCount: Int)
    {
        let place = cursor.offset
        let number = try cursor.integer(UInt32.self, field)
        guard let type = GGMLType(rawValue: number) else {
            throw cursor.error(
                .unsupported, field,
                "has tensor type \(number), which Berth does not know; quantize the model to another type",
                at: place)
        }
        guard rowLength.isMultiple(of: type.blockElements) else {
            throw cursor.error(
                .invalidField, field,
                """
                has rows of \(rowLength) elements, but \(type.name) needs a multiple of \
                \(type.blockElements); the file is damaged
                """, at: place)
        }
        let (byteCount, isTooLarge) = (elements / type.blockElements)
            .multipliedReportingOverflow(by: type.blockBytes)
        guard !isTooLarge else { throw tooLarge(field, at: place) }
        return (type, byteCount)
    }

    private func tooLarge(_ field: String, at place: Int) -> CheckpointError {
        cursor.error(
            .invalidField, field, "has more elements than memory has room for; the file is damaged",
            at: place)
    }

    /// Finds every tensor's data: aligned, inside the file, and nobody else's.
    func place(_ entries: [Entry], alignment: Int) throws(CheckpointError) -> [CheckpointTensor] {
        let start = (cursor.offset + alignment - 1) / alignment * alignment
        let room = max(0, cursor.file.count - start)
        for entry in entries {
            guard entry.relativeOffset.isMultiple(of: alignment) else {
                throw cursor.error(
                    .invalidField, entry.field,
                    """
                    begins at byte \(entry.relativeOffset) of the data, no multiple of \(alignment); \
                    the file is damaged
                    """, at: entry.place)
            }
            guard entry.byteCount <= room, entry.relativeOffset <= room - entry.byteCount else {
                throw cursor.error(
                    .truncated, entry.field,
                    """
                    needs \(entry.byteCount) bytes at byte \(entry.relativeOffset) of the data, which has \
                    \(room); the file is cut off or damaged: fetch it again
                    """, at: entry.place)
            }
        }
        let sorted = entries.sorted { $0.relativeOffset < $1.relativeOffset }
        for (previous, next) in zip(sorted, sorted.dropFirst())
        where next.relativeOffset < previous.relativeOffset + previous.byteCount {
            throw cursor.error(
                .invalidField, next.field,
                "overlaps \(CheckpointError.printable(previous.field)); the file is damaged",
                at: next.place)
        }
        return entries.map { entry in
            CheckpointTensor(
                name: entry.name, dimensions: entry.dimensions, type: entry.type,
                part: 0, byteOffset: start + entry.relativeOffset, byteCount: entry.byteCount,
                elementCount: entry.elementCount)
        }
    }
}
