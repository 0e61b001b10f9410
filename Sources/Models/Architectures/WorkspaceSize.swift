extension Workspace {
    /// About how many bytes the workspace of a model takes, before there is one.
    package static func byteCount(
        for configuration: ModelConfiguration, rows: Int, outputRows: Int, hasLogits: Bool = true
    ) -> Int {
        let width = configuration.width
        let queries = configuration.heads * configuration.headDimension
        let keysAndValues = 2 * configuration.kvHeads * configuration.headDimension
        let inner = configuration.experts == nil ? configuration.feedForward : 0
        // Hidden, normalized and residual; projected and attended; gate, up and their product; rounded input.
        let floats = 3 * width + 2 * queries + keysAndValues + 3 * inner
        let rounded = max(width, queries, inner) * 5 / 4
        let perOutput = width + (hasLogits ? configuration.vocabulary : 0)
        let dense = rows * (4 * floats + rounded) + 4 * outputRows * perOutput
        return dense
            + (configuration.experts.map {
                ExpertWorkspace.byteCount(for: $0, width: width, rows: rows)
            } ?? 0)
    }
}

extension ExpertWorkspace {
    fileprivate static func byteCount(
        for experts: ExpertConfiguration, width: Int, rows: Int
    ) -> Int {
        let perPlace = 4 * (2 * experts.feedForward + width)
        let rounded = max(width, experts.feedForward) * 5 / 4
        return rows * (4 * experts.count + experts.used * (perPlace + rounded))
    }
}

extension EncoderWorkspace {
    /// About how many bytes the workspace of an encoder takes, before there is one.
    package static func byteCount(for configuration: EncoderConfiguration, rows: Int) -> Int {
        let width = configuration.width
        let widest = max(width, configuration.feedForward)
        // Hidden, projected, attended and residual; inner; the next input in two roundings.
        return rows * (4 * (6 * width + configuration.feedForward) + 4 * widest)
    }
}
