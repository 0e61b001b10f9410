import Architectures
import Foundation
import KVCaching
import Sampling
import Tensors

/// The thin owner of model, cache and scheduler: carries out what the ``Scheduler`` decides.
///
/// Runs on a thread of its own, never on the cooperative pool: a step takes milliseconds of pure computing.
final class DecodingLoop {
    private struct Client {
        let continuation: AsyncStream<GenerationEvent>.Continuation
        var sampler: Sampler
        var times = GenerationTimes()
        var began: Double?
        private var firstToken: Double?

        init(continuation: AsyncStream<GenerationEvent>.Continuation, sampler: Sampler) {
            self.continuation = continuation
            self.sampler = sampler
        }

        /// The next token; `nil` when no logit is a finite number.
        mutating func choose(from logits: Span<Float>) -> Int? {
            // Stops at the first one: of a sound model's logits none is looked at twice.
            guard logits.indices.contains(where: { logits[$0].isFinite }) else { return nil }
            let token = sampler.sample(logits)
            sampler.accept(token)
            return token
        }

        mutating func noteToken(at time: Double) {
            let first = firstToken ?? time
            firstToken = first
            times.prefill = first - (began ?? first)
            times.decode = time - first
        }
    }

    private let runner: ModelRunner
    private var scheduler: Scheduler
    private let mailbox: Mailbox
    private var clients: [Int: Client] = [:]
    private var promptTokens = 0
    private var generatedTokens = 0

    private init(runner: ModelRunner, scheduler: Scheduler, mailbox: Mailbox) {
        self.runner = runner
        self.scheduler = scheduler
        self.mailbox = mailbox
    }

    /// Hands everything over to a new thread, which ends when the mailbox is closed.
    static func start(runner: sending ModelRunner, scheduler: Scheduler, mailbox: Mailbox) {
        let parts = Handover((runner, scheduler))
        let thread = Thread {
            guard let (runner, scheduler) = parts.take() else { return }
            DecodingLoop(runner: runner, scheduler: scheduler, mailbox: mailbox).run()
        }
        thread.name = "berth.decode"
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func run() {
        reportStatistics()
        while true {
            let (submissions, cancelled, isClosed) = mailbox.read { contents in
                defer {
                    contents.submissions = []
                    contents.cancelled = []
                }
                return (contents.submissions, contents.cancelled, contents.isClosed)
            }
            submissions.forEach(accept)
            for id in cancelled {
                scheduler.cancel(id, pool: runner.pool)
                clients[id] = nil
            }
            if isClosed {
                for client in clients.values {
                    client.continuation.yield(.finished(.shutDown, client.times))
                    client.continuation.finish()
                }
                return
            }
            if scheduler.isIdle {
                reportStatistics()
                mailbox.wait()
            } else {
                step()
            }
        }
    }

    private func accept(_ submission: Mailbox.Submission) {
        let request = submission.request
        promptTokens += request.prompt.count
        var sampler = Sampler(request.sampling)
        sampler.notePrompt(request.prompt)
        clients[submission.id] = Client(continuation: submission.continuation, sampler: sampler)
        scheduler.submit(
            Scheduler.Sequence(
                id: submission.id, prompt: request.prompt, maximumCount: submission.maximumCount,
                endTokens: request.endTokens))
    }

    private func step() {
        let entries = scheduler.plan(pool: runner.pool)
        reportStatistics()
        let before = now()
        for entry in entries where clients[entry.id]?.began == nil {
            clients[entry.id]?.began = before
        }
        runner.run(
            entries.map { entry in
                ModelRunner.Span(
                    tokens: entry.tokens, start: entry.start, pages: entry.pages,
                    output: entry.samples ? .last : .none)
            })
        var chosen: [Int?] = []
        for entry in entries where entry.samples {
            chosen.append(
                runner.workspace.logits.withRow(chosen.count) { logits in
                    clients[entry.id]?.choose(from: logits)
                })
        }
        let outcomes = scheduler.apply(entries, chosen: chosen, pool: runner.pool)
        report(outcomes, at: now())
    }

    private func report(_ outcomes: [Scheduler.Outcome], at time: Double) {
        for outcome in outcomes {
            switch outcome {
            case .token(let id, let token):
                guard var client = clients[id] else { continue }
                client.noteToken(at: time)
                clients[id] = client
                client.continuation.yield(.token(token, client.times))
                generatedTokens += 1
            case .finished(let id, let end):
                guard let client = clients.removeValue(forKey: id) else { continue }
                client.continuation.yield(.finished(end, client.times))
                client.continuation.finish()
            }
        }
    }

    private func reportStatistics() {
        let pool = runner.pool
        let pageBytes = pool.layout.byteCount
        let statistics = InferenceEngine.Statistics(
            promptTokens: promptTokens, generatedTokens: generatedTokens,
            running: scheduler.running.count, waiting: scheduler.waiting.count,
            cacheBytesUsed: pool.used * pageBytes, cacheBytesTotal: pool.capacity * pageBytes)
        mailbox.read { $0.statistics = statistics }
    }

    private func now() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
    }
}
