import Foundation
import Testing

@Suite("Source files")
struct SourceTests {
    /// A file by its path in the checkout.
    struct SourceFile {
        let path: String
        let lines: [Substring]
    }

    /// The Swift and C files below these folders.
    private static func files(below folders: [String]) throws -> [SourceFile] {
        var found: [SourceFile] = []
        for folder in folders {
            let top = root.appending(path: folder)
            guard let walk = FileManager.default.enumerator(atPath: top.path()) else {
                throw HouseError(description: "no folder \(folder)")
            }
            for case let path as String in walk
            where [".swift", ".c", ".h"].contains(where: path.hasSuffix) {
                let text = try String(contentsOf: top.appending(path: path), encoding: .utf8)
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
                found.append(SourceFile(path: "\(folder)/\(path)", lines: lines))
            }
        }
        return found
    }

    @Test("No file is longer than 800 lines")
    func filesAreShort() throws {
        let files = try Self.files(below: ["Sources", "Tests"])
        #expect(files.count > 20)
        let long = files.filter { $0.lines.count > 801 }.map { "\($0.path): \($0.lines.count - 1)" }
        #expect(long == [])
    }

    /// What would end the process on something that a user can reach.
    private static let forbidden = ["fatalError(", "try!", "as!"]

    /// Whether a line uses one of them outside a comment.
    private static func isForbidden(_ line: Substring) -> Bool {
        let code = line.components(separatedBy: "//")[0]
        return forbidden.contains { code.contains($0) }
    }

    @Test("Sources neither call fatalError nor force a try or a cast")
    func nothingForced() throws {
        let found = try Self.files(below: ["Sources"]).filter { $0.path.hasSuffix(".swift") }
            .flatMap { file in
                file.lines.enumerated().filter { Self.isForbidden($0.element) }
                    .map { "\(file.path):\($0.offset + 1)" }
            }
        #expect(found == [])
    }

    @Test("The check sees what it forbids, and not in comments")
    func checkCanFail() {
        #expect(Self.isForbidden("    let x = try! load()"))
        #expect(Self.isForbidden("fatalError(\"no\")"))
        #expect(Self.isForbidden("y as! Int  // a comment"))
        #expect(!Self.isForbidden("    // never try! this"))
        #expect(!Self.isForbidden("let canTry = alias"))
    }
}
