// swift-tools-version: 6.2
import PackageDescription

// The folder list under Sources/ is the architecture; a target imports only what stands above it here.
let package = Package(
  name: "pth2swt",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "SWT", targets: ["SWT"])
  ],
  targets: [
    .target(name: "SWTBytes", path: "Sources/Bytes"),
    .target(name: "SWTTensors", dependencies: ["SWTBytes"], path: "Sources/Tensors"),
    .target(name: "CChecksums"),
    .target(name: "SWTChecksums", dependencies: ["CChecksums"], path: "Sources/Checksums"),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .target(
      name: "SWTDigests",
      dependencies: ["SWTChecksums", .target(name: "CCrypto", condition: .when(platforms: [.linux]))],
      path: "Sources/Digests"),
    .target(
      name: "SWT", dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums"], path: "Sources/WeightFile"),
    .target(name: "SWTResNet", path: "Sources/ResNet"),

    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(name: "BytesTests", dependencies: ["SWTBytes", "TestSupport"]),
    .testTarget(name: "DigestsTests", dependencies: ["SWTChecksums", "SWTDigests"]),
    .testTarget(
      name: "WeightFileTests",
      dependencies: ["SWT", "SWTBytes", "SWTChecksums", "SWTDigests", "TestSupport"]),
    .testTarget(name: "ResNetTests", dependencies: ["SWTResNet"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)

// One policy for every Swift target, applied after the table so that none is missed.
let foreign: Set<String> = ["CKernels", "CThreads", "CChecksums", "CLibzip", "CZlib", "CCrypto"]
for target in package.targets where !foreign.contains(target.name) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .strictMemorySafety(),
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableExperimentalFeature("Lifetimes"),
      .treatAllWarnings(as: .error),
    ]
}
