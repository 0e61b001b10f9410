import CKernels

/// A set of processor instructions that kernels are written for.
package enum InstructionSet: String, CaseIterable, Sendable {
    /// Plain C: runs everywhere, slowly; the oracle of the others.
    case scalar
    /// AVX2 with FMA and F16C.
    case avx2
    /// AVX-512 F, BW, VL, DQ and VNNI.
    case avx512
    /// Armv8 NEON with dot products of 8-bit integers.
    case neonDotprod = "neon-dotprod"
    /// The same with matrix products of 8-bit integers.
    case neonI8mm = "neon-i8mm"

    /// What this machine and its system can run, slowest first.
    package static var supported: [InstructionSet] {
        allCases.filter { unsafe berth_kernels_for($0.identifier) != nil }
    }

    /// The fastest that this machine can run.
    package static var best: InstructionSet {
        supported.last ?? .scalar
    }

    private var identifier: berth_isa {
        switch self {
        case .scalar: BERTH_SCALAR
        case .avx2: BERTH_AVX2
        case .avx512: BERTH_AVX512
        case .neonDotprod: BERTH_NEON_DOTPROD
        case .neonI8mm: BERTH_NEON_I8MM
        }
    }

    /// The table of kernels.
    var kernels: UnsafePointer<berth_kernels> {
        guard let table = unsafe berth_kernels_for(identifier) else {
            preconditionFailure("this machine cannot run \(rawValue) kernels")
        }
        return unsafe table
    }
}
