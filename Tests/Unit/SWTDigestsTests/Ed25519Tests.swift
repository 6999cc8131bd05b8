import SWTBytes
import SWTChecksums
import SWTDigests
import Testing

@Suite struct Ed25519Tests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let seed, publicKey, message, signature: [UInt8]

    init(_ name: String, _ seed: String, _ publicKey: String, _ message: String, _ signature: String) {
      testDescription = name
      self.seed = Hex.decode(seed) ?? []
      self.publicKey = Hex.decode(publicKey) ?? []
      self.message = Hex.decode(message) ?? []
      self.signature = Hex.decode(signature) ?? []
    }
  }

  /// RFC 8032, section 7.1.
  static let vectors = [
    Vector(
      "TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    Vector(
      "TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    Vector(
      "TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    Vector(
      "TEST SHA(abc)", "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        + "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
  ]

  @Test(arguments: vectors)
  func `the test vectors of RFC 8032`(vector: Vector) throws {
    #expect(vector.seed.count == 32 && vector.signature.count == 64)
    let key = try Ed25519PrivateKey(seed: vector.seed)
    #expect(key.publicKey.bytes == vector.publicKey)
    #expect(try key.publicKey.isValid(vector.signature, for: vector.message))
    let own = try key.sign(vector.message)
    #expect(try key.publicKey.isValid(own, for: vector.message))
    #if !canImport(CryptoKit)
      #expect(own == vector.signature)
    #endif
  }

  @Test func `any other signature, message or key is refused`() throws {
    let vector = Self.vectors[2]
    let key = try #require(Ed25519PublicKey(vector.publicKey))
    for bit in 0..<512 {
      var signature = vector.signature
      signature[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(try !key.isValid(signature, for: vector.message), "bit \(bit)")
    }
    #expect(try !key.isValid(vector.signature, for: vector.message + [0]))
    #expect(try !key.isValid(vector.signature, for: []))
    #expect(try !key.isValid(Array(vector.signature.dropLast()), for: vector.message))
    #expect(try !key.isValid(vector.signature + [0], for: vector.message))
    #expect(try !key.isValid([], for: vector.message))
    let other = try #require(Ed25519PublicKey(Self.vectors[1].publicKey))
    #expect(try !other.isValid(vector.signature, for: vector.message))
  }

  /// S + L satisfies the same equation; RFC 8032 requires verifiers to refuse it, so that signatures are
  /// unique.
  @Test func `a signature cannot be turned into another valid one`() throws {
    let vector = Self.vectors[0]
    let order = Array(
      (Hex.decode("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed") ?? []).reversed())
    var signature = vector.signature
    var carry = 0
    for i in 0..<32 {
      carry += Int(signature[32 + i]) + Int(order[i])
      signature[32 + i] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    #expect(carry == 0)
    let key = try #require(Ed25519PublicKey(vector.publicKey))
    #expect(try !key.isValid(signature, for: vector.message))
  }

  @Test func `keys have 32 bytes`() throws {
    #expect(Ed25519PublicKey([UInt8](repeating: 1, count: 31)) == nil)
    #expect(Ed25519PublicKey([UInt8](repeating: 1, count: 33)) == nil)
    #expect(throws: ParseFailure.self) { try Ed25519PrivateKey(seed: [1, 2, 3]) }
  }
}
