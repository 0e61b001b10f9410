// swift-tools-version: 6.2
// The house: five rooms named after five layers. `Documentation/DESIGN.md` holds the table of arrows
// between targets; a test compares it with this file.
import PackageDescription

/// `make test` sets this: on a user's machine a newer compiler's new warning must not stop the build.
let warningsAreErrors = Context.environment["BERTH_WARNINGS_AS_ERRORS"] == "1"

let swiftSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .strictMemorySafety(),
    ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

/// Kernels are compiled for speed in every configuration: an oracle test at -O0 would take minutes.
let kernelSettings: [CSetting] =
    [.unsafeFlags(["-O3", "-std=c17", "-Wall", "-Wextra"])]
    + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

func room(_ name: String, _ folder: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(folder)/\(name)",
        swiftSettings: swiftSettings)
}

func tests(
    _ name: String, _ folder: String, _ dependencies: [Target.Dependency],
    resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(folder)/\(name)",
        resources: resources, swiftSettings: swiftSettings)
}

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(
    name: "OrderedCollections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let web: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    .product(name: "HummingbirdTLS", package: "hummingbird"),
    .product(name: "HTTPTypes", package: "swift-http-types"),
    .product(name: "CoreMetrics", package: "swift-metrics"),
    .product(name: "Metrics", package: "swift-metrics"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    .product(name: "UnixSignals", package: "swift-service-lifecycle"),
    logging,
]

let download: [Target.Dependency] = [
    .product(name: "AsyncHTTPClient", package: "async-http-client"),
    crypto,
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

let infrastructure: [Target] = [
    .target(name: "CKernels", path: "Sources/Infrastructure/CKernels", cSettings: kernelSettings),
    room("Tensors", "Infrastructure", ["CKernels"]),
]

let models: [Target] = [
    room("StructuredJSON", "Models", [collections]),
    room("Checkpoints", "Models", ["Tensors", "StructuredJSON", collections]),
    room("Tokenizers", "Models", ["StructuredJSON"]),
    room("ChatFormats", "Models", ["StructuredJSON", collections]),
    room("Architectures", "Models", ["Tensors", "Checkpoints"]),
    .target(
        name: "CDefaultModel", path: "Sources/Models/CDefaultModel", exclude: ["berth-harbour.gguf"]
    ),
]

let engine: [Target] = [
    room("CompletionAPI", "Engine", ["StructuredJSON"]),
    room("KVCaching", "Engine", ["Tensors", "Architectures"]),
    room("Sampling", "Engine", ["Tensors"]),
    room("Grammars", "Engine", ["Sampling", "Tokenizers", "StructuredJSON"]),
    room(
        "Inference", "Engine", ["Tensors", "Checkpoints", "Architectures", "KVCaching", "Sampling"]),
    room(
        "ChatEngine", "Engine",
        [
            "Inference", "KVCaching", "Sampling", "Grammars", "Checkpoints", "Architectures",
            "Tensors",
            "Tokenizers", "ChatFormats", "StructuredJSON", "CompletionAPI",
        ]),
]

let platform: [Target] = [
    .target(
        name: "Console", path: "Sources/Platform/Console",
        resources: [.embedInCode("Pages")], swiftSettings: swiftSettings),
    room("Settings", "Platform", [collections]),
    room("Store", "Platform", [.product(name: "GRDB", package: "GRDB.swift"), crypto]),
    room(
        "Server", "Platform",
        ["CompletionAPI", "StructuredJSON", "Console", "Store"] + web),
    room("ModelHub", "Platform", ["StructuredJSON"] + download),
]

let programs: [Target] = [
    .executableTarget(
        name: "berth",
        dependencies: [
            "CKernels", "Tensors", "StructuredJSON", "Checkpoints", "Tokenizers", "ChatFormats",
            "Architectures", "CDefaultModel", "CompletionAPI", "KVCaching", "Sampling", "Grammars",
            "Inference", "ChatEngine", "Console", "ModelHub", "Server", "Settings",
            "Store", argumentParser, collections, logging,
        ],
        path: "Sources/Programs/berth", swiftSettings: swiftSettings)
]

let suites: [Target] = [
    tests(
        "TensorsTests", "Infrastructure", ["CKernels", "Tensors", "StructuredJSON"],
        resources: [.copy("Fixtures")]),
    tests("StructuredJSONTests", "Models", ["StructuredJSON"], resources: [.copy("Fixtures")]),
    tests(
        "CheckpointsTests", "Models", ["Checkpoints", "Tensors", "StructuredJSON", collections],
        resources: [.copy("Fixtures")]),
    tests(
        "TokenizersTests", "Models", ["Tokenizers", "Checkpoints", "StructuredJSON"],
        resources: [.copy("Fixtures")]),
    tests(
        "ChatFormatsTests", "Models", ["ChatFormats", "StructuredJSON"],
        resources: [.copy("Fixtures")]),
    tests("SamplingTests", "Engine", ["Sampling"]),
    tests(
        "GrammarsTests", "Engine", ["Grammars", "Sampling", "StructuredJSON"],
        resources: [.copy("Fixtures")]),
    tests(
        "InferenceTests", "Engine",
        [
            "Architectures", "CDefaultModel", "Checkpoints", "Inference", "KVCaching", "Sampling",
            "StructuredJSON", "Tensors",
        ],
        resources: [.copy("Fixtures")]),
    tests(
        "ChatEngineTests", "Engine",
        [
            "Architectures", "CDefaultModel", "ChatEngine", "ChatFormats", "Checkpoints",
            "CompletionAPI", "Sampling", "StructuredJSON", "Tokenizers",
        ]),
    tests("ConsoleTests", "Platform", ["Console"]),
    tests(
        "SettingsTests", "Platform", ["Settings", "StructuredJSON", collections],
        resources: [.copy("Fixtures")]),
    tests("StoreTests", "Platform", ["Store", .product(name: "GRDB", package: "GRDB.swift")]),
    .target(
        name: "ScriptedBackend", dependencies: ["CompletionAPI"],
        path: "Tests/Platform/ScriptedBackend", swiftSettings: swiftSettings),
    tests(
        "ServerTests", "Platform",
        [
            "Server", "ScriptedBackend", "CompletionAPI", "StructuredJSON", "Console", "Store",
            .product(name: "NIOPosix", package: "swift-nio"),
        ] + web),
    tests("ModelHubTests", "Platform", ["ModelHub", "StructuredJSON"] + download),
    tests("BerthTests", "Programs", ["berth", "StructuredJSON"]),
    tests("HouseTests", "House", []),
]

let package = Package(
    name: "berth",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "berth", targets: ["berth"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: infrastructure + models + engine + platform + programs + suites,
    swiftLanguageModes: [.v6]
)
