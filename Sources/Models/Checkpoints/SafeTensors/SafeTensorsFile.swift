import StructuredJSON

/// A tensor of a safetensors file: checked to lie inside the file and to be as long as its shape says.
struct SafeTensor {
    let name: String
    /// Such as `BF16`.
    let dtype: String
    /// Lengths of the dimensions, the contiguous one last.
    let shape: [Int]
    /// Where the data begin, in bytes from the start of the file.
    let byteOffset: Int
    let byteCount: Int
}

/// A safetensors file, its header read and checked.
///
/// Format: https://huggingface.co/docs/safetensors. A length (64 bits, little-endian), so many bytes of a JSON object
/// (name to dtype, shape and data_offsets; text to text under `__metadata__`), then the data, which the tensors must
/// cover without overlap, gap or rest.
struct SafeTensorsFile {
    let bytes: FileBytes
    /// In the header's order.
    let tensors: [SafeTensor]
    private let header: Header

    /// The reference implementation reads no longer header either.
    static let longestHeader = 100_000_000
    /// Many more tensors than any model has in so many bytes: each takes half a kilobyte of memory once it is read, and
    /// fifty bytes in the file.
    private static func mostTensors(byteCount: Int) -> Int { 1 << 14 + byteCount / 512 }

    /// Bits of an element by dtype.
    private static let elementBits: [String: Int] = [
        "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16,
        "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
        "C64": 64,
    ]

    /// - Throws: ``CheckpointError`` naming tensor and byte offset of what is wrong.
    init(_ bytes: FileBytes) throws(CheckpointError) {
        self.bytes = bytes
        var cursor = GGUFCursor(bytes)
        let announced = try cursor.integer(UInt64.self, "header length")
        guard announced <= UInt64(Self.longestHeader) else {
            throw cursor.error(
                .invalidField, "header length",
                """
                is \(announced), more than the \(Self.longestHeader) that safetensors allow; \
                this is no safetensors file, or it is damaged
                """, at: 0)
        }
        let length = Int(announced)
        try cursor.require(length, for: "header")
        header = Header(file: bytes, length: length)
        var tensors: [SafeTensor] = []
        for entry in try header.entries(most: Self.mostTensors(byteCount: bytes.count)) {
            tensors.append(try header.tensor(entry, bits: Self.elementBits))
        }
        try header.requireCovered(by: tensors)
        self.tensors = tensors
    }

    /// An error about a tensor, at the place where the header speaks of it.
    func error(
        _ tensor: SafeTensor, _ message: String, code: CheckpointError.Code = .invalidField
    ) -> CheckpointError {
        header.error(tensor.name, message, code: code)
    }

    private struct Header {
        let file: FileBytes
        let length: Int

        var dataStart: Int { 8 + length }

        /// A member of the JSON object, before what it says is compared with the file.
        struct Entry {
            let name: String
            var dtype: String?
            var shape: [Int]?
            var offsets: [Int]?
        }

        /// The members of the JSON object that are tensors, read without a tree of them all.
        func entries(most: Int) throws(CheckpointError) -> [Entry] {
            let text = unsafe [UInt8](file.bytes[8..<dataStart])
            guard text.first == UInt8(ascii: "{") else {
                throw CheckpointError(
                    code: .notThisFormat, file: file.path, field: "header", byteOffset: 8,
                    message: "does not begin with \"{\": this is no safetensors file")
            }
            var entries: [Entry] = []
            do throws(JSONError) {
                // `shape` and `data_offsets` are as deep as a header goes.
                var reader = try JSONReader(
                    text, limits: JSONLimits(maximumDepth: 4, maximumValues: 8 * most))
                try reader.object { reader, name throws(JSONError) in
                    guard name != "__metadata__" else {
                        return try reader.object { reader, _ throws(JSONError) in
                            _ = try reader.field().string()
                        }
                    }
                    guard entries.count < most else {
                        throw reader.invalid(
                            "is one tensor more than the \(most) that fit a file of this size",
                            .tooLarge)
                    }
                    entries.append(try Self.entry(name, &reader))
                }
                try reader.end()
            } catch {
                guard error.location == nil, case .key(let name)? = error.path.components.first
                else {
                    throw CheckpointError(
                        code: .invalidField, file: file.path, field: "header",
                        byteOffset: 8 + (error.location?.offset ?? 0),
                        message: "is no JSON object: \(error.message); the file is damaged")
                }
                throw self.error(name, "\(error.message); the file is damaged")
            }
            return entries
        }

        private static func entry(_ name: String, _ reader: inout JSONReader) throws(JSONError)
            -> Entry
        {
            var entry = Entry(name: name)
            try reader.object { reader, field throws(JSONError) in
                switch field {
                case "dtype": entry.dtype = try reader.field().string()
                case "shape": entry.shape = try numbers(&reader)
                case "data_offsets": entry.offsets = try numbers(&reader)
                default: _ = try reader.field()
                }
            }
            return entry
        }

        /// Lengths of dimensions or offsets, of which no tensor has many.
        private static func numbers(_ reader: inout JSONReader) throws(JSONError) -> [Int] {
            var numbers: [Int] = []
            try reader.array { reader, _ throws(JSONError) in
                guard numbers.count < 8 else {
                    throw reader.invalid("is one number more than the 8 that are allowed")
                }
                numbers.append(try reader.int(in: 0...Int.max))
            }
            return numbers
        }

        func tensor(_ entry: Entry, bits: [String: Int]) throws(CheckpointError) -> SafeTensor {
            let name = entry.name
            guard let dtype = entry.dtype, let shape = entry.shape, let offsets = entry.offsets
            else {
                throw error(
                    name, "must have dtype, shape and data_offsets; the file is damaged",
                    code: .missingField)
            }
            guard let elementBits = bits[dtype] else {
                throw self.error(
                    name,
                    "has dtype \"\(CheckpointError.printable(dtype))\", which Berth does not know")
            }
            guard offsets.count == 2, offsets[0] <= offsets[1] else {
                throw self.error(name, "needs two data_offsets in order; it is damaged")
            }
            guard offsets[1] <= file.count - dataStart else {
                throw self.error(
                    name,
                    """
                    ends at byte \(offsets[1]) of the data, which has \(file.count - dataStart); \
                    the file is cut off or damaged: fetch it again
                    """, code: .truncated)
            }
            let count = try byteCount(name, shape, bits: elementBits)
            guard count == offsets[1] - offsets[0] else {
                throw self.error(
                    name,
                    """
                    has \(offsets[1] - offsets[0]) bytes, but shape \(shape) of \(dtype) takes \(count); \
                    the file is damaged
                    """)
            }
            return SafeTensor(
                name: name, dtype: dtype, shape: shape, byteOffset: dataStart + offsets[0],
                byteCount: count)
        }

        private func byteCount(_ name: String, _ shape: [Int], bits: Int) throws(CheckpointError)
            -> Int
        {
            var count = bits / 8
            for length in shape {
                let (product, isTooLarge) = count.multipliedReportingOverflow(by: length)
                guard !isTooLarge else {
                    throw error(name, "has more elements than memory has room for; it is damaged")
                }
                count = product
            }
            return count
        }

        /// Data must be covered from the first byte to the last, none of them twice.
        func requireCovered(by tensors: [SafeTensor]) throws(CheckpointError) {
            var end = dataStart
            var last: SafeTensor?
            let sorted = tensors.sorted {
                ($0.byteOffset, $0.byteCount) < ($1.byteOffset, $1.byteCount)
            }
            for tensor in sorted {
                guard tensor.byteOffset >= end else {
                    let other = CheckpointError.printable(last?.name ?? "")
                    throw error(tensor.name, "overlaps tensor \(other); the file is damaged")
                }
                guard tensor.byteOffset == end else {
                    throw error(
                        tensor.name,
                        """
                        begins \(tensor.byteOffset - end) bytes after the tensor before it; safetensors \
                        allow no gaps: the file is damaged
                        """)
                }
                end += tensor.byteCount
                last = tensor
            }
            guard end == file.count else {
                throw CheckpointError(
                    code: .invalidField, file: file.path, field: "data", byteOffset: end,
                    message: """
                        has \(file.count - end) bytes that belong to no tensor; the file is damaged: \
                        fetch it again
                        """)
            }
        }

        func error(_ name: String, _ message: String, code: CheckpointError.Code = .invalidField)
            -> CheckpointError
        {
            CheckpointError(
                code: code, file: file.path,
                field: name == "__metadata__" ? name : "tensor \(name)",
                byteOffset: place(of: name), message: message)
        }

        /// Where the header speaks of a name, which only errors ask for; its start, where the name is written with escapes.
        private func place(of name: String) -> Int {
            let quoted = Array("\"\(name)\"".utf8)
            guard quoted.count <= length else { return 8 }
            return unsafe file.bytes.withMemoryRebound(to: UInt8.self) { bytes in
                var start = 8
                while start + quoted.count <= 8 + length {
                    if unsafe bytes[start..<start + quoted.count].elementsEqual(quoted) {
                        return start
                    }
                    start += 1
                }
                return 8
            }
        }
    }
}
