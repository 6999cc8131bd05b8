// swift-tools-version: 6.2
import PackageDescription

// The folder list under Sources/ is the architecture: a target is called as its folder, and imports only what stands
// above it here. Documentation/Architecture.md has the reasons.
let package = Package(
  name: "pth2swt",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "SWT", targets: ["SWT"]),
    .library(name: "PthReader", targets: ["PthReader"]),
    .library(
      name: "Pth2SWT",
      targets: ["SWTConversion", "SWTVerification", "ResNetEngine", "ResNetArchitecture", "SWTDigests"]),
    .library(name: "SWTC", type: .dynamic, targets: ["SWTInterface", "SWTC"]),
    .executable(name: "pth2swt", targets: ["pth2swt"]),
  ],
  targets: [
    // Bytes and numbers.
    .target(name: "CFileCopy"),
    .target(name: "SWTBytes", dependencies: ["CFileCopy"]),
    .target(name: "SWTTensors", dependencies: ["SWTBytes"]),
    .target(name: "CChecksums"),
    .target(name: "SWTChecksums", dependencies: ["CChecksums"]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
    .target(
      name: "SWTDigests",
      dependencies: [
        "SWTBytes", "SWTChecksums", .target(name: "CCrypto", condition: .when(platforms: [.linux])),
      ]),

    // Formats.
    .systemLibrary(
      name: "CLibzip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "SWT", dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums"]),
    .target(name: "SWTTensorFiles", dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums", "CZlib"]),
    .target(
      name: "PthReader",
      dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums", "SWTTensorFiles", "CLibzip", "CZlib"]),

    // The reader as a library for C.
    .target(name: "SWTC"),
    .target(name: "SWTInterface", dependencies: ["SWTC", "SWT", "SWTChecksums", "SWTDigests"]),

    // The network.
    .target(name: "ResNetArchitecture", dependencies: ["SWTBytes"]),
    .target(name: "CKernels"),
    .target(name: "CThreads"),
    .target(
      name: "ResNetEngine", dependencies: ["SWTTensors", "ResNetArchitecture", "CKernels", "CThreads"]),

    // Pages that people look at, whatever is on them.
    .target(name: "SWTPages", dependencies: ["SWTBytes"]),

    // Where formats, network and engine meet.
    .target(
      name: "SWTGoldens",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "ResNetArchitecture", "SWTTensorFiles",
      ]),
    .target(name: "CRounding"),
    .target(
      name: "SWTConversion",
      dependencies: [
        "CRounding", "CThreads", "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests",
        "ResNetArchitecture", "SWTGoldens", "SWTTensorFiles",
      ]),
    .target(
      name: "SWTSurvey",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "ResNetArchitecture", "SWTConversion",
        "SWTTensorFiles",
      ]),
    .target(
      name: "SWTVerification",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "ResNetArchitecture",
        "SWTGoldens", "SWTConversion", "ResNetEngine", "SWTTensorFiles", "SWTPages", "SWTSurvey",
      ]),

    // The program.
    .target(
      name: "SWTCommands",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "ResNetArchitecture",
        "SWTGoldens", "SWTConversion", "ResNetEngine", "SWTTensorFiles", "SWTVerification", "SWTPages",
        "SWTSurvey",
      ]),
    .executableTarget(name: "pth2swt", dependencies: ["SWTCommands"]),

    // What tests share.
    .target(
      name: "TestSupport", dependencies: ["SWTBytes", "SWTTensors", "SWTTensorFiles", "ResNetArchitecture"],
      path: "Tests/Support/TestSupport"),
    .target(
      name: "EngineTestSupport", dependencies: ["ResNetArchitecture", "ResNetEngine", "TestSupport"],
      path: "Tests/Support/EngineTestSupport"),
    .target(name: "CAllocations", path: "Tests/Support/CAllocations"),

    // A test target for each module.
    .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"]),
    .testTarget(name: "SWTBytesTests", dependencies: ["SWTBytes", "TestSupport"]),
    .testTarget(name: "SWTTensorsTests", dependencies: ["SWTBytes", "SWTTensors"]),
    .testTarget(name: "SWTChecksumsTests", dependencies: ["SWTChecksums"]),
    .testTarget(
      name: "SWTDigestsTests", dependencies: ["SWTBytes", "SWTChecksums", "SWTDigests", "TestSupport"]),
    .testTarget(
      name: "SWTTensorFilesTests", dependencies: ["SWTBytes", "SWTTensors", "SWTTensorFiles", "TestSupport"]),
    .testTarget(
      name: "SWTTests",
      dependencies: ["SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "TestSupport"]),
    .testTarget(
      name: "PthReaderTests",
      dependencies: [
        "PthReader", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTTensorFiles", "TestSupport",
      ]),
    .testTarget(
      name: "SWTInterfaceTests",
      dependencies: ["SWT", "SWTC", "SWTChecksums", "SWTDigests", "SWTInterface", "TestSupport"]),
    .testTarget(name: "ResNetArchitectureTests", dependencies: ["ResNetArchitecture"]),
    .testTarget(
      name: "ResNetEngineTests",
      dependencies: [
        "ResNetEngine", "ResNetArchitecture", "CAllocations", "EngineTestSupport", "TestSupport",
      ]),
    .testTarget(name: "SWTPagesTests", dependencies: ["SWTPages", "TestSupport"]),
    .testTarget(
      name: "SWTGoldensTests",
      dependencies: [
        "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "ResNetArchitecture", "SWTTensorFiles",
        "SWTGoldens", "TestSupport",
      ]),
    .testTarget(name: "CRoundingTests", dependencies: ["CRounding", "SWTTensors"]),
    .testTarget(
      name: "SWTConversionTests",
      dependencies: [
        "ResNetArchitecture", "SWT", "SWTBytes", "SWTChecksums", "SWTConversion", "SWTDigests", "SWTTensors",
        "TestSupport",
      ]),
    .testTarget(
      name: "SWTSurveyTests",
      dependencies: ["ResNetArchitecture", "SWT", "SWTDigests", "SWTSurvey", "TestSupport"]),
    .testTarget(
      name: "SWTVerificationTests",
      dependencies: [
        "EngineTestSupport", "SWTBytes", "SWTChecksums", "SWTDigests", "SWTGoldens", "ResNetEngine",
        "ResNetArchitecture", "SWTTensors", "SWTTensorFiles", "SWTVerification", "TestSupport",
      ]),
    .testTarget(
      name: "SWTCommandsTests",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTCommands", "SWTGoldens", "ResNetArchitecture", "SWTTensors",
        "SWTTensorFiles", "SWTVerification", "TestSupport",
      ]),

    // Tests of the whole.
    .testTarget(
      name: "FullSizeTests",
      dependencies: [
        "SWTBytes", "SWTChecksums", "SWTDigests", "SWTGoldens", "ResNetEngine", "ResNetArchitecture",
        "SWTTensorFiles", "SWTVerification", "TestSupport",
      ],
      path: "Tests/System/FullSizeTests"),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "PthReader", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTTensorFiles",
        "TestSupport",
      ],
      path: "Tests/Fuzz/Targets"),
    .testTarget(
      name: "FuzzFailureTests", dependencies: ["FuzzTargets", "TestSupport"], path: "Tests/Fuzz/Replay"),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)

// The fuzzer has no main of its own, so an ordinary build must not see it: Tools/fuzz sets the variable.
if Context.environment["PTH2SWT_FUZZ"] != nil {
  package.targets += [
    .target(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
    .executableTarget(name: "Fuzzer", dependencies: ["CFuzzer", "FuzzTargets"], path: "Tests/Fuzz/Fuzzer"),
  ]
}

for target in package.targets where target.type == .test && target.path == nil {
  target.path = "Tests/Unit/\(target.name)"
}

// One policy for every Swift target, applied after the table so that none is missed.
let foreign: Set<String> = [
  "CFileCopy", "CKernels", "CThreads", "CChecksums", "CLibzip", "CZlib", "CCrypto", "CFuzzer",
  "CAllocations", "CRounding", "SWTC",
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
