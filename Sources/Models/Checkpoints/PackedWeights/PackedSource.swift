import StructuredJSON
import Tensors

/// What weights are packed for: the same tensors make different bytes for different models.
package enum PackedForm: String, Sendable, CaseIterable {
    /// As the file holds them.
    case stored
    /// Rounded to 13 bits.
    case rounded
}

/// Which files packed weights were made of, and what tells these files from others.
package struct PackedSource: Sendable, Equatable {
    package struct File: Sendable, Equatable {
        /// Absolute.
        package let path: String
        package let size: Int
        /// Nanoseconds since 1970.
        package let modified: Int
    }

    package let files: [File]
    package let form: PackedForm
    /// Changes when any file changes its size, its time, its header or the tensors that were looked at, with the form,
    /// and with the layout of packed weights; not with a file's name.
    package let digest: UInt64

    /// How many tensors are looked at, and how many bytes of each: files of one second and one shape may differ in
    /// nothing else.
    private static let samples = (tensors: 64, bytes: 256)

    /// `nil` for a model that is in memory.
    package init?(_ checkpoint: Checkpoint, as form: PackedForm) {
        var files: [File] = []
        var sum = Digest(seed: PackedLayout.fingerprint)
        sum.add(form.rawValue)
        for (index, part) in checkpoint.parts.enumerated() {
            let starts = checkpoint.tensors.lazy.flatMap { tensor in
                tensor.stored?.pieces ?? [
                    CheckpointTensor.Piece(
                        part: tensor.part, byteOffset: tensor.byteOffset, byteCount: 0)
                ]
            }.filter { $0.part == index }.map(\.byteOffset)
            sum.add(part, 0..<min(starts.min() ?? part.count, part.count))
            guard let modified = part.modified else { continue }
            files.append(
                File(path: absolutePath(part.path), size: part.count, modified: modified))
            sum.add(part.count)
            sum.add(modified)
        }
        guard !files.isEmpty else { return nil }
        // A folder's header is not in its tensors' files.
        sum.add(checkpoint.header, 0..<min(checkpoint.header.count, 1 << 24))
        let step = max(1, checkpoint.tensors.count / Self.samples.tensors)
        for (index, tensor) in checkpoint.tensors.enumerated() {
            sum.add(tensor.name)
            sum.add(tensor.stored?.heads ?? 0)
            guard index.isMultiple(of: step) else { continue }
            let file = checkpoint.parts[tensor.part]
            let end = min(tensor.byteOffset + Self.samples.bytes, file.count)
            sum.add(file, min(tensor.byteOffset, end)..<end)
        }
        self.files = files
        self.form = form
        digest = sum.value
    }

    /// Whether the files are still there, as long and as old as they were.
    package var isPresent: Bool {
        files.allSatisfy { file in
            let found = fileStatus(file.path)
            return found?.size == file.size && found?.modified == file.modified
        }
    }

    // MARK: As JSON

    var json: JSONValue {
        .object([
            "form": .string(form.rawValue),
            "files": .array(
                files.map { file in
                    .object([
                        "path": .string(file.path), "size": .integer(file.size),
                        "modified": .integer(file.modified),
                    ])
                }),
        ])
    }

    init(_ field: JSONField, digest: UInt64) throws(JSONError) {
        guard let form = PackedForm(rawValue: try field["form"].string()) else {
            throw field["form"].invalid("must be a form of packed weights")
        }
        self.form = form
        self.digest = digest
        var files: [File] = []
        for file in try field["files"].array() {
            files.append(
                File(
                    path: try file["path"].string(), size: try file["size"].int(in: 1...Int.max),
                    modified: try file["modified"].int()))
        }
        guard !files.isEmpty else { throw field["files"].invalid("must name a file") }
        self.files = files
    }
}

/// A checksum over values of several kinds.
private struct Digest {
    private(set) var value: UInt64

    init(seed: UInt64) {
        value = seed
    }

    mutating func add(_ number: Int) {
        let number = Int64(number)
        unsafe withUnsafeBytes(of: number) { unsafe value = checksum($0, seed: value) }
    }

    mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe bytes.withUnsafeBytes { unsafe value = checksum($0, seed: value) }
    }

    mutating func add(_ file: FileBytes, _ range: Range<Int>) {
        unsafe value = checksum(UnsafeRawBufferPointer(rebasing: file.bytes[range]), seed: value)
    }
}
