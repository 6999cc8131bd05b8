// swift-tools-version: 6.2
import PackageDescription

// A package that uses pth2swt. Outside this repository, the dependency is
// `.package(url: "https://…/pth2swt", from: "0.1.0")`.
let package = Package(
  name: "classify",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "pth2swt", path: "../..")],
  targets: [
    // Decodes files with libjpeg-turbo and libpng, called from C because they report errors with longjmp.
    .systemLibrary(
      name: "CLibjpeg", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CLibpng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CImageFiles", dependencies: ["CLibjpeg", "CLibpng"]),

    // Resizes and crops like PIL and torchvision.
    .target(name: "Images", dependencies: ["CImageFiles"]),

    // Turns pixels into the input of a network, and its output into labels.
    .target(
      name: "Classification",
      dependencies: [
        "Images",
        .product(name: "ResNetModel", package: "pth2swt"),
        .product(name: "Pth2SWT", package: "pth2swt"),
      ]),
    .executableTarget(name: "classify", dependencies: ["Classification", "Images"]),
    .testTarget(
      name: "ClassificationTests",
      dependencies: [
        "Classification", "Images",
        .product(name: "ResNetModel", package: "pth2swt"),
        .product(name: "Pth2SWT", package: "pth2swt"),
      ]),
  ]
)
