import Checkpoints
import Dispatch
import Foundation

/// What Ctrl-C and SIGTERM do while this lives, in place of ending the program.
final class Interruption {
    private let sources: [any DispatchSourceSignal]

    /// - `body`: runs on a thread of its own for every signal.
    init(_ body: @escaping @Sendable (Int32) -> Void) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { body(number) }
            source.resume()
            return source
        }
    }

    /// The signals end the program again.
    func end() {
        for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
            source.cancel()
            signal(number, SIG_DFL)
        }
    }
}

extension Interruption {
    /// Ends the program, and takes away the file that it was writing.
    static func removingOutput(_ bar: ProgressBar) -> Interruption {
        Interruption { number in
            OutputFile.removeUnfinished()
            bar.finish()
            StandardError.write("stopped; nothing was written\n")
            _exit(128 + number)
        }
    }
}
