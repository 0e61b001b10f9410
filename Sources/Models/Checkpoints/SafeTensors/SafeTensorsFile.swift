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
    /// `shape` and `data_offsets` are as deep as a header goes.
    private static let limits = JSONLimits(maximumDepth: 4, maximumBytes: longestHeader)

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
        let members = try header.members()
        var tensors: [SafeTensor] = []
        for (name, value) in members where name != "__metadata__" {
            tensors.append(try header.tensor(name, value, bits: Self.elementBits))
        }
        if let metadata = members["__metadata__"] {
            guard let texts = metadata.object, texts.values.allSatisfy({ $0.string != nil }) else {
                throw header.error("__metadata__", "must map texts to texts; the file is damaged")
            }
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

        /// The JSON object, before its members are looked at.
        func members() throws(CheckpointError) -> JSONObject {
            let text = unsafe [UInt8](file.bytes[8..<dataStart])
            guard text.first == UInt8(ascii: "{") else {
                throw CheckpointError(
                    code: .notThisFormat, file: file.path, field: "header", byteOffset: 8,
                    message: "does not begin with \"{\": this is no safetensors file")
            }
            try requireSparse(text)
            do throws(JSONError) {
                let value = try JSONValue(
                    parsing: text, limits: SafeTensorsFile.limits)
                return value.object ?? [:]
            } catch {
                throw CheckpointError(
                    code: .invalidField, file: file.path, field: "header",
                    byteOffset: 8 + (error.location?.offset ?? 0),
                    message: "is no JSON object: \(error.message); the file is damaged")
            }
        }

        /// Refuses a header with more values than tensors' entries have in so many bytes: a parsed value takes many
        /// times the two bytes that it can be written in.
        private func requireSparse(_ text: [UInt8]) throws(CheckpointError) {
            var commas = 0
            var isInText = false
            var isEscaped = false
            for byte in text {
                if isInText, !isEscaped, byte == UInt8(ascii: "\\") {
                    isEscaped = true
                    continue
                }
                if !isEscaped, byte == UInt8(ascii: "\"") { isInText.toggle() }
                if !isInText, byte == UInt8(ascii: ",") { commas += 1 }
                isEscaped = false
            }
            guard commas <= 64 + length / 6 else {
                throw CheckpointError(
                    code: .invalidField, file: file.path, field: "header", byteOffset: 8,
                    message:
                        "has \(commas) values in \(length) bytes, more than tensors need; it is damaged"
                )
            }
        }

        func tensor(_ name: String, _ value: JSONValue, bits: [String: Int])
            throws(CheckpointError) -> SafeTensor
        {
            let field = JSONField(value, path: JSONPath([.key(name)]))
            let dtype: String
            let shape: [Int]
            let offsets: [Int]
            do throws(JSONError) {
                dtype = try field["dtype"].string()
                shape = try field["shape"].array().map { number throws(JSONError) in
                    try number.int(in: 0...Int.max)
                }
                offsets = try field["data_offsets"].array().map { number throws(JSONError) in
                    try number.int(in: 0...Int.max)
                }
            } catch {
                throw self.error(name, "\(error.message); the file is damaged")
            }
            guard let elementBits = bits[dtype] else {
                throw self.error(
                    name,
                    "has dtype \"\(CheckpointError.printable(dtype))\", which Berth does not know")
            }
            guard shape.count <= 8, offsets.count == 2, offsets[0] <= offsets[1] else {
                throw self.error(
                    name, "needs at most 8 dimensions and two data_offsets in order; it is damaged")
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
