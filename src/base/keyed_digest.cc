#include "base/keyed_digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <memory>
#include <stdexcept>

namespace hailo_clip {
namespace {

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

void Check(bool good) {
  if (!good) throw std::runtime_error("OpenSSL cannot compute GMAC");
}

// The keyed state; each digest starts from a copy.
class Keyed {
 public:
  Keyed() : mac_(EVP_MAC_fetch(nullptr, "GMAC", nullptr)) {
    Check(mac_ != nullptr);
    context_.reset(EVP_MAC_CTX_new(mac_.get()));
    std::array<unsigned char, 16> key = {};
    std::array<unsigned char, 12> nonce = {};
    char cipher[] = "AES-128-GCM";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                                 OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, nonce.data(), nonce.size()),
                                 OSSL_PARAM_construct_end()};
    Check(context_ != nullptr && RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
    Check(EVP_MAC_init(context_.get(), key.data(), key.size(), params) == 1);
  }

  [[nodiscard]] std::unique_ptr<EVP_MAC_CTX, FreeMac> Copy() const {
    return std::unique_ptr<EVP_MAC_CTX, FreeMac>(EVP_MAC_CTX_dup(context_.get()));
  }

 private:
  std::unique_ptr<EVP_MAC, FreeMac> mac_;
  std::unique_ptr<EVP_MAC_CTX, FreeMac> context_;
};

}  // namespace

Digest128 KeyedDigest(std::span<const std::byte> bytes) {
  static const Keyed keyed;
  const auto context = keyed.Copy();
  Digest128 digest;
  std::size_t size = 0;
  Check(context != nullptr &&
        EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1 &&
        EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &size, digest.size()) == 1 &&
        size == digest.size());
  return digest;
}

}  // namespace hailo_clip
