import Foundation
import Settings
import Testing

@Suite("Settings")
struct SettingsTests {
    private static let port = Setting("server", "port", default: 8080, in: 0...65_535, "A port.")
    private static let host = Setting("server", "host", default: "::1", "A \"host\".")
    private static let share = Setting("server", "share", default: 0.5, in: 0...1, "A share.")
    private static let origins = Setting("server", "origins", default: ["*"], "Origins.")
    private static let level = Setting(
        "log", "level", default: "info", oneOf: ["debug", "info"], "A level.")
    private static let isOn = Setting("log.inner", "on", default: false, "On.")
    private static let threads = Setting<Int?>("log", "threads", in: 1...8, example: 4, "Threads.")
    private static let path = Setting<String?>(
        "models", "path", default: nil, example: "\"x\"", "A path.")

    private static let schema = SettingsSchema([
        .init("server", "A server.", [port, host, share, origins]),
        .init("log", "A log.", [level, threads]), .init("log.inner", "More.", [isOn]),
        .init("models", isList: true, "Models.", [path]),
    ])

    private func read(_ text: String) throws -> SettingsDocument {
        try SettingsDocument(text: text, schema: Self.schema)
    }

    @Test("What a file says comes before the default, and the rest stays at it")
    func reading() throws {
        let document = try read(
            """
            [server]
            port = 1
            share = 1
            origins = ["a", "b"]
            [log]
            threads = 3
            inner.on = true
            [[models]]
            path = "one"
            [[models]]
            """)
        #expect(document[Self.port] == 1 && document[Self.host] == "::1")
        #expect(document[Self.share] == 1 && document[Self.origins] == ["a", "b"])
        #expect(document[Self.threads] == 3 && document[Self.isOn])
        #expect(document.given(Self.host) == nil && document.given(Self.port) == 1)
        #expect(document.elements(of: "models").map { $0[Self.path] } == ["one", nil])
        #expect(SettingsDocument()[Self.level] == "info")
    }

    @Test(
        "An unknown key is an error with its line that names the nearest",
        arguments: [
            ("[server]\n\nprot = 1", "server.prot", 3, "did you mean server.port?"),
            ("port = 1", "port", 1, "did you mean server.port?"),
            ("[server]\nlevel = \"info\"", "server.level", 2, "did you mean log.level?"),
            ("[sever]\nport = 1", "sever", 1, "did you mean server?"),
            ("[log.iner]", "log.iner", 1, "did you mean log.inner?"),
            ("[[models]]\npath = \"a\"\npaht = 1", "models.paht", 3, "did you mean models.path?"),
            ("[quite]\nother = 1", "quite", 1, "--print-config"),
        ])
    func unknown(text: String, key: String, line: Int, hint: String) throws {
        let error = #expect(throws: SettingsError.self) { try read(text) }
        #expect(error?.code == .unknownKey && error?.key == key && error?.line == line)
        #expect(error?.message.contains(hint) == true, "\(String(describing: error))")
    }

    @Test(
        "A wrong type or value is an error that names key, line and what is right",
        arguments: [
            ("[server]\nport = \"80\"", "server.port", 2, "must be a whole number, not a string"),
            ("[server]\nport = 80.5", "server.port", 2, "must be a whole number"),
            ("[server]\nport = 70000", "server.port", 2, "must be 0 to 65535, got 70000"),
            ("[server]\nhost = 1", "server.host", 2, "must be a string in quotes"),
            ("[server]\norigins = [1]", "server.origins", 2, "must be a list of strings"),
            ("[server]\nshare = nan", "server.share", 2, "must be 0.0 to 1.0"),
            (
                "[log]\nlevel = \"inf\"", "log.level", 2,
                "must be \"debug\" or \"info\", got \"inf\""
            ),
            ("[log]\ninner.on = 1", "log.inner.on", 2, "must be true or false"),
            ("\nserver = 1", "server", 2, "must be a table"),
            ("[models]\npath = \"x\"", "models", 1, "[[models]]"),
            ("models = [1]", "models", 1, "must be a table"),
        ])
    func wrong(text: String, key: String, line: Int, hint: String) throws {
        let error = #expect(throws: SettingsError.self) { try read(text) }
        #expect(error?.key == key && error?.line == line)
        #expect(error?.message.contains(hint) == true, "\(String(describing: error))")
    }

    @Test("An error is told with file and line, as compilers do")
    func place() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "a.toml").path
        try Data("[server]\nprot = 1".utf8).write(to: URL(filePath: file))
        let error = #expect(throws: SettingsError.self) {
            try SettingsDocument(path: file, schema: Self.schema)
        }
        #expect("\(try #require(error))".hasPrefix("\(file):2: there is no setting server.prot"))
        for path in [folder.path, folder.path + "/none"] {
            let error = #expect(throws: SettingsError.self) {
                try SettingsDocument(path: path, schema: Self.schema)
            }
            #expect(error?.code == .unreadable)
        }
    }

    @Test("The documented file is valid, says every default, and changes nothing")
    func documentedFile() throws {
        let text = Self.schema.documentedFile(opening: "A file.")
        let document = try read(text)
        #expect(document.given(Self.port) == 8080 && document.given(Self.host) == "::1")
        #expect(document.given(Self.threads) == nil)
        #expect(document.elements(of: "models").isEmpty)
        #expect(text.contains("\n# Threads.\n#threads = 4\n"))
        #expect(text.contains("\n#[[models]]\n\n# A path.\n#path = \"x\"\n"))
    }

    @Test("Every setting of the server is documented, and its example is valid")
    func serveSettings() throws {
        let text = ServeSettings.documentedFile
        _ = try SettingsDocument(text: text, schema: ServeSettings.schema)
        // With everything that is commented out but prose.
        let active = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }.joined(separator: "\n")
        _ = try SettingsDocument(text: active, schema: ServeSettings.schema)
        for group in ServeSettings.schema.groups {
            #expect(!group.help.isEmpty)
            #expect(Set(group.settings.map(\.name)).count == group.settings.count)
            for setting in group.settings {
                #expect(setting.help.hasSuffix("."), "\(setting.key)")
                #expect(setting.standardTOML != nil || setting.example != nil, "\(setting.key)")
            }
        }
    }
}
