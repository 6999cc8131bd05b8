// swift-tools-version: 6.2
import PackageDescription

// The folder list under Sources/ is the architecture; a target imports only what stands above it here.
let package = Package(
  name: "pth2swt",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "SWT", targets: ["SWT"]),
    .library(name: "PthReader", targets: ["PthReader"]),
    .library(
      name: "Pth2SWT",
      targets: ["SWTConversion", "SWTVerification", "SWTInference", "SWTResNet", "SWTDigests"]),
    .library(name: "SWTC", type: .dynamic, targets: ["SWTInterface", "CSWTInterface"]),
    .executable(name: "pth2swt", targets: ["pth2swt"]),
  ],
  targets: [
    // Bytes and numbers.
    .target(name: "CFileCopy"),
    .target(name: "SWTBytes", dependencies: ["CFileCopy"], path: "Sources/Bytes"),
    .target(name: "SWTTensors", dependencies: ["SWTBytes"], path: "Sources/Tensors"),
    .target(name: "CChecksums"),
    .target(name: "SWTChecksums", dependencies: ["CChecksums"], path: "Sources/Checksums"),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .target(
      name: "SWTDigests",
      dependencies: [
        "SWTBytes", "SWTChecksums", .target(name: "CCrypto", condition: .when(platforms: [.linux])),
      ],
      path: "Sources/Digests"),

    // Formats.
    .systemLibrary(
      name: "CLibzip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(
      name: "SWT", dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums"], path: "Sources/WeightFile"),
    .target(
      name: "SWTTensorFiles", dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums", "CZlib"],
      path: "Sources/TensorFiles"),
    .target(
      name: "PthReader",
      dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums", "SWTTensorFiles", "CLibzip", "CZlib"],
      path: "Sources/Checkpoint"),

    // The reader as a library for C.
    .target(name: "CSWTInterface", path: "Sources/CInterface/Header"),
    .target(
      name: "SWTInterface", dependencies: ["CSWTInterface", "SWT", "SWTChecksums", "SWTDigests"],
      path: "Sources/CInterface/Library"),

    // The network.
    .target(name: "SWTResNet", dependencies: ["SWTBytes"], path: "Sources/ResNet"),
    .target(name: "CKernels"),
    .target(name: "CThreads"),
    .target(
      name: "SWTInference", dependencies: ["SWTTensors", "SWTResNet", "CKernels", "CThreads"],
      path: "Sources/Inference"),

    // Pages that people look at, whatever is on them.
    .target(name: "SWTPages", dependencies: ["SWTBytes"], path: "Sources/Pages"),

    // Where formats, network and engine meet.
    .target(
      name: "SWTGoldens",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTResNet", "SWTTensorFiles",
      ],
      path: "Sources/Goldens"),
    .target(name: "CRounding"),
    .target(
      name: "SWTConversion",
      dependencies: [
        "CRounding", "CThreads", "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests",
        "SWTResNet",
        "SWTGoldens",
        "SWTTensorFiles",
      ],
      path: "Sources/Conversion"),
    .target(
      name: "SWTSurvey",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTResNet", "SWTConversion",
        "SWTTensorFiles",
      ],
      path: "Sources/Survey"),
    .target(
      name: "SWTVerification",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTResNet", "SWTGoldens",
        "SWTConversion", "SWTInference", "SWTTensorFiles", "SWTPages", "SWTSurvey",
      ],
      path: "Sources/Verification"),

    // The program.
    .target(
      name: "SWTCommands",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTResNet", "SWTGoldens",
        "SWTConversion", "SWTInference", "SWTTensorFiles", "SWTVerification", "SWTPages", "SWTSurvey",
      ],
      path: "Sources/Commands"),
    .executableTarget(name: "pth2swt", dependencies: ["SWTCommands"]),

    // Tests.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTTensorFiles",
        "TestSupport",
      ],
      path: "Tests/Fuzz/Targets"),
    .target(
      name: "TestSupport", dependencies: ["SWTBytes", "SWTTensors", "SWTTensorFiles", "SWTResNet"],
      path: "Tests/TestSupport"),
    .testTarget(
      name: "FuzzFailureTests", dependencies: ["FuzzTargets", "TestSupport"], path: "Tests/Fuzz/Replay"),
    .testTarget(name: "BytesTests", dependencies: ["SWTBytes", "TestSupport"]),
    .testTarget(
      name: "DigestsTests", dependencies: ["SWTBytes", "SWTChecksums", "SWTDigests", "TestSupport"]),
    .testTarget(
      name: "TensorFilesTests", dependencies: ["SWTBytes", "SWTTensors", "SWTTensorFiles", "TestSupport"]),
    .testTarget(
      name: "CheckpointTests",
      dependencies: [
        "PthReader", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTTensorFiles", "TestSupport",
      ]),
    .testTarget(
      name: "WeightFileTests",
      dependencies: ["SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "TestSupport"]),
    .testTarget(name: "ResNetTests", dependencies: ["SWTResNet"]),
    .testTarget(
      name: "CommandsTests",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTCommands", "SWTResNet", "SWTTensors", "SWTTensorFiles",
        "TestSupport",
      ]),
    .testTarget(
      name: "FullSizeTests",
      dependencies: [
        "SWTBytes", "SWTChecksums", "SWTDigests", "SWTGoldens", "SWTInference", "SWTResNet", "SWTTensorFiles",
        "SWTVerification", "TestSupport",
      ]),
    .testTarget(
      name: "VerificationTests",
      dependencies: [
        "SWTBytes", "SWTChecksums", "SWTCommands", "SWTDigests", "SWTGoldens", "SWTInference", "SWTResNet",
        "SWTTensors",
        "SWTTensorFiles", "SWTVerification", "TestSupport",
      ]),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels"]),
    .testTarget(name: "RoundingTests", dependencies: ["CRounding", "SWTTensors"]),
    .target(name: "CAllocations", path: "Tests/Allocations"),
    .testTarget(
      name: "InferenceTests",
      dependencies: ["SWTInference", "SWTResNet", "SWTVerification", "CAllocations", "TestSupport"]),
    .testTarget(
      name: "GoldensTests",
      dependencies: [
        "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTResNet", "SWTTensorFiles", "SWTGoldens",
        "TestSupport",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)

// The fuzzer has no main of its own, so an ordinary build must not see it: scripts/fuzz sets the variable.
if Context.environment["PTH2SWT_FUZZ"] != nil {
  package.targets += [
    .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    .executableTarget(name: "Fuzzer", dependencies: ["CFuzzer", "FuzzTargets"], path: "Tests/Fuzz/Fuzzer"),
  ]
}

// One policy for every Swift target, applied after the table so that none is missed.
let foreign: Set<String> = [
  "CFileCopy", "CKernels", "CThreads", "CChecksums", "CLibzip", "CZlib", "CCrypto", "CFuzzer",
  "CAllocations",
]
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
