import Foundation

/// A file that appears under its name only when it is complete.
final class OutputFile {
    private let path: String
    /// Where the bytes go until the file is complete.
    private let partial: String
    /// A device, pipe or link is written in place: it must stay what it is.
    private let isReplaced: Bool
    private let handle: FileHandle
    private var buffer = Data()
    private var failure: (any Error)?
    private var isComplete = false

    init(path: String) throws {
        self.path = path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let type = attributes?[.type] as? FileAttributeType
        isReplaced = type == nil || type == .typeRegular
        partial = isReplaced ? path + ".partial" : path
        let isThere = !isReplaced || FileManager.default.createFile(atPath: partial, contents: nil)
        guard isThere, type != .typeDirectory, let handle = FileHandle(forWritingAtPath: partial)
        else {
            throw CommandError(
                "cannot write \(path): name a file in a folder that exists and is writable")
        }
        self.handle = handle
        if type == .typeSymbolicLink {
            // What the link names may be longer than what is written now; a device has no length to cut.
            try? handle.truncate(atOffset: 0)
        }
    }

    deinit {
        if isReplaced, !isComplete {
            unsafe unlink(partial)
        }
    }

    /// Collects text; errors are kept for ``close()``.
    func write(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count > 1 << 20 {
            flush()
        }
    }

    /// Writes the rest and gives the file its name.
    func close() throws {
        flush()
        try handle.close()
        if let failure {
            throw CommandError("cannot write \(path): \(failure.localizedDescription)")
        }
        guard unsafe !isReplaced || rename(partial, path) == 0 else {
            throw CommandError("cannot write \(path): the finished file could not be renamed")
        }
        isComplete = true
    }

    private func flush() {
        do {
            try handle.write(contentsOf: buffer)
        } catch {
            failure = failure ?? error
        }
        buffer = Data()
    }
}
