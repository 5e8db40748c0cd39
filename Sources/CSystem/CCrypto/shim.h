#pragma once
/* SHA256_Init and its kind are deprecated in favour of EVP, which costs more than the digest of a short text. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
