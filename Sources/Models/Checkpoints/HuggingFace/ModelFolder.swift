import Foundation
package import StructuredJSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder with a model's files, as `save_pretrained` and the Hugging Face hub lay them out.
package struct ModelFolder: Sendable {
    /// The folder as it was named.
    package let path: String

    /// A configuration is kilobytes; the index of a model with many experts, and a tokenizer, tens of megabytes.
    private static let longestConfiguration = 1 << 24
    private static let longestTable = 1 << 27
    /// Values of a configuration, or tensors of an index: ten times what the largest models have.
    private static let mostValues = 1 << 20

    package init(path: String) {
        self.path = path
    }

    /// Whether a path names a folder.
    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    package func path(_ name: String) -> String {
        path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    /// The folder's own name, without those that lead to it.
    package var name: String {
        URL(filePath: path).standardizedFileURL.lastPathComponent
    }

    package func has(_ name: String) -> Bool {
        unsafe access(path(name), F_OK) == 0
    }

    func open(_ name: String) throws(CheckpointError) -> FileBytes {
        try FileBytes(path: path(name))
    }

    /// A JSON file's document, or `nil` where there is no such file.
    ///
    /// - `isTable`: whether it may be long.
    package func json(_ name: String, isTable: Bool = false) throws(CheckpointError) -> JSONValue? {
        let values = isTable ? Int.max : Self.mostValues
        return try reading(name, isTable: isTable, mostValues: values) {
            reader throws(JSONError) in try reader.field().value
        }
    }

    /// What `read` makes of a JSON file, or `nil` where there is no such file.
    func reading<Result>(
        _ name: String, isTable: Bool = false, mostValues: Int = Self.mostValues,
        _ read: (inout JSONReader) throws(JSONError) -> Result?
    ) throws(CheckpointError) -> Result? {
        guard has(name) else { return nil }
        let file = try open(name)
        let most = isTable ? Self.longestTable : Self.longestConfiguration
        guard file.count <= most else {
            throw error(
                .invalidField, name, "file",
                "has \(file.count) bytes, more than the \(most) that any model needs; it is damaged"
            )
        }
        do throws(JSONError) {
            // A second member of one name replaces the first, as in the libraries that these files are written for.
            let limits = JSONLimits(maximumValues: mostValues, duplicateKeys: .keepLast)
            var reader = try unsafe JSONReader([UInt8](file.bytes), limits: limits)
            let result = try read(&reader)
            try reader.end()
            return result
        } catch {
            throw self.error(name, error)
        }
    }

    /// A text file, or `nil` where there is none.
    package func text(_ name: String) throws(CheckpointError) -> String? {
        guard has(name) else { return nil }
        let file = try open(name)
        guard let text = unsafe String(validating: file.bytes, as: UTF8.self) else {
            throw error(.invalidField, name, "text", "is no valid UTF-8; fetch the file again")
        }
        return text
    }

    /// An error about a file of the folder.
    func error(
        _ code: CheckpointError.Code, _ name: String, _ field: String, _ message: String
    ) -> CheckpointError {
        CheckpointError(
            code: code, file: path(name), field: field, byteOffset: nil, message: message)
    }

    /// What is wrong with a JSON file, or with a value in it.
    package func error(_ name: String, _ error: JSONError) -> CheckpointError {
        let code: CheckpointError.Code =
            switch error.code {
            case .missingField: .missingField
            case .wrongType: .wrongType
            default: .invalidField
            }
        let field = error.path.components.isEmpty ? "document" : "\(error.path)"
        return CheckpointError(
            code: code, file: path(name), field: field, byteOffset: error.location?.offset,
            message: error.location == nil ? error.reason : error.message)
    }
}
