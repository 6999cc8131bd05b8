import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

@Suite struct SignTests {
  private let folder: TemporaryFolder
  private let model, signature, privateKey, publicKey, otherKey: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("model.swt")
    signature = folder.file("model.swt.sig")
    privateKey = folder.file("private.pem")
    publicKey = folder.file("public.pem")
    otherKey = folder.file("other.pem")
    try writeFile(privateKey, Array(TestKey.privatePEM.utf8))
    try writeFile(publicKey, Array(TestKey.publicPEM.utf8))
    try writeFile(otherKey, Array(TestKey.otherPublicPEM.utf8))
    #expect(
      Tool("convert", Fixture.checkpoint("parameter"), "-o", model, "--arch", "none").status == .success)
  }

  private func sign() { #expect(Tool("sign", model, "--key", privateKey).status == .success) }

  @Test func `a signed file verifies with the public and the private key`() throws {
    let signed = Tool("sign", model, "--key", privateKey, "--json")
    #expect(signed.status == .success, "\(signed.errors)")
    let id = try Tool("check", model, "--json").json()["content_id"]?.string
    #expect(try signed.json()["schema"]?.string == "pth2swt.sign/1")
    #expect(try signed.json()["content_id"]?.string == id)
    #expect(try signed.json()["key"]?.string == TestKey.hex)
    for key in [publicKey, privateKey] {
      let verified = Tool("verify-signature", model, "--key", key)
      #expect(verified.status == .success, "\(verified.errors)")
      #expect(verified.output.contains("the signature is good"))
      #expect(verified.output.contains(TestKey.hex))
    }
    let json = try Tool("verify-signature", model, "--key", publicKey, "--json").json()
    #expect(json["schema"]?.string == "pth2swt.verify-signature/1")
    #expect(json["verdict"]?.string == "pass")
    #expect(json["content_id"]?.string == id)
  }

  @Test func `a key may come through a pipe, as secret stores give it`() throws {
    for (key, status) in [(privateKey, Int32(0)), ("/dev/null", 5)] {
      let child = try ChildProcess(
        ["sign", model, "--key", "/dev/fd/7", "--force"], before: "exec 7< <(sleep 0.1; cat \(key))")
      #expect(child.status == status, "\(child.errors)")
    }
    #expect(Tool("verify-signature", model, "--key", publicKey).status == .success)
    // Neither a pipe without a writer nor an endless device stops the program.
    try #require(unsafe mkfifo(folder.file("pipe"), 0o600) == 0)
    for path in [folder.file("pipe"), "/dev/null", "/dev/zero"] {
      let tool = Tool("sign", model, "--key", path, "--force")
      #expect(tool.status == .inputUnreadable, "\(tool.errors)")
    }
  }

  @Test func `a signature may be elsewhere`() throws {
    let place = folder.file("elsewhere")
    #expect(Tool("sign", model, "--key", privateKey, "--signature", place).status == .success)
    #expect(try !folder.names().contains("model.swt.sig"))
    #expect(
      Tool("verify-signature", model, "--key", publicKey, "--signature", place).status == .success)
    let missing = Tool("verify-signature", model, "--key", publicKey)
    #expect(missing.status == .inputUnreadable)
    #expect(missing.errors.contains("model.swt.sig: no such file"))
  }

  @Test func `signatures of many files are checked in one report`() throws {
    let other = folder.file("other.swt")
    Tool("convert", Fixture.checkpoint("bare_tensor"), "-o", other, "--arch", "none")
    #expect(Tool("sign", folder.path, "--key", privateKey).status == .success)
    let good = Tool("verify-signature", folder.path, "--key", publicKey)
    #expect(good.status == .success, "\(good.errors)")
    #expect(good.output.contains("2 files: 2 pass, 0 fail"))
    // The other file's signature.
    try writeFile(signature, readFile("\(other).sig"))
    let bad = Tool("verify-signature", model, other, "--key", publicKey)
    #expect(bad.status == .verificationFailed && bad.errors.contains("model.swt.sig"))
    let json = try Tool("verify-signature", model, other, "--key", publicKey, "--format", "json").json()
    #expect(json["schema"]?.string == "pth2swt.verify-signature-files/1")
    #expect(json["summary"]?["failed"]?.int == 1 && json["summary"]?["passed"]?.int == 1)
    let both = Tool("verify-signature", model, other, "--key", publicKey, "--signature", signature)
    #expect(both.status == .usage)
  }

  @Test func `an existing signature is replaced only if requested`() throws {
    try writeFile(signature, Array("mine".utf8))
    let refused = Tool("sign", model, "--key", privateKey)
    #expect(refused.status == .outputFailed)
    #expect(refused.errors.contains("--force"))
    #expect(try readFile(signature) == Array("mine".utf8))
    #expect(Tool("sign", model, "--key", privateKey, "--force").status == .success)
    #expect(Tool("verify-signature", model, "--key", publicKey).status == .success)
  }

  @Test func `a signature never replaces the model or the key`() throws {
    let (bytes, key) = (try readFile(model), try readFile(privateKey))
    let other = folder.file("link.swt")
    #expect(unsafe symlink(model, other) == 0)
    for place in [model, other, privateKey] {
      let tool = Tool("sign", model, "--key", privateKey, "--signature", place, "--force")
      #expect(tool.status == .outputFailed, "\(tool.errors)")
    }
    #expect(try readFile(model) == bytes)
    #expect(try readFile(privateKey) == key)
  }

  @Test func `a wrong key is named with the one that signed`() throws {
    sign()
    let tool = Tool("verify-signature", model, "--key", otherKey)
    #expect(tool.status == .verificationFailed)
    #expect(tool.errors.contains(TestKey.hex) && tool.errors.contains(TestKey.otherHex))
    #expect(tool.output.isEmpty)
    let json = Tool("verify-signature", model, "--key", otherKey, "--json")
    #expect(json.status == .verificationFailed)
    #expect(try json.json()["verdict"]?.string == "fail")
    #expect(try json.json()["signed_by"]?.string == TestKey.hex)
  }

  /// Writing the trusted key into the signature file does not make its signature valid.
  @Test func `a signature that only claims a key does not verify`() throws {
    sign()
    let text = String(decoding: try readFile(signature), as: UTF8.self)
    try writeFile(signature, Array(text.replacing(TestKey.hex, with: TestKey.otherHex).utf8))
    let tool = Tool("verify-signature", model, "--key", otherKey)
    #expect(tool.status == .verificationFailed)
    #expect(tool.errors.contains("the signature is invalid"))
  }

  @Test func `a signature is for one content id`() throws {
    sign()
    let again = Tool(
      "convert", Fixture.checkpoint("parameter"), "-o", model, "--arch", "none", "--force", "--meta",
      "x.note=new")
    #expect(again.status == .success)
    let tool = Tool("verify-signature", model, "--key", publicKey)
    #expect(tool.status == .verificationFailed)
    #expect(tool.errors.contains("other contents"))
  }

  @Test func `damaged weights are neither signed nor verified`() throws {
    sign()
    var bytes = try readFile(model)
    bytes[bytes.count - 65] ^= 1
    try writeFile(model, bytes)
    for words in [
      ["sign", model, "--key", privateKey, "--force"], ["verify-signature", model, "--key", publicKey],
    ] {
      let tool = Tool(words)
      #expect(tool.status == .inputUnreadable, "\(tool.errors)")
      #expect(tool.output.isEmpty)
    }
  }

  @Test func `no changed byte of a signature verifies`() throws {
    sign()
    let bytes = try readFile(signature)
    var seen: Set<Status> = []
    for index in bytes.indices {
      for bit: UInt8 in [0x01, 0x20, 0x80] {
        var changed = bytes
        changed[index] ^= bit
        try writeFile(signature, changed)
        let status = Tool("verify-signature", model, "--key", publicKey, "--quiet").status
        #expect([.verificationFailed, .inputUnreadable].contains(status), "byte \(index)")
        seen.insert(status)
      }
    }
    #expect(seen.count == 2)
  }

  @Test func `unusable inputs are exit 5, usage errors exit 2`() throws {
    let text = folder.file("text")
    try writeFile(text, Array("just words".utf8))
    try writeFile(
      folder.file("locked.pem"),
      Array(TestKey.privatePEM.replacing("PRIVATE", with: "ENCRYPTED PRIVATE").utf8))
    let cases: [(words: [String], status: Status, says: String)] = [
      (["sign", model], .usage, "needs --key"),
      (["verify-signature", model], .usage, "needs --key"),
      (["sign", model, "--key", "/nowhere.pem"], .inputUnreadable, "no such file"),
      (["sign", model, "--key", text], .inputUnreadable, "not a PEM file"),
      (["sign", model, "--key", folder.file("locked.pem")], .inputUnreadable, "encrypted"),
      (["sign", model, "--key", publicKey], .inputUnreadable, "public key"),
      (["sign", text, "--key", privateKey], .inputUnreadable, "not a valid .swt"),
      (["sign", model, "--key", folder.path], .inputUnreadable, "a directory"),
      (
        ["sign", model, "--key", privateKey, "--signature", "/nowhere/at/all"], .outputFailed,
        "the folder /nowhere/at does not exist"
      ),
      (
        ["verify-signature", model, "--key", publicKey, "--signature", text], .inputUnreadable,
        "not a signature"
      ),
      (
        ["verify-signature", model, "--key", publicKey, "--signature", model], .inputUnreadable,
        "not a signature"
      ),
    ]
    for (words, status, says) in cases {
      let tool = Tool(words)
      #expect(tool.status == status, "\(words): \(tool.errors)")
      #expect(tool.errors.contains(says), "\(words): \(tool.errors)")
      #expect(tool.errors.split(separator: "\n").count == 1)
    }
    #expect(
      try folder.names() == ["locked.pem", "model.swt", "other.pem", "private.pem", "public.pem", "text"])
  }

  /// As FORMAT.md describes it, with the OpenSSL program, if installed.
  @Test(.enabled(if: unsafe system("openssl version > /dev/null 2>&1") == 0))
  func `openssl agrees, both ways`() throws {
    sign()
    let fields = String(decoding: try readFile(signature), as: UTF8.self).split(separator: "\n").map {
      String($0.split(separator: " ")[1])
    }
    func openssl(_ arguments: String) -> Bool {
      unsafe system("cd '\(folder.path)' && openssl \(arguments) > /dev/null 2>&1") == 0
    }
    func write(_ name: String, hex: some StringProtocol) throws {
      let digits = Array(hex)
      let bytes = stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(digits[$0..<$0 + 2]), radix: 16)
      }
      try writeFile(folder.file(name), bytes.map { $0 ?? 0 })
    }
    try write("id", hex: fields[1].dropFirst(5))
    try write("signature", hex: fields[3])
    let verify = "pkeyutl -verify -rawin -in id -sigfile signature -pubin -inkey"
    #expect(openssl("\(verify) public.pem"))
    #expect(!openssl("\(verify) other.pem"))

    #expect(
      openssl("genpkey -algorithm ed25519 -out new.pem && openssl pkey -in new.pem -pubout -out new.pub"))
    #expect(Tool("sign", model, "--key", folder.file("new.pem"), "--force").status == .success)
    #expect(Tool("verify-signature", model, "--key", folder.file("new.pub")).status == .success)
    #expect(Tool("verify-signature", model, "--key", publicKey).status == .verificationFailed)
    #expect(openssl("pkey -in new.pem -aes256 -passout pass:test -out locked.pem"))
    #expect(
      Tool("sign", model, "--key", folder.file("locked.pem"), "--force").errors.contains("is encrypted"))
  }
}
