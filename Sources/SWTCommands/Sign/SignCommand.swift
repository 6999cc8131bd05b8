internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTTensorFiles

/// `pth2swt sign`: writes a signature next to a weight file.
struct Sign: Command {
  static let spec = CommandSpec(
    "sign", "Sign the content ids of .swt files with an Ed25519 key; signatures go to separate files.",
    operands: [
      .init(
        "FILE.swt", "Weight files and folders of them; 'check' must pass before one is signed.",
        repeated: true)
    ],
    options: [
      .value("key", "KEY", "The private key: unencrypted PEM, as openssl genpkey writes it.", of: .path),
      .value("signature", "OUT", "Signature file (default: FILE.swt.sig)."),
      .value(
        "format", "FORMAT[=PATH]",
        "text, json, jsonl, junit, tap, github, markdown or html; =PATH writes a file; repeatable.",
        of: .words(ReportOutputs.names)),
      .flag("force", "Replace an existing signature."),
    ],
    examples: [
      .init("openssl genpkey -algorithm ed25519 -out private.pem", "Generate a private key, once."),
      .init("openssl pkey -in private.pem -pubout -out public.pem", "Extract the public key, to publish it."),
      .init("pth2swt sign model.swt --key private.pem", "Write model.swt.sig."),
    ])

  let paths: [String]
  let keyPath: String
  private let signaturePath: String?
  let reports: ReportOutputs
  let hasFormats: Bool
  /// Whether the path of the signature is derived from that of the file.
  let isDerived: Bool
  let replaces: Bool
  let json: Bool
  let quiet: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    paths = arguments.operands
    guard let key = arguments.value("key") else { throw UsageError("sign needs --key KEY") }
    keyPath = key
    isDerived = arguments.value("signature") == nil
    signaturePath = arguments.value("signature")
    reports = try ReportOutputs(arguments)
    hasFormats = arguments.has("format")
    replaces = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    guard case .privateKey(let key) = try SignedFile.key(keyPath) else {
      throw CommandFailure(
        .inputUnreadable, file: keyPath, "it is a public key; signing needs the private key")
    }
    if WeightFileList.isSeveral(paths) || hasFormats {
      let files = try WeightFileList.expand(paths)
      if signaturePath != nil, files.count > 1 {
        throw CommandFailure(.usage, "--signature names one file, and there are \(files.count) to sign")
      }
      try reports.requireOther(than: files + [keyPath])
      return try FilesRun(command: "sign", reports: reports).run(files, console) {
        path throws(CommandFailure) in
        let result = try sign(path, key)
        return .init(line: "\(path): signed, \(result.id)", members: result.members)
      }
    }
    let result = try sign(paths[0], key)
    if json {
      let members = [JSONMember("schema", "pth2swt.sign/1")] + result.members
      console.document(JSONValue.object(members).text(pretty: true) + "\n")
    } else if !quiet {
      console.line("\(result.signature): signed")
      console.line("  content id  \(result.id)")
      console.line("  key         \(key.publicKey)")
    }
    return .success
  }

  private func sign(
    _ path: String, _ key: Ed25519PrivateKey
  ) throws(CommandFailure) -> (signature: String, id: String, members: [JSONMember]) {
    let signaturePath = signaturePath ?? SignedFile.sidecar(of: path)
    try OutputFile.requireOther(signaturePath, than: [path, keyPath])
    let id = try SignedFile.contentID(path)
    let signature: ContentSignature
    do throws(ParseFailure) {
      signature = try ContentSignature(of: id, by: key)
    } catch {
      throw CommandFailure(reading: keyPath, error)
    }
    try OutputFile.write(signature.file, to: signaturePath, replacing: replaces, followsLinks: !isDerived)
    let text = "swt1:\(id.hex)"
    return (
      signaturePath, text,
      [
        JSONMember("file", .string(path)), JSONMember("signature_file", .string(signaturePath)),
        JSONMember("content_id", .string(text)), JSONMember("key", .string("\(key.publicKey)")),
      ]
    )
  }
}
