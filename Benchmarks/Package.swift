// swift-tools-version: 6.2
// Timings with committed thresholds; `make benchmark` runs them. A package of its own, so that whoever builds Berth does not
// build them. It compiles the few targets that it measures itself, through links: their API has package access, which does
// not reach across packages.
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .strictMemorySafety(),
]

let collections = Target.Dependency.product(
    name: "OrderedCollections", package: "swift-collections")

func target(_ name: String, _ folder: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "\(folder)/\(name)",
        swiftSettings: swiftSettings)
}

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0")
    ],
    targets: [
        .target(
            name: "CKernels", path: "Infrastructure/CKernels",
            cSettings: [.unsafeFlags(["-O3", "-std=c17"])]),
        target("Tensors", "Infrastructure", ["CKernels"]),
        target("StructuredJSON", "Models", [collections]),
        target("Checkpoints", "Models", ["Tensors", "StructuredJSON", collections]),
        target("Tokenizers", "Models", ["StructuredJSON"]),
        .target(
            name: "CDefaultModel", path: "Models/CDefaultModel", exclude: ["berth-harbour.gguf"]),
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                "CDefaultModel", "Checkpoints", "StructuredJSON", "Tensors", "Tokenizers",
                collections,
            ],
            path: "Runner", swiftSettings: swiftSettings),
    ],
    swiftLanguageModes: [.v6]
)
