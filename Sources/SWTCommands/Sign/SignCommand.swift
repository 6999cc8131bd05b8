internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests
internal import SWTTensorFiles

/// `pth2swt sign`: writes a signature next to a weight file.
struct Sign: Command {
  static let spec = CommandSpec(
    "sign", "Sign the content id of a .swt file with an Ed25519 key; the signature goes to a separate file.",
    operands: [.init("FILE.swt", "The weight file; 'check' must pass before it is signed.")],
    options: [
      .value("key", "KEY", "The private key: unencrypted PEM, as openssl genpkey writes it.", of: .path),
      .value("signature", "OUT", "Signature file (default: FILE.swt.sig)."),
      .flag("force", "Replace an existing signature."),
    ],
    examples: [
      .init("openssl genpkey -algorithm ed25519 -out private.pem", "Generate a private key, once."),
      .init("openssl pkey -in private.pem -pubout -out public.pem", "Extract the public key, to publish it."),
      .init("pth2swt sign model.swt --key private.pem", "Write model.swt.sig."),
    ])

  let path: String
  let keyPath: String
  let signaturePath: String
  /// Whether the path of the signature is derived from that of the file.
  let isDerived: Bool
  let replaces: Bool
  let json: Bool
  let quiet: Bool

  init(_ arguments: Arguments) throws(UsageError) {
    path = arguments.operands[0]
    guard let key = arguments.value("key") else { throw UsageError("sign needs --key KEY") }
    keyPath = key
    isDerived = arguments.value("signature") == nil
    signaturePath = arguments.value("signature") ?? SignedFile.sidecar(of: path)
    replaces = arguments.has("force")
    json = arguments.has("json")
    quiet = arguments.has("quiet")
  }

  func run(_ console: Console) throws(CommandFailure) -> ExitStatus {
    guard case .privateKey(let key) = try SignedFile.key(keyPath) else {
      throw CommandFailure(
        .inputUnreadable, file: keyPath, "it is a public key; signing needs the private key")
    }
    try OutputFile.requireOther(signaturePath, than: [path, keyPath])
    let id = try SignedFile.contentID(path)
    let signature: ContentSignature
    do throws(ParseFailure) {
      signature = try ContentSignature(of: id, by: key)
    } catch {
      throw CommandFailure(reading: keyPath, error)
    }
    try OutputFile.write(signature.file, to: signaturePath, replacing: replaces, followsLinks: !isDerived)
    if json {
      let document: JSONValue = [
        "schema": "pth2swt.sign/1", "file": .string(path), "signature_file": .string(signaturePath),
        "content_id": .string("swt1:\(id.hex)"), "key": .string("\(key.publicKey)"),
      ]
      console.document(document.text(pretty: true) + "\n")
    } else if !quiet {
      console.line("\(signaturePath): signed")
      console.line("  content id  swt1:\(id.hex)")
      console.line("  key         \(key.publicKey)")
    }
    return .success
  }
}
