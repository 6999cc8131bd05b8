internal import SWTBytes

#if canImport(CryptoKit)
  internal import CryptoKit
#else
  internal import CCrypto
#endif

/// Ed25519 from the system's library: CryptoKit on Apple platforms, libcrypto elsewhere.
///
/// Callers have already checked that keys have 32 bytes and signatures 64.
enum SystemEd25519 {
  /// A libcrypto may have been built, or configured (FIPS), without Ed25519.
  static let unavailable = ParseFailure(
    .unsupported("the system's cryptography library refuses Ed25519"),
    hint: "it may have been restricted to other algorithms")
}

#if canImport(CryptoKit)
  extension SystemEd25519 {
    static func publicKey(seed: [UInt8]) throws(ParseFailure) -> [UInt8] {
      guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { throw unavailable }
      return Array(key.publicKey.rawRepresentation)
    }

    static func sign(_ message: [UInt8], seed: [UInt8]) throws(ParseFailure) -> [UInt8] {
      guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
        let signature = try? key.signature(for: message)
      else { throw unavailable }
      return Array(signature)
    }

    static func verify(
      _ signature: [UInt8], _ message: [UInt8], publicKey: [UInt8]
    ) throws(ParseFailure) -> Bool {
      guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else {
        throw unavailable
      }
      return key.isValidSignature(signature, for: message)
    }
  }
#else
  extension SystemEd25519 {
    static func publicKey(seed: [UInt8]) throws(ParseFailure) -> [UInt8] {
      let key = try Key(seed: seed)
      var bytes = [UInt8](repeating: 0, count: Ed25519.keySize)
      var count = bytes.count
      let done = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        unsafe EVP_PKEY_get_raw_public_key(key.pointer, buffer.baseAddress, &count)
      }
      guard done == 1, count == Ed25519.keySize else { throw unavailable }
      return bytes
    }

    static func sign(_ message: [UInt8], seed: [UInt8]) throws(ParseFailure) -> [UInt8] {
      let key = try Key(seed: seed)
      let context = try Context()
      // The digest is nil: Ed25519 hashes the message itself.
      guard unsafe EVP_DigestSignInit(context.pointer, nil, nil, nil, key.pointer) == 1 else {
        throw unavailable
      }
      var signature = [UInt8](repeating: 0, count: Ed25519.signatureSize)
      var count = signature.count
      let done = unsafe signature.withUnsafeMutableBufferPointer { buffer in
        unsafe EVP_DigestSign(context.pointer, buffer.baseAddress, &count, message, message.count)
      }
      guard done == 1, count == Ed25519.signatureSize else { throw unavailable }
      return signature
    }

    static func verify(
      _ signature: [UInt8], _ message: [UInt8], publicKey: [UInt8]
    ) throws(ParseFailure) -> Bool {
      let key = try Key(publicKey: publicKey)
      let context = try Context()
      guard unsafe EVP_DigestVerifyInit(context.pointer, nil, nil, nil, key.pointer) == 1 else {
        throw unavailable
      }
      // 0 means "does not verify" and a negative result "malformed": neither is valid.
      return unsafe EVP_DigestVerify(
        context.pointer, signature, signature.count, message, message.count) == 1
    }

    /// Owns an `EVP_PKEY`.
    @safe
    private final class Key {
      let pointer: OpaquePointer

      init(seed: [UInt8]) throws(ParseFailure) {
        guard let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
          throw unavailable
        }
        unsafe pointer = key
      }

      init(publicKey: [UInt8]) throws(ParseFailure) {
        guard
          let key = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count)
        else { throw unavailable }
        unsafe pointer = key
      }

      deinit { unsafe EVP_PKEY_free(pointer) }
    }

    /// Owns an `EVP_MD_CTX`.
    @safe
    private final class Context {
      let pointer: OpaquePointer

      init() throws(ParseFailure) {
        guard let context = unsafe EVP_MD_CTX_new() else { throw unavailable }
        unsafe pointer = context
      }

      deinit { unsafe EVP_MD_CTX_free(pointer) }
    }
  }
#endif
