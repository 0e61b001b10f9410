import Foundation
import Testing

/// Runs the built `berth` binary, as a person at a terminal would.
struct BerthProgram {
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    /// SwiftPM puts test bundle and programs into one folder.
    private static let folder: URL = {
        let executable = URL(fileURLWithPath: CommandLine.arguments[0])
        for candidate in [
            executable.deletingLastPathComponent(), Bundle.main.bundleURL,
            Bundle.main.bundleURL.deletingLastPathComponent(),
        ]
        where FileManager.default.isExecutableFile(atPath: candidate.appending(path: "berth").path)
        {
            return candidate
        }
        return executable.deletingLastPathComponent()
    }()

    /// Not yet running.
    static func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = folder.appending(path: "berth")
        process.arguments = arguments
        return process
    }

    static func run(_ arguments: String..., input: String = "") throws -> Result {
        try run(arguments, input: input)
    }

    /// - `reading`: a path to be standard input, in place of `input`.
    static func run(_ arguments: [String], input: String = "", reading path: String? = nil) throws
        -> Result
    {
        let process = process(arguments)
        let (output, errors, stdin) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = stdin
        if let path { process.standardInput = FileHandle(forReadingAtPath: path) }
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try stdin.fileHandleForWriting.close()
        // Errors are short and fit the pipe; the answer may not, so it is read first.
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: complaints, as: UTF8.self))
    }

    static func temporaryFile(_ name: String, contents: Data? = nil) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "berth-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name)
        if let contents { try contents.write(to: file) }
        return file.path
    }
}
