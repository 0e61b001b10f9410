import ArgumentParser
import ChatEngine
import Foundation

/// An adapter as the command line names it: `NAME=PATH`, or `NAME=PATH@MODEL` where several models are served.
struct AdapterReference: ExpressibleByArgument, Sendable {
    /// What requests choose it by.
    let name: String
    /// A GGUF file, or a folder as PEFT saves it.
    let path: String
    /// The model that it changes.
    let base: String?

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else {
            return nil
        }
        name = String(argument[..<sign])
        let rest = String(argument[argument.index(after: sign)...])
        guard !rest.isEmpty else { return nil }
        // A path may hold the sign itself.
        if !FileManager.default.fileExists(atPath: rest), let at = rest.lastIndex(of: "@"),
            at != rest.startIndex
        {
            path = String(rest[..<at])
            base = String(rest[rest.index(after: at)...])
        } else {
            path = rest
            base = nil
        }
    }

    /// Loads the adapter of one of the backend's models.
    func add(to backend: LocalBackend) async throws {
        do {
            _ = try await backend.addAdapter(name, at: path, to: base)
        } catch {
            throw CommandError("--adapter \(name): \(error)")
        }
    }
}
