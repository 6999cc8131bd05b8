// swift-tools-version: 6.2
import PackageDescription

// What a package that uses pth2swt looks like. Outside this repository the dependency is
// `.package(url: "https://…/pth2swt", from: "0.1.0")`.
let package = Package(
  name: "classify",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "pth2swt", path: "../..")],
  targets: [
    // A file becomes pixels: libjpeg-turbo and libpng, called from C because they report errors by longjmp.
    .systemLibrary(
      name: "CLibjpeg", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CLibpng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CImageFiles", dependencies: ["CLibjpeg", "CLibpng"]),

    // Pixels become other pixels, as PIL and torchvision make them.
    .target(name: "Images", dependencies: ["CImageFiles"]),

    // Pixels become the input of a network, and its output becomes names.
    .target(
      name: "Classification",
      dependencies: [
        "Images",
        .product(name: "SWT", package: "pth2swt"),
        .product(name: "Pth2SWT", package: "pth2swt"),
      ]),
    .executableTarget(name: "classify", dependencies: ["Classification", "Images"]),
    .testTarget(
      name: "ClassificationTests",
      dependencies: [
        "Classification", "Images",
        .product(name: "SWT", package: "pth2swt"),
        .product(name: "Pth2SWT", package: "pth2swt"),
      ]),
  ]
)
