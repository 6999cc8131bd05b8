internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTTensorFiles

/// `pth2swt verify-signature`: checks that a weight file is what a key's owner signed.
struct VerifySignature: Command {
  static let spec = CommandSpec(
    "verify-signature", "Check .swt files, including every digest, and their signatures.",
    operands: [.init("FILE.swt", "Weight files and folders of them.", repeated: true)],
    options: [
      .value("key", "KEY", "The trusted key in PEM format, public or private.", of: .path),
      .value("signature", "FILE", "Signature file (default: FILE.swt.sig)."),
      .value(
        "format", "FORMAT[=PATH]",
        "text, json, jsonl, junit, tap, github, markdown or html; =PATH writes a file; repeatable.",
        of: .words(ReportOutputs.names)),
    ],
    examples: [
      .init("pth2swt verify-signature model.swt --key public.pem", "Is it what the key's owner signed?")
    ])

  let paths: [String]
  let keyPath: String
  private let signaturePath: String?
  let reports: ReportOutputs
  let hasFormats: Bool
  let json: Bool
  let quiet: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    paths = arguments.operands
    guard let key = arguments.value("key") else { throw UsageError("verify-signature needs --key KEY") }
    keyPath = key
    signaturePath = arguments.value("signature")
    reports = try ReportOutputs(arguments)
    hasFormats = arguments.has("format")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    let key = try SignedFile.key(keyPath).publicKey
    if WeightFileList.isSeveral(paths) || hasFormats {
      let files = try WeightFileList.expand(paths)
      if signaturePath != nil, files.count > 1 {
        throw CommandFailure(.usage, "--signature names one file, and there are \(files.count) to check")
      }
      try reports.requireOther(than: files + [keyPath])
      return try FilesRun(command: "verify-signature", reports: reports, json: json).run(files, console) {
        path throws(CommandFailure) in
        let checked = try check(path, key)
        if let reason = checked.reason {
          throw CommandFailure(.verificationFailed, file: checked.signaturePath, reason)
        }
        return .init(line: "\(path): the signature is good, \(checked.id)", members: checked.members(key))
      }
    }
    let checked = try check(paths[0], key)
    if json {
      let members = [JSONMember("schema", "pth2swt.verify-signature/1")] + checked.members(key)
      console.document(JSONValue.object(members).text(pretty: true) + "\n")
      return checked.reason == nil ? .success : .verificationFailed
    }
    if let reason = checked.reason {
      throw CommandFailure(.verificationFailed, file: checked.signaturePath, reason)
    }
    if !quiet {
      console.line("\(checked.path): the signature is good")
      console.line("  content id  \(checked.id)")
      console.line("  key         \(key)")
    }
    return .success
  }

  /// What was found about one file.
  private struct Checked {
    let path: String
    let signaturePath: String
    let id: String
    let signature: ContentSignature
    /// Why the signature is not good; nil if it is.
    let reason: String?

    func members(_ key: Ed25519PublicKey) -> [JSONMember] {
      [
        JSONMember("file", .string(path)), JSONMember("signature_file", .string(signaturePath)),
        JSONMember("content_id", .string(id)), JSONMember("key", .string("\(key)")),
        JSONMember("signed_content_id", .string("swt1:\(signature.contentID.hex)")),
        JSONMember("signed_by", .string("\(signature.key)")),
        JSONMember("verdict", reason == nil ? "pass" : "fail"),
        JSONMember("reason", reason.map { .string($0) } ?? .null),
      ]
    }
  }

  private func check(_ path: String, _ key: Ed25519PublicKey) throws(CommandFailure) -> Checked {
    let signaturePath = signaturePath ?? SignedFile.sidecar(of: path)
    let signature = try SignedFile.signature(signaturePath)
    let id = try SignedFile.contentID(path)
    do throws(ParseFailure) {
      return Checked(
        path: path, signaturePath: signaturePath, id: "swt1:\(id.hex)", signature: signature,
        reason: try Self.objection(signature, to: id, by: key))
    } catch {
      throw CommandFailure(reading: keyPath, error)
    }
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
