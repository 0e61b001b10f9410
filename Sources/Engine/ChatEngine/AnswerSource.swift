import CompletionAPI
import Inference

/// The events of one answer, made as they are asked for: nothing piles up between the engine and a slow client.
///
/// For one reader: the stream that pulls it.
actor AnswerSource {
    private var generation: GenerationStream.Iterator
    private var assembler: AnswerAssembler
    private var ready: [CompletionEvent]
    private let lease: ModelRegistry.Lease

    /// - `lease`: keeps the model in memory until the answer is complete or nobody wants it any more.
    init(
        _ generation: GenerationStream, through assembler: AnswerAssembler, promptTokens: Int,
        holding lease: ModelRegistry.Lease
    ) {
        self.lease = lease
        self.generation = generation.makeAsyncIterator()
        self.assembler = assembler
        ready = [.started(promptTokens: promptTokens)]
    }

    func next() async throws -> CompletionEvent? {
        while ready.isEmpty {
            guard !assembler.isDone else { return nil }
            // An actor's property cannot be changed across a suspension.
            var iterator = generation
            guard let event = await iterator.next() else { return nil }
            generation = iterator
            do throws(CompletionError) {
                ready = try assembler.consume(event)
            } catch {
                lease.end()
                throw error
            }
            // Before anybody knows of the end: the next request may need the memory.
            if assembler.isDone { lease.end() }
        }
        return ready.removeFirst()
    }
}
