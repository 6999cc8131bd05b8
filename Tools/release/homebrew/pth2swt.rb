# For a tap: replace OWNER by the owner of the published repository, then `brew install --HEAD
# OWNER/tap/pth2swt`.
class Pth2swt < Formula
  desc "PyTorch ResNet and ResNeXt checkpoints for other engines"
  homepage "https://github.com/OWNER/pth2swt"
  head "https://github.com/OWNER/pth2swt.git", branch: "main"
  license "Apache-2.0"

  depends_on "pkgconf" => :build
  depends_on xcode: ["26.0", :build]
  depends_on "jpeg-turbo"
  depends_on "libpng"
  depends_on "libzip"
  depends_on macos: :sequoia
  uses_from_macos "swift" => :build
  uses_from_macos "zlib"

  on_linux do
    depends_on "openssl@3"
  end

  def install
    system "swift", "build", "--disable-sandbox", "-c", "release", "--product", "pth2swt"
    bin.install ".build/release/pth2swt"
    include.install "Readers/c/swt.h"
    generate_completions_from_executable(bin/"pth2swt", "completions")
    (man1/"pth2swt.1").write Utils.safe_popen_read(bin/"pth2swt", "man")
    pkgshare.install "Fixtures/checkpoints/resnext_small.pth", "Fixtures/goldens/resnext_small"
  end

  test do
    system bin/"pth2swt", "convert", pkgshare/"resnext_small.pth", "-o", "small.swt",
           "--golden", pkgshare/"resnext_small/image-64.golden.safetensors"
    assert_match "verdict: pass", shell_output("#{bin}/pth2swt verify small.swt")
  end
end
