/// What is known about a key; its secret is not.
package struct APIKey: Sendable, Equatable {
    package enum Role: String, Sendable, CaseIterable {
        case user
        /// May also use the routes of administration.
        case admin
    }

    /// How urgent the requests of a key are at most.
    package enum Priority: String, Sendable, CaseIterable {
        case batch
        case normal
        case interactive
    }

    /// What a key may use; `nil` is without limit.
    package struct Limits: Sendable, Equatable {
        package var requestsPerMinute: Int?
        /// Of prompts and answers together.
        package var tokensPerMinute: Int?
        /// Requests under way at the same time.
        package var concurrency: Int?

        package init(
            requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, concurrency: Int? = nil
        ) {
            self.requestsPerMinute = requestsPerMinute
            self.tokensPerMinute = tokensPerMinute
            self.concurrency = concurrency
        }
    }

    package var id: String
    package var name: String
    /// The beginning of the secret, by which people recognize it.
    package var prefix: String
    package var role: Role
    package var priority: Priority
    /// How large its part of the machine is beside other keys'; greater than 0.
    package var weight: Double
    package var limits: Limits
    /// Names of the models that it may use; empty for all.
    package var models: [String]
    /// Seconds since 1970.
    package var created: Int
    /// From then on it is refused.
    package var expires: Int?
    package var revoked: Int?

    package init(
        id: String, name: String, prefix: String, role: Role = .user,
        priority: Priority = .normal, weight: Double = 1, limits: Limits = Limits(),
        models: [String] = [], created: Int, expires: Int? = nil, revoked: Int? = nil
    ) {
        self.id = id
        self.name = name
        self.prefix = prefix
        self.role = role
        self.priority = priority
        self.weight = weight
        self.limits = limits
        self.models = models
        self.created = created
        self.expires = expires
        self.revoked = revoked
    }

    /// Whether it opens anything at that time.
    package func isUsable(at time: Int) -> Bool {
        revoked == nil && expires.map { time < $0 } ?? true
    }

    package func mayUse(model: String) -> Bool {
        models.isEmpty || models.contains(model)
    }

    /// - Throws: ``StoreError/Code/invalidValue`` that names what is wrong.
    package func validate() throws(StoreError) {
        func require(_ isRight: Bool, _ message: String) throws(StoreError) {
            if !isRight { throw StoreError(.invalidValue, message) }
        }
        let isPrintable = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        try require(
            !name.isEmpty && name.utf8.count <= 100 && isPrintable,
            "a key's name must be 1 to 100 bytes without control characters")
        try require(
            !name.hasPrefix("key_") && !name.hasPrefix(KeySecret.marker),
            "a key's name must not begin with key_ or \(KeySecret.marker), as ids and secrets do")
        try require(
            weight.isFinite && weight >= 0.001 && weight <= 1000,
            "a key's weight must be 0.001 to 1000, got \(weight)")
        let counts = [
            ("requests per minute", limits.requestsPerMinute),
            ("tokens per minute", limits.tokensPerMinute), ("concurrency", limits.concurrency),
        ]
        for (what, count) in counts {
            guard let count else { continue }
            try require(
                (1...1_000_000_000).contains(count),
                "a key's \(what) must be 1 to 1000000000, got \(count)")
        }
        try require(
            models.allSatisfy { !$0.isEmpty }, "the name of a model that a key may use is empty")
        try require(
            expires.map { $0 > created } ?? true, "a key must not expire before it is made")
    }
}
