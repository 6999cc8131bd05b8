// swift-tools-version: 6.2
import PackageDescription

// The folder list under Sources/ is the architecture: a target is called as its folder, and imports only what
// stands
// above it here. Documentation/Architecture.md has the reasons.
let formats: [Target] = [
  // Bytes and numbers.
  .target(name: "SWTPlatform"),
  .target(name: "CFileCopy"),
  .target(name: "SWTBytes", dependencies: ["SWTPlatform", "CFileCopy"]),
  .target(name: "CThreads"),
  .target(name: "SWTThreads", dependencies: ["SWTPlatform", "CThreads"]),
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
  .target(
    name: "SWTArchives",
    dependencies: [
      "SWTPlatform", "SWTBytes", "SWTChecksums", "CZlib",
      .target(name: "CLibzip", condition: .when(platforms: [.linux, .macOS], traits: ["Libzip"])),
    ]),
  .target(name: "SWTTensorFiles", dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums", "SWTArchives"]),
  .target(
    name: "PthReader",
    dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums", "SWTArchives", "SWTTensorFiles"]),
  .target(name: "PthWriter", dependencies: ["SWTBytes", "SWTTensors", "SWTChecksums"]),

  // Pictures.
  .systemLibrary(
    name: "CLibjpeg", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
  .systemLibrary(
    name: "CLibpng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
  .target(name: "CImageFiles", dependencies: ["CLibjpeg", "CLibpng"]),
  .target(name: "SWTImages", dependencies: ["SWTBytes", "SWT", "CImageFiles"]),

  // The readers as libraries for C.
  .target(name: "PthC"),
  .target(
    name: "PthInterface", dependencies: ["SWTBytes", "SWTTensors", "PthC", "PthReader", "PthWriter"]),
  .target(name: "SWTC"),
  .target(
    name: "SWTInterface", dependencies: ["SWTPlatform", "SWTC", "SWT", "SWTChecksums", "SWTDigests"]),
]

let network: [Target] = [
  // The network.
  .target(name: "ResNetArchitecture", dependencies: ["SWTBytes"]),
  .target(name: "CKernels"),
  .target(
    name: "ResNetEngine",
    dependencies: ["SWTPlatform", "SWTThreads", "SWTTensors", "ResNetArchitecture", "CKernels"]),
  // A network in a weight file: what it is, its weights, and a way to run it.
  .target(
    name: "ResNetModel",
    dependencies: ["SWTPlatform", "SWT", "SWTThreads", "ResNetArchitecture", "ResNetEngine"]),

  // Where formats, network and engine meet.
  .target(name: "SWTInputs", dependencies: ["PthReader", "SWT", "SWTBytes", "SWTTensorFiles"]),
  .target(
    name: "SWTGoldens",
    dependencies: [
      "SWTInputs", "SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "ResNetArchitecture", "SWTTensorFiles",
    ]),
  .target(name: "CRounding"),
  .target(
    name: "SWTConversion",
    dependencies: [
      "SWTInputs", "CRounding", "SWTThreads", "PthReader", "PthWriter", "SWT", "SWTBytes", "SWTTensors",
      "SWTChecksums", "SWTDigests",
      "ResNetArchitecture", "ResNetEngine", "ResNetModel", "SWTGoldens", "SWTTensorFiles",
    ]),
  .target(
    name: "SWTVerification",
    dependencies: [
      "SWTPlatform", "PthReader", "SWT", "SWTBytes", "SWTThreads", "SWTTensors", "SWTChecksums", "SWTDigests",
      "ResNetArchitecture", "ResNetModel", "SWTGoldens", "SWTConversion", "ResNetEngine", "SWTTensorFiles",
    ]),

  // Networks on labeled pictures.
  .target(
    name: "SWTEvaluation",
    dependencies: ["SWTBytes", "SWTThreads", "SWTImages", "ResNetEngine", "ResNetModel"]),

  // The product of that name.
  .target(
    name: "Pth2SWT",
    dependencies: ["PthReader", "ResNetModel", "SWTConversion", "SWTDigests", "SWTVerification"]),

  // Everything that tells people something: tables, reports, pages, differences.
  .target(
    name: "SWTConsole", dependencies: ["SWTPlatform", "SWTBytes", "SWTThreads", "SWTTensorFiles"]),
  .target(
    name: "SWTReports",
    dependencies: [
      "SWTInputs", "PthReader", "SWT", "SWTBytes", "SWTConsole", "SWTThreads", "SWTTensors", "SWTChecksums",
      "SWTDigests", "ResNetArchitecture", "ResNetModel", "SWTConversion", "SWTVerification", "SWTTensorFiles",
      "SWTImages", "SWTEvaluation",
    ]),

  // The program.
  .target(
    name: "SWTCommands",
    dependencies: [
      "SWTArchives", "SWTInputs", "SWTPlatform", "PthReader", "SWT", "SWTBytes", "SWTConsole", "SWTThreads",
      "SWTTensors",
      "SWTChecksums", "SWTDigests", "ResNetArchitecture", "ResNetModel", "SWTGoldens", "SWTConversion",
      "ResNetEngine", "SWTTensorFiles", "SWTVerification", "SWTReports", "SWTImages", "SWTEvaluation",
    ]),
  .executableTarget(name: "pth2swt", dependencies: ["SWTCommands", "SWTConsole", "SWTPlatform"]),
]

let tests: [Target] = [
  // What tests share.
  .target(
    name: "TestSupport",
    dependencies: [
      "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTTensorFiles", "ResNetArchitecture",
    ],
    path: "Tests/Support/TestSupport"),
  .target(
    name: "EngineTestSupport", dependencies: ["ResNetArchitecture", "ResNetEngine", "TestSupport"],
    path: "Tests/Support/EngineTestSupport"),
  .target(name: "CAllocations", path: "Tests/Support/CAllocations"),

  // A test target for each module.
  .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"]),
  .testTarget(name: "SWTBytesTests", dependencies: ["SWTBytes", "TestSupport"]),
  .testTarget(name: "SWTThreadsTests", dependencies: ["SWTThreads", "TestSupport"]),
  .testTarget(name: "SWTTensorsTests", dependencies: ["SWTBytes", "SWTTensors"]),
  .testTarget(name: "SWTChecksumsTests", dependencies: ["SWTChecksums"]),
  .testTarget(
    name: "SWTDigestsTests", dependencies: ["SWTBytes", "SWTChecksums", "SWTDigests", "TestSupport"]),
  .testTarget(
    name: "SWTTests",
    dependencies: ["SWT", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "TestSupport"]),
  .testTarget(name: "SWTArchivesTests", dependencies: ["SWTArchives", "SWTBytes", "TestSupport"]),
  .testTarget(
    name: "SWTTensorFilesTests", dependencies: ["SWTBytes", "SWTTensors", "SWTTensorFiles", "TestSupport"]),
  .testTarget(
    name: "PthReaderTests",
    dependencies: [
      "PthReader", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTDigests", "SWTTensorFiles", "TestSupport",
    ]),
  .testTarget(
    name: "PthWriterTests",
    dependencies: ["PthWriter", "PthReader", "SWTBytes", "SWTTensors", "SWTDigests", "TestSupport"]),
  .testTarget(
    name: "SWTImagesTests",
    dependencies: ["SWTImages", "SWT", "SWTBytes", "SWTChecksums", "SWTTensorFiles", "TestSupport"]),
  .testTarget(
    name: "PthInterfaceTests",
    dependencies: ["PthC", "PthInterface", "PthReader", "SWTChecksums", "SWTDigests", "TestSupport"]),
  .testTarget(
    name: "SWTInterfaceTests",
    dependencies: ["SWT", "SWTC", "SWTChecksums", "SWTDigests", "SWTInterface", "TestSupport"]),
  .testTarget(name: "ResNetArchitectureTests", dependencies: ["ResNetArchitecture"]),
  .testTarget(
    name: "ResNetEngineTests",
    dependencies: [
      "SWTThreads", "ResNetEngine", "ResNetArchitecture", "CAllocations", "EngineTestSupport", "TestSupport",
    ]),
  .testTarget(
    name: "ResNetModelTests",
    dependencies: ["ResNetModel", "ResNetArchitecture", "SWT", "SWTDigests", "TestSupport"]),
  .testTarget(
    name: "SWTInputsTests", dependencies: ["SWTInputs", "SWTBytes", "PthReader", "TestSupport"]),
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
      "PthReader", "ResNetArchitecture", "ResNetEngine", "ResNetModel", "SWT", "SWTBytes", "SWTChecksums",
      "SWTConversion", "SWTDigests", "SWTTensors", "SWTThreads", "TestSupport",
    ]),
  .testTarget(
    name: "SWTVerificationTests",
    dependencies: [
      "SWTConsole", "SWTThreads", "EngineTestSupport", "SWTBytes", "SWTChecksums", "SWTDigests",
      "SWTGoldens", "ResNetEngine", "ResNetArchitecture", "SWTTensors", "SWTTensorFiles", "SWTVerification",
      "TestSupport",
    ]),
  .testTarget(
    name: "SWTEvaluationTests", dependencies: ["SWTEvaluation", "TestSupport"]),
  .testTarget(name: "SWTConsoleTests", dependencies: ["SWTConsole", "TestSupport"]),
  .testTarget(
    name: "SWTReportsTests",
    dependencies: ["ResNetArchitecture", "SWT", "SWTDigests", "SWTReports", "TestSupport"]),
  .testTarget(
    name: "SWTCommandsTests",
    dependencies: [
      "SWTChecksums", "SWTConsole", "PthReader", "SWT", "SWTBytes", "SWTCommands", "SWTDigests", "SWTGoldens",
      "ResNetArchitecture", "SWTTensors", "SWTThreads",
      "SWTTensorFiles", "SWTVerification", "TestSupport",
    ]),

  // Tests of the whole.
  .testTarget(
    name: "FullSizeTests",
    dependencies: [
      "SWTThreads", "SWTBytes", "SWTChecksums", "SWTDigests", "SWTGoldens", "ResNetEngine",
      "ResNetArchitecture",
      "SWTTensorFiles", "SWTVerification", "TestSupport",
    ],
    path: "Tests/System/FullSizeTests"),
  .target(
    name: "FuzzTargets",
    dependencies: [
      "PthReader", "SWT", "SWTArchives", "SWTBytes", "SWTTensors", "SWTChecksums", "SWTConversion",
      "SWTDigests",
      "SWTTensorFiles", "ResNetArchitecture", "TestSupport",
    ],
    path: "Tests/Fuzz/Targets"),
  .testTarget(
    name: "FuzzFailureTests", dependencies: ["FuzzTargets", "TestSupport"], path: "Tests/Fuzz/Replay"),
]

let package = Package(
  name: "pth2swt",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    // Each is imported by its name. Weight files, to read and to write (a writer needs digests).
    .library(name: "SWT", targets: ["SWT"]),
    .library(name: "SWTDigests", targets: ["SWTDigests"]),
    // Checkpoints.
    .library(name: "PthReader", targets: ["PthReader"]),
    .library(name: "PthWriter", targets: ["PthWriter"]),
    // A network in a weight file, run by the engine: no archive library, no cryptography.
    .library(name: "ResNetModel", targets: ["ResNetModel"]),
    // Pictures as the input of a network, as torchvision prepares them.
    .library(name: "SWTImages", targets: ["SWTImages"]),
    // All of it: conversion and verification too.
    .library(name: "Pth2SWT", targets: ["Pth2SWT"]),
    // The checkpoint reader for C: under the name of its module, and as packages call the library.
    .library(name: "PthC", type: .dynamic, targets: ["PthInterface", "PthC"]),
    .library(name: "pth2swt_pth", type: .dynamic, targets: ["PthInterface", "PthC"]),
    // The weight-file reader for C.
    .library(name: "SWTC", type: .dynamic, targets: ["SWTInterface", "SWTC"]),
    .executable(name: "pth2swt", targets: ["pth2swt"]),
  ],
  traits: [
    .default(enabledTraits: ["Libzip"]),
    .trait(
      name: "Libzip",
      description:
        "Reads the directories of zip archives with libzip; otherwise, with this package's own reader."),
  ],
  targets: formats + network + tests,
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
  "CAllocations", "CRounding", "SWTC", "CLibjpeg", "CLibpng", "CImageFiles",
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
