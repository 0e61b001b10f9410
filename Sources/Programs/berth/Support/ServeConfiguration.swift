import ArgumentParser
import CompletionAPI
import Foundation
import Logging
import Server
import Settings
import Store

/// What `berth serve` does: what the command line says, else the file of settings, else the defaults.
struct ServeConfiguration {
    /// A model to serve.
    struct Model {
        var reference: ModelReference
        /// In place of the engine's.
        var contextLength: Int?
        var isPinned = false
        /// In place of all models'.
        var idleMinutes: Double?
    }

    var models: [Model]
    var server: ServerConfiguration
    var engine: EngineOptions
    var encoder: EncoderOptions
    var weightCache: WeightCacheOptions
    var logger: Logger
    var residency: ResidencyOptions
    /// `nil` is the usual place.
    var storePath: String?

    /// - Throws: `SettingsError` or ``CommandError`` that names file and setting.
    init(_ options: Serve) throws {
        let file =
            try options.config.map {
                try SettingsDocument(path: $0, schema: ServeSettings.schema)
            } ?? SettingsDocument()
        let configFile = options.config ?? ""
        models = options.model.map { Model(reference: $0) }
        if models.isEmpty {
            models = try file.elements(of: ServeSettings.Models.name).map { model in
                guard let name = model[ServeSettings.Models.model] else {
                    throw CommandError("\(configFile): a table [[models]] has no model")
                }
                return Model(
                    reference: ModelReference(argument: name),
                    contextLength: model[ServeSettings.Models.contextLength],
                    isPinned: model[ServeSettings.Models.pinned],
                    idleMinutes: model[ServeSettings.Models.idleMinutes])
            }
        }
        if models.isEmpty { models = [Model(reference: .embedded)] }
        server = try ServerConfiguration(options, file)
        let format = LineLogHandler.Format(rawValue: file[ServeSettings.Log.format]) ?? .text
        let level = Logger.Level(rawValue: file[ServeSettings.Log.level]) ?? .info
        logger = Logger(label: "berth") { _ in
            LineLogHandler(format, level: level) { StandardError.write($0) }
        }
        storePath = options.store ?? file[ServeSettings.Store.path]
        (engine, encoder, weightCache) = (options.engine, options.encoder, options.weightCache)
        residency = options.residency
        try fillIn(file)
        do {
            try engine.threads.validate()
        } catch {
            throw CommandError("\(configFile): \(error)")
        }
    }

    /// Takes from the file what the command line leaves open.
    private mutating func fillIn(_ file: SettingsDocument) throws {
        typealias Engine = ServeSettings.Engine
        func choice<Value: ExpressibleByArgument>(
            _ setting: Setting<String?>
        ) throws -> Value? {
            guard let text = file[setting] else { return nil }
            guard let value = Value(argument: text) else {
                let names = Value.allValueStrings.joined(separator: ", ")
                throw CommandError("\(setting.key) must be one of \(names), got \"\(text)\"")
            }
            return value
        }
        engine.threads.threads = engine.threads.threads ?? file[Engine.threads]
        engine.threads.kernels = try engine.threads.kernels ?? choice(Engine.kernels)
        engine.contextLength = engine.contextLength ?? file[Engine.contextLength]
        engine.cacheMemory = engine.cacheMemory ?? file[Engine.cacheMemory]
        engine.cache.cacheType =
            engine.cache.cacheType ?? .init(argument: file[Engine.cacheType])
        engine.draftTokens = engine.draftTokens ?? file[Engine.draftTokens]
        engine.draftModel =
            engine.draftModel ?? file[Engine.draftModel].map { ModelReference(argument: $0) }
        engine.prefixCache = engine.prefixCache ?? file[Engine.prefixCache]
        engine.slowdown = engine.slowdown ?? file[Engine.slowdown]
        encoder.weights = encoder.weights ?? .init(argument: file[Engine.weights])
        encoder.pooling = try encoder.pooling ?? choice(Engine.pooling)
        weightCache.weightCache = weightCache.weightCache ?? file[Engine.weightCache]
        typealias Residency = ServeSettings.Residency
        residency.memoryBudget = residency.memoryBudget ?? file[Residency.memoryBudget]
        if residency.idleMinutes == nil {
            residency.idleMinutes = file[Residency.idleMinutes]
        } else {
            // The command line means all of them.
            for index in models.indices { models[index].idleMinutes = nil }
        }
        residency.loadOnDemand = residency.loadOnDemand || file[Residency.loadOnDemand]
        if residency.modelFolder.isEmpty { residency.modelFolder = file[Residency.modelFolders] }
    }

    /// Keys and what they used.
    ///
    /// - Returns: `nil` where nobody has named a place and the usual one cannot be made: then there are no keys.
    func openStore() throws -> SQLiteStore? {
        let path =
            storePath
            ?? StorePlace.path(ProcessInfo.processInfo.environment, home: NSHomeDirectory())
        do {
            return try SQLiteStore(path: path)
        } catch {
            // A file that is there may hold keys, and must not be passed over.
            guard storePath == nil, error.code == .unavailable,
                !FileManager.default.fileExists(atPath: path)
            else { throw error }
            StandardError.write("no keys and no record of use: \(error)\n")
            return nil
        }
    }
}

extension ServerConfiguration {
    fileprivate init(_ options: Serve, _ file: SettingsDocument) throws {
        typealias Server = ServeSettings.Server
        typealias Anonymous = ServeSettings.Anonymous
        let tls: TLSFiles?
        switch (file[ServeSettings.TLS.certificate], file[ServeSettings.TLS.key]) {
        case (let certificate?, let key?):
            tls = TLSFiles(certificate: certificate, key: key)
        case (nil, nil): tls = nil
        default:
            throw CommandError("tls.certificate and tls.key must both be set, or neither")
        }
        self.init(
            host: options.host ?? file[Server.host], port: options.port ?? file[Server.port],
            bodyLimit: file[Server.bodyLimit] << 20, grace: .seconds(file[Server.drainSeconds]),
            idleTimeout: .seconds(file[Server.idleSeconds]),
            patience: .seconds(file[Server.readSeconds]),
            writePatience: .seconds(file[Server.writeSeconds]), tls: tls,
            logsPrompts: file[ServeSettings.Log.prompts], hasConsole: file[Server.console],
            allowedOrigins: options.allowOrigin.isEmpty
                ? file[Server.allowedOrigins] : options.allowOrigin,
            access: AccessConfiguration(
                isRequired: file[ServeSettings.Access.required],
                opensMetrics: file[ServeSettings.Access.openMetrics],
                anonymousLimits: APIKey.Limits(
                    requestsPerMinute: file[Anonymous.requestsPerMinute],
                    tokensPerMinute: file[Anonymous.tokensPerMinute],
                    concurrency: file[Anonymous.concurrency]),
                anonymousPriority: RequestPriority(rawValue: file[Anonymous.priority]) ?? .normal),
            fingerprint: "berth-\(Berth.version)")
    }
}
