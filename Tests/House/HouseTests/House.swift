import Foundation

/// Where this checkout lies, whatever folder the tests are started in.
let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .appending(path: "../../../..").standardizedFileURL

/// Why the house could not be read.
struct HouseError: Error, CustomStringConvertible {
    let description: String
}

/// A room of the house, lowest first: arrows point to the same room or to a lower one.
enum Room: String, CaseIterable, Comparable {
    case infrastructure = "Infrastructure"
    case models = "Models"
    case engine = "Engine"
    case platform = "Platform"
    case programs = "Programs"

    static func < (a: Room, b: Room) -> Bool {
        allCases.firstIndex(of: a) ?? 0 < allCases.firstIndex(of: b) ?? 0
    }
}

/// The package as SwiftPM understands it: the part of `swift package dump-package` that matters here.
struct PackageDump: Decodable {
    struct Target: Decodable {
        let name: String
        let type: String
        let path: String?
        let dependencies: [Dependency]

        var internalDependencies: [String] {
            dependencies.filter { !$0.isProduct }.map(\.name)
        }

        var products: [String] {
            dependencies.filter(\.isProduct).map(\.name)
        }
    }

    /// `{"byName": [name, …]}`, `{"target": [name, …]}` or `{"product": [name, package, …]}`.
    struct Dependency: Decodable {
        let name: String
        let isProduct: Bool

        init(name: String, isProduct: Bool) {
            self.name = name
            self.isProduct = isProduct
        }

        init(from decoder: any Decoder) throws {
            let kinds = try decoder.container(keyedBy: Kind.self)
            guard let kind = kinds.allKeys.first else {
                throw HouseError(
                    description: "a dependency of an unknown kind: \(decoder.codingPath)")
            }
            var values = try kinds.nestedUnkeyedContainer(forKey: kind)
            name = try values.decode(String.self)
            isProduct = kind == .product
        }

        private enum Kind: String, CodingKey {
            case byName, target, product
        }
    }

    let targets: [Target]

    /// Asks SwiftPM about this checkout.
    ///
    /// The scratch folder is one of its own: `swift test` holds the lock of the usual one.
    static func load() throws -> PackageDump {
        let scratch = FileManager.default.temporaryDirectory.appending(
            path: "house-\(ProcessInfo.processInfo.globallyUniqueString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer {
            do {
                try FileManager.default.removeItem(at: scratch)
            } catch {
                print("\(scratch.path()) stays behind: \(error)")
            }
        }
        let output = scratch.appending(path: "package.json")
        try Data().write(to: output)

        let swift = Process()
        swift.executableURL = URL(filePath: "/usr/bin/env")
        swift.arguments = [
            "swift", "package", "--package-path", root.path(), "--scratch-path", scratch.path(),
            "dump-package",
        ]
        swift.standardOutput = try FileHandle(forWritingTo: output)
        try swift.run()
        swift.waitUntilExit()
        guard swift.terminationStatus == 0 else {
            throw HouseError(
                description: "swift package dump-package: status \(swift.terminationStatus)")
        }
        return try JSONDecoder().decode(PackageDump.self, from: Data(contentsOf: output))
    }
}

/// The table under "Arrows" in `Documentation/DESIGN.md`: for every target its room, what it may import
/// of ours, and the products of other packages that it may import.
struct ArrowTable {
    struct Row: Equatable {
        let room: Room
        let target: String
        let mayImport: [String]
        let products: [String]
    }

    let rows: [Row]

    /// - Throws: ``HouseError`` for a table that is missing or has a row of another shape.
    init(markdown: String) throws {
        var lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard let heading = lines.firstIndex(of: "## Arrows") else {
            throw HouseError(description: "there is no section \"## Arrows\"")
        }
        lines = lines[(heading + 1)...].drop { !$0.hasPrefix("|") }
        rows = try lines.prefix { $0.hasPrefix("|") }.dropFirst(2).map(Self.row)
        guard !rows.isEmpty else {
            throw HouseError(description: "there is no table under \"## Arrows\"")
        }
    }

    static func load() throws -> ArrowTable {
        let file = root.appending(path: "Documentation/DESIGN.md")
        return try ArrowTable(markdown: String(contentsOf: file, encoding: .utf8))
    }

    /// One line, such as ``| Models | `Checkpoints` | `Tensors`, `StructuredJSON` | nothing |``.
    private static func row(_ line: Substring) throws -> Row {
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard cells.count == 4, let room = Room(rawValue: cells[0]),
            let target = names(cells[1]).first
        else {
            throw HouseError(description: "a row of another shape: \(line)")
        }
        return Row(
            room: room, target: target, mayImport: names(cells[2]), products: names(cells[3]))
    }

    /// The names in backticks.
    private static func names(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
