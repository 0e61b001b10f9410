#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a team asks of the operating system.
enum System {
    /// Processors that are switched on.
    static var processors: Int {
        max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// Lets another thread run on this processor.
    static func yield() {
        sched_yield()
    }
}

/// A thread of the operating system.
@safe package final class Member: @unchecked Sendable {
    private let thread: pthread_t

    /// Starts a thread that runs `body` once; `nil` when the system gives no more threads.
    package init?(_ body: @escaping @Sendable () -> Void) {
        let context = unsafe Unmanaged.passRetained(Work(body)).toOpaque()
        #if os(Linux)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let status = unsafe pthread_create(
            &thread, nil,
            { context in
                #if os(Linux)
                    guard let context = unsafe context else { return nil }
                #endif
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context)
        #if os(Linux)
            guard status == 0 else {
                unsafe Unmanaged<Work>.fromOpaque(context).release()
                return nil
            }
            self.thread = thread
        #else
            guard status == 0, let thread = unsafe thread else {
                unsafe Unmanaged<Work>.fromOpaque(context).release()
                return nil
            }
            unsafe self.thread = thread
        #endif
    }

    /// Waits for the thread to end.
    package func join() {
        #if os(Linux)
            pthread_join(thread, nil)
        #else
            unsafe pthread_join(thread, nil)
        #endif
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}

/// Where threads sleep until somebody wakes all of them.
@safe final class Bed: @unchecked Sendable {
    @unsafe private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    @unsafe private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Sleeps as long as `isIdle`; what it reads must be changed before ``wakeAll()``.
    func sleep(while isIdle: () -> Bool) {
        unsafe pthread_mutex_lock(mutex)
        while isIdle() {
            unsafe pthread_cond_wait(condition, mutex)
        }
        unsafe pthread_mutex_unlock(mutex)
    }

    func wakeAll() {
        unsafe pthread_mutex_lock(mutex)
        unsafe pthread_cond_broadcast(condition)
        unsafe pthread_mutex_unlock(mutex)
    }
}
