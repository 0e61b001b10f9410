import ArgumentParser
import Tensors

extension KVElement: ExpressibleByArgument {}

/// How keys and values are kept.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            How the KV cache of a decoder keeps numbers: f16, bf16 for models whose keys go beyond float16's range, or q8_0, which \
            needs little more than half of the memory and its bandwidth, and is less exact (default: f16).
            """))
    var cacheType: KVElement?

    var elements: KVElement { cacheType ?? .f16 }
}
