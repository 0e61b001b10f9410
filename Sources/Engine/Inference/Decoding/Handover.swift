import Synchronization

/// Carries a value that is not `Sendable` to the one thread that will own it.
final class Handover<Value>: Sendable {
    private let slot: Mutex<Value?>

    init(_ value: consuming sending Value) {
        slot = Mutex(value)
    }

    /// The value, once.
    func take() -> sending Value? {
        slot.withLock { $0.take() }
    }
}
