import Foundation

/// A file that appears under its name only when it is complete.
final class OutputFile {
    private let path: String
    private let partial: String
    private let handle: FileHandle
    private var buffer = Data()
    private var failure: (any Error)?

    init(path: String) throws {
        self.path = path
        partial = path + ".partial"
        guard FileManager.default.createFile(atPath: partial, contents: nil),
            let handle = FileHandle(forWritingAtPath: partial)
        else {
            throw CommandError("cannot write \(path): check that the folder exists and is writable")
        }
        self.handle = handle
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
        guard unsafe rename(partial, path) == 0 else {
            throw CommandError("cannot write \(path): the finished file could not be renamed")
        }
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
