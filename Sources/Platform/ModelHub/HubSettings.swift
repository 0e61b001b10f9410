import Foundation

/// Where models come from and how they are fetched: environment variables, and what a command line says instead.
package struct HubSettings: Sendable {
    /// Addresses of the sources or their mirrors, without a slash at the end.
    package var endpoints: [ModelName.Source: String]
    package var tokens: [ModelName.Source: String]
    package var proxies: ProxyRules
    package var retries = RetryPolicy()
    /// Memory of the machine in bytes; decides which file is chosen when the name does not.
    package var memory: Int
    /// A file of certificates that are trusted besides the system's.
    package var certificates: String?
    package var userAgent = "berth"
    package var connectTimeout: Duration = .seconds(20)
    package var stallTimeout: Duration = .seconds(45)
    /// How often to look whether another pull has let go of a file.
    package var lockPause: Duration = .milliseconds(200)
    /// Bytes that stay free on the disk besides what is downloaded.
    package var reserve = 64 << 20

    /// Reads the environment; `endpoint`, `token` and `proxy` of a command line come before it.
    ///
    /// They hold for whichever source is pulled from.
    /// - Throws: ``HubError`` that names the setting which cannot be used.
    package init(
        environment: [String: String], endpoint: String? = nil, token: String? = nil,
        proxy: String? = nil, memory: Int = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    ) throws(HubError) {
        endpoints = [:]
        tokens = [:]
        self.memory = memory
        proxies = try ProxyRules(environment: environment, option: proxy)
        certificates = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        if let certificates, !FileManager.default.isReadableFile(atPath: certificates) {
            throw HubError(
                .invalidSetting, "SSL_CERT_FILE names \(certificates), which cannot be read")
        }
        let sources: [(ModelName.Source, String, String)] = [
            (.huggingFace, "HF_ENDPOINT", HuggingFace.endpoint),
            (.modelScope, "MODELSCOPE_ENDPOINT", ModelScope.endpoint),
            (.ollama, "OLLAMA_REGISTRY", OllamaRegistry.endpoint),
        ]
        for (source, setting, standard) in sources {
            let chosen = try Self.endpoint(endpoint, "--endpoint")
            let usual = try Self.endpoint(environment[setting], setting)
            endpoints[source] = chosen ?? usual ?? standard
        }
        if let token {
            for source in ModelName.Source.allCases { tokens[source] = token }
        } else {
            tokens[.huggingFace] = Self.huggingFaceToken(environment)
            tokens[.modelScope] = environment["MODELSCOPE_API_TOKEN"]
        }
    }

    /// `HF_TOKEN`, or the file in which `hf auth login` leaves a token.
    private static func huggingFaceToken(_ environment: [String: String]) -> String? {
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let token = environment[name]?.trimmingWhitespace, !token.isEmpty { return token }
        }
        let home = environment["HOME"] ?? NSHomeDirectory()
        let cache = environment["XDG_CACHE_HOME"] ?? home + "/.cache"
        let path =
            environment["HF_TOKEN_PATH"]
            ?? (environment["HF_HOME"] ?? cache + "/huggingface") + "/token"
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 14 else {
            return nil
        }
        let token = String(decoding: data, as: UTF8.self).trimmingWhitespace
        return token.isEmpty ? nil : token
    }

    private static func endpoint(
        _ text: String?, _ setting: String
    ) throws(HubError) -> String? {
        guard let text = text?.trimmingWhitespace, !text.isEmpty else { return nil }
        let full = text.contains("://") ? text : "https://\(text)"
        guard let address = WebAddress(full), address.query.isEmpty, !address.hasUserInformation
        else {
            throw HubError(
                .invalidSetting,
                "\(setting) must be an address such as https://hf-mirror.com, got "
                    + RepositoryPath.printable(address: full))
        }
        var plain = address.description
        while plain.hasSuffix("/") { plain.removeLast() }
        return plain
    }

    func endpoint(_ name: ModelName) -> String { endpoints[name.source] ?? "" }

    var client: HubClient.Settings {
        var settings = HubClient.Settings()
        settings.connectTimeout = connectTimeout
        settings.stallTimeout = stallTimeout
        settings.certificates = certificates
        settings.userAgent = userAgent
        return settings
    }
}
