import Architectures
import Foundation
import KVCaching
import Sampling
import Tensors

/// The thin owner of model, cache and scheduler: carries out what the ``Scheduler`` decides.
///
/// Runs on a thread of its own, never on the cooperative pool: a step takes milliseconds of pure computing.
final class DecodingLoop {
    /// Seconds after which a request without a deadline goes before those whose deadlines are later.
    private static let patience = 30.0

    private let runner: ModelRunner
    private let cache: KVCache
    private var scheduler: Scheduler
    private let drafter: (any Drafter)?
    private let options: InferenceEngine.Options
    private let mailbox: Mailbox
    private var clients: [Int: GenerationClient] = [:]
    /// What a token's guesses for all texts take.
    private var draftSeconds = 0.0
    private var promptTokens = 0
    private var generatedTokens = 0

    private init(
        runner: ModelRunner, scheduler: Scheduler, drafter: (any Drafter)?,
        options: InferenceEngine.Options, mailbox: Mailbox
    ) {
        self.runner = runner
        cache = KVCache(pool: runner.pool)
        self.scheduler = scheduler
        self.drafter = drafter
        self.options = options
        self.mailbox = mailbox
    }

    /// Hands everything over to a new thread, which ends when the mailbox is closed.
    static func start(
        runner: sending ModelRunner, scheduler: Scheduler, drafter: sending (any Drafter)?,
        options: InferenceEngine.Options, mailbox: Mailbox, end: EndOfThread
    ) {
        let parts = Handover((runner, scheduler, drafter))
        let thread = Thread {
            guard let (runner, scheduler, drafter) = parts.take() else { return }
            DecodingLoop(
                runner: runner, scheduler: scheduler, drafter: drafter, options: options,
                mailbox: mailbox
            ).run()
            end.signal()
        }
        thread.name = "berth.decode"
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func run() {
        loadPrefixes()
        reportStatistics()
        while true {
            let news = mailbox.read { contents in
                defer {
                    contents.submissions = []
                    contents.cancelled = []
                    contents.resumed = []
                }
                return contents
            }
            news.submissions.forEach(accept)
            for id in news.cancelled {
                scheduler.cancel(id, cache: cache)
                forget(id)
            }
            for id in news.resumed { scheduler.setPaused(false, id: id) }
            if news.isClosed {
                for client in clients.values { client.finish(.shutDown) }
                return savePrefixes()
            }
            report(scheduler.expire(now: InferenceEngine.now(), cache: cache), [:])
            if scheduler.isIdle || !step() {
                reportStatistics()
                mailbox.wait(until: scheduler.nextDeadline)
            }
        }
    }

    private func loadPrefixes() {
        do {
            // Room for texts that have nothing in common with those before.
            _ = try options.prefixStore?.load(into: cache, pages: cache.pool.capacity * 3 / 4)
        } catch {
            options.notify(error.message)
        }
    }

    private func savePrefixes() {
        do {
            _ = try options.prefixStore?.save(cache)
        } catch {
            options.notify(error.message)
        }
    }

    private func accept(_ submission: Mailbox.Submission) {
        let request = submission.request
        promptTokens += request.prompt.count
        clients[submission.id] = GenerationClient(
            submission, longestDraft: options.longestDraft, at: InferenceEngine.now())
        scheduler.submit(
            ScheduledSequence(
                id: submission.id, prompt: request.prompt, maximumCount: submission.maximumCount,
                endTokens: request.endTokens, scope: request.adapter?.id ?? 0,
                reportsPrompt: request.reports?.includesPrompt ?? false,
                tenant: request.origin.tenant, weight: request.origin.weight,
                urgency: request.origin.urgency, deadline: request.origin.deadline,
                due: InferenceEngine.now() + Self.patience))
    }

    private func forget(_ id: Int) {
        clients[id] = nil
        drafter?.forget(id)
    }

    /// Computes a step.
    ///
    /// - Returns: whether there was anything to compute: every reader may be slow.
    private func step() -> Bool {
        draft()
        let entries = scheduler.plan(cache: cache)
        guard !entries.isEmpty else { return false }
        let before = InferenceEngine.now()
        for entry in entries {
            clients[entry.id]?.noteStart(
                at: before, cachedTokens: scheduler.sequence(entry.id)?.cachedCount ?? 0)
        }
        runner.run(
            entries.map { entry in
                ModelRunner.Span(
                    tokens: entry.tokens, start: entry.start, pages: entry.pages,
                    output: .trailing(entry.outputs), adapter: clients[entry.id]?.adapter)
            })
        var choices: [Scheduler.Choice] = []
        var probabilities: [Int: [LogProbabilities?]] = [:]
        var firstRow = 0
        for entry in entries {
            reportPrompt(of: entry, firstRow: firstRow)
            firstRow += entry.outputs
            guard entry.samples else { continue }
            let (choice, reports) = choose(for: entry, endRow: firstRow)
            choices.append(choice)
            probabilities[entry.id] = reports
        }
        let after = InferenceEngine.now()
        let outcomes = scheduler.apply(
            entries, choices: choices, seconds: after - before, cache: cache)
        // First, so that who sees an answer's end sees its pages come back.
        reportStatistics()
        report(outcomes, probabilities)
        return true
    }

    /// Asks the drafter how the running answers may go on.
    private func draft() {
        guard let drafter else { return }
        let texts = scheduler.draftable
        let asks = texts.map { text in
            let most = clients[text.id]?.draftLength.next(
                rows: texts.count, texts: texts.count, drafting: draftSeconds,
                seconds: scheduler.stepSeconds(rows:))
            return DraftText(id: text.id, tokens: text.tokens, most: most ?? 0)
        }
        guard !asks.isEmpty else { return }
        let before = InferenceEngine.now()
        let drafts = drafter.propose(asks)
        for (ask, draft) in zip(asks, drafts) where !draft.isEmpty {
            scheduler.propose(draft, id: ask.id)
        }
        if let longest = drafts.map(\.count).max(), longest > 0 {
            draftSeconds += ((InferenceEngine.now() - before) / Double(longest) - draftSeconds) / 8
        }
    }

    private func choose(for entry: Scheduler.Entry, endRow: Int)
        -> (Scheduler.Choice, [LogProbabilities?])
    {
        guard var client = clients[entry.id], let sequence = scheduler.sequence(entry.id) else {
            return (Scheduler.Choice([], end: .shutDown), [])
        }
        // Taken out, so that what it holds is changed in place.
        clients[entry.id] = nil
        let logits = runner.workspace.logits
        let (choice, reports) = client.choose(
            after: sequence.tokens.count, draft: entry.tokens.suffix(entry.drafted)
        ) { place, body in
            logits.withRow(endRow - 1 - entry.drafted + place, body)
        }
        client.draftLength.note(drafted: entry.drafted, accepted: choice.accepted)
        clients[entry.id] = client
        return (choice, reports)
    }

    private func reportPrompt(of entry: Scheduler.Entry, firstRow: Int) {
        guard entry.outputs > 0,
            clients[entry.id]?.reportsPrompt(from: entry.start) == true
        else { return }
        let logits = runner.workspace.logits
        clients[entry.id]?.reportPrompt(at: entry.start..<entry.start + entry.outputs) {
            place, body in logits.withRow(firstRow + place, body)
        }
    }

    private func report(
        _ outcomes: [Scheduler.Outcome], _ probabilities: [Int: [LogProbabilities?]]
    ) {
        let time = InferenceEngine.now()
        var places: [Int: Int] = [:]
        for outcome in outcomes {
            switch outcome {
            case .token(let id, let token):
                let place = places[id, default: 0]
                places[id] = place + 1
                let probability = probabilities[id].flatMap { $0[place] }
                if clients[id]?.send(token, probability, at: time) == true {
                    scheduler.setPaused(true, id: id)
                }
                generatedTokens += 1
            case .finished(let id, let end):
                clients[id]?.finish(end)
                forget(id)
            }
        }
    }

    private func reportStatistics() {
        var statistics = InferenceEngine.Statistics(
            promptTokens: promptTokens, generatedTokens: generatedTokens,
            running: scheduler.running.count, waiting: scheduler.waiting.count,
            cachePagesUsed: cache.held, cachePagesTotal: cache.pool.capacity,
            pageBytes: cache.pool.layout.byteCount)
        statistics.counts = scheduler.counts
        var waiting: [String: Int] = [:]
        for sequence in scheduler.waiting { waiting[sequence.tenant, default: 0] += 1 }
        mailbox.read { [statistics, waiting] contents in
            contents.statistics = statistics
            contents.waitingByTenant = waiting
        }
    }
}
