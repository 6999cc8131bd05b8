// swift-tools-version: 6.2
import PackageDescription

// A package that uses pth2swt. Outside this repository, the dependency is
// `.package(url: "https://…/pth2swt", from: "0.1.0")`.
let package = Package(
  name: "classify",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "pth2swt", path: "../..")],
  targets: [
    .executableTarget(
      name: "classify",
      dependencies: [
        .product(name: "ResNetModel", package: "pth2swt"),
        .product(name: "SWTImages", package: "pth2swt"),
      ])
  ]
)
