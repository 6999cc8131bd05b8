internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTTensorFiles

/// `pth2swt verify-signature`: checks that a weight file is what a key's owner signed.
struct VerifySignature: Command {
  static let spec = CommandSpec(
    "verify-signature", "Check a .swt file, including every digest, and its signature.",
    operands: [.init("FILE.swt", "The weight file.")],
    options: [
      .value("key", "KEY", "The trusted key in PEM format, public or private.", of: .path),
      .value("signature", "FILE", "Signature file (default: FILE.swt.sig)."),
    ],
    examples: [
      .init("pth2swt verify-signature model.swt --key public.pem", "Is it what the key's owner signed?")
    ])

  let path: String
  let keyPath: String
  let signaturePath: String
  let json: Bool
  let quiet: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    guard let key = arguments.value("key") else { throw UsageError("verify-signature needs --key KEY") }
    keyPath = key
    signaturePath = arguments.value("signature") ?? SignedFile.sidecar(of: path)
    json = arguments.has("json")
    quiet = arguments.has("quiet")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    let key = try SignedFile.key(keyPath).publicKey
    let signature = try SignedFile.signature(signaturePath)
    let id = try SignedFile.contentID(path)
    let reason: String?
    do throws(ParseFailure) {
      reason = try Self.objection(signature, to: id, by: key)
    } catch {
      throw CommandFailure(reading: keyPath, error)
    }
    if json {
      let document: JSONValue = [
        "schema": "pth2swt.verify-signature/1", "file": .string(path),
        "signature_file": .string(signaturePath), "content_id": .string("swt1:\(id.hex)"),
        "key": .string("\(key)"), "signed_content_id": .string("swt1:\(signature.contentID.hex)"),
        "signed_by": .string("\(signature.key)"), "verdict": reason == nil ? "pass" : "fail",
        "reason": reason.map { .string($0) } ?? .null,
      ]
      console.document(document.text(pretty: true) + "\n")
      return reason == nil ? .success : .verificationFailed
    }
    if let reason { throw CommandFailure(.verificationFailed, file: signaturePath, reason) }
    if !quiet {
      console.line("\(path): the signature is good")
      console.line("  content id  swt1:\(id.hex)")
      console.line("  key         \(key)")
    }
    return .success
  }

  /// Why the signature is not one of `id` by `key`; nil if it is.
  ///
  /// The key and id that the signature file states only serve to give clearer reasons; the last check
  /// decides.
  private static func objection(
    _ signature: ContentSignature, to id: SHA256Digest, by key: Ed25519PublicKey
  ) throws(ParseFailure) -> String? {
    guard signature.key == key else {
      return "it was made with another key: signed by \(signature.key), but you trust \(key)"
    }
    guard signature.contentID == id else {
      let signed = "swt1:\(signature.contentID.hex)"
      return "it was made for other contents: it signs \(signed), the file is swt1:\(id.hex)"
    }
    guard try signature.isValid(for: id, by: key) else {
      return "the signature is invalid: \(key) did not sign swt1:\(id.hex)"
    }
    return nil
  }
}
