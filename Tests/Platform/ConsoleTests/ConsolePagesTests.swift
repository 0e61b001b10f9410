import Console
import Foundation
import Testing

/// The folder that is embedded, as it lies in the checkout.
private let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Sources/Platform/Console/Pages").standardized

@Suite("Console pages")
struct ConsolePagesTests {
    @Test("Every file of the folder is served, byte for byte, and nothing else")
    func everyFile() throws {
        let walk = try #require(FileManager.default.enumerator(atPath: folder.path()))
        var expected: [String] = []
        for case let path as String in walk where path.contains(".") {
            let served =
                path == "index.html"
                ? "/" : "/" + (path.hasSuffix(".html") ? String(path.dropLast(5)) : path)
            expected.append(served)
            let resource = try #require(ConsolePages.resource(at: served), "\(served)")
            let bytes = try Data(contentsOf: folder.appending(path: path))
            #expect(resource.body == Array(bytes), "\(served)")
        }
        #expect(ConsolePages.paths == expected.sorted())
        #expect(expected.count > 30)
    }

    @Test(
        "Types and policies",
        arguments: [
            ("/", "text/html; charset=utf-8"),
            ("/console", "text/html; charset=utf-8"),
            ("/scripts/main.js", "text/javascript; charset=utf-8"),
            ("/styles/page.css", "text/css; charset=utf-8"),
            ("/mark.svg", "image/svg+xml"),
        ])
    func types(path: String, type: String) throws {
        let resource = try #require(ConsolePages.resource(at: path))
        #expect(resource.contentType == type)
        #expect((resource.securityPolicy != nil) == type.hasPrefix("text/html"))
    }

    @Test(
        "Paths that are not listed do not exist",
        arguments: [
            "", "//", "/index.html", "/scripts", "/scripts/", "/scripts/../scripts/main.js",
            "/../Package.swift", "/%2e%2e/Package.swift", "scripts/main.js", "/SCRIPTS/MAIN.JS",
            "/scripts/main.js ", "/scripts/main.js?x",
        ])
    func unknownPaths(path: String) {
        #expect(ConsolePages.resource(at: path) == nil)
    }

    @Test("Tags are quoted and tell the files apart")
    func tags() throws {
        let tags = ConsolePages.paths.compactMap { ConsolePages.resource(at: $0)?.entityTag }
        #expect(Set(tags).count == ConsolePages.paths.count)
        for tag in tags {
            #expect(tag.wholeMatch(of: /"[0-9a-f]{1,16}"/) != nil, "\(tag)")
        }
    }

    @Test("The policy allows nothing inline, nothing from elsewhere, and no markup from strings")
    func policy() throws {
        let policy = try #require(ConsolePages.resource(at: "/")?.securityPolicy)
        let directives = policy.split(separator: "; ").map(String.init)
        #expect(directives.contains("default-src 'none'"))
        #expect(directives.contains("require-trusted-types-for 'script'"))
        for directive in directives {
            let sources = directive.split(separator: " ").dropFirst()
            #expect(sources.allSatisfy { ["'self'", "'none'", "'script'"].contains($0) })
        }
    }
}

@Suite("Console sources")
struct ConsoleSourcesTests {
    private func text(_ path: String) throws -> String {
        let resource = try #require(ConsolePages.resource(at: path))
        return String(decoding: resource.body, as: UTF8.self)
    }

    @Test("Whatever the page and its modules name is there")
    func everyNameResolves() throws {
        for page in ["/", "/console"] {
            // A place within a page may follow.
            for match in try text(page).matches(of: /(?:src|href)="(\/[^"#]*)[^"]*"/) {
                #expect(ConsolePages.resource(at: String(match.1)) != nil, "\(match.1)")
            }
        }
        for path in ConsolePages.paths where path.hasSuffix(".js") {
            for match in try text(path).matches(of: /from "\.\/([^"]+)"/) {
                #expect(
                    ConsolePages.resource(at: "/scripts/\(match.1)") != nil,
                    "\(path) imports \(match.1)")
            }
        }
    }

    @Test("The page has no inline script, style or handler, and nothing from elsewhere")
    func nothingInline() throws {
        let pages = ["/", "/console"]
        for page in pages {
            let page = try text(page)
            for pattern in [
                "<script>", "<style", " style=", " onclick=", " onload=", "javascript:",
            ] {
                #expect(!page.contains(pattern), "\(pattern)")
            }
        }
        for path in ConsolePages.paths where pages.contains(path) || path.hasSuffix(".css") {
            #expect(try !text(path).contains("http"), "\(path)")
        }
    }

    @Test("No module makes markup from text")
    func noMarkupFromText() throws {
        for path in ConsolePages.paths where path.hasSuffix(".js") {
            let script = try text(path)
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                #expect(!script.contains(word), "\(path) uses \(word)")
            }
        }
    }

    @Test("Files are short")
    func filesAreShort() throws {
        for path in ConsolePages.paths {
            let lines = try text(path).split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count < 400, "\(path)")
        }
    }
}
