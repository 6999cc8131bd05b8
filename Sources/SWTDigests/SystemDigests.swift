public import SWTChecksums

#if canImport(CryptoKit)
  internal import CryptoKit
#else
  internal import CCrypto
#endif

/// SHA-256 from the system's library: CryptoKit on Apple platforms, libcrypto elsewhere.
public struct SystemDigests: DigestProvider {
  /// Creates a provider; there is nothing to configure.
  public init() {}

  public func makeSHA256() -> any RunningDigest { SystemSHA256() }
}

#if canImport(CryptoKit)
  private final class SystemSHA256: RunningDigest {
    private var state = CryptoKit.SHA256()

    func update(_ bytes: RawSpan) {
      unsafe bytes.withUnsafeBytes { unsafe state.update(bufferPointer: $0) }
    }

    func finalize() -> SHA256Digest {
      SHA256Digest(Array(state.finalize())) ?? .zero
    }
  }
#else
  @safe
  private final class SystemSHA256: RunningDigest {
    private let context: OpaquePointer

    init() {
      // Fails only when memory is exhausted, or in a libcrypto built without SHA-256.
      guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
      else { preconditionFailure("libcrypto has no SHA-256") }
      unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    func update(_ bytes: RawSpan) {
      let done = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
      precondition(done == 1, "EVP_DigestUpdate failed")
    }

    func finalize() -> SHA256Digest {
      var digest = [UInt8](repeating: 0, count: 32)
      let done = unsafe digest.withUnsafeMutableBufferPointer { buffer in
        unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
      }
      guard done == 1, let result = SHA256Digest(digest) else { preconditionFailure("no digest") }
      return result
    }
  }
#endif
