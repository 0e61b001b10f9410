import CompletionAPI
import Inference

/// The events of one answer, made as they are asked for: nothing piles up between the engine and a slow client.
///
/// For one reader: the stream that pulls it.
actor AnswerSource {
    private var generation: GenerationStream.Iterator
    private var assembler: AnswerAssembler
    private var ready: [CompletionEvent]

    init(_ generation: GenerationStream, through assembler: AnswerAssembler, promptTokens: Int) {
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
            ready = try assembler.consume(event)
        }
        return ready.removeFirst()
    }
}
