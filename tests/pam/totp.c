#include "totp.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 64, DIGEST = 20 };

static uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

static uint32_t big_endian(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void sha1_block(uint32_t state[5], const uint8_t block[BLOCK]) {
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++) w[i] = big_endian(block + 4 * i);
    for (int i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20) f = (b & c) | (~b & d), k = 0x5A827999;
        else if (i < 40) f = b ^ c ^ d, k = 0x6ED9EBA1;
        else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
        else f = b ^ c ^ d, k = 0xCA62C1D6;
        uint32_t next = rotate(a, 5) + f + e + k + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* SHA-1 of one whole block followed by at most 55 bytes: all that HMAC of a short message needs. */
static void sha1(const uint8_t head[BLOCK], const uint8_t *tail, size_t n, uint8_t digest[DIGEST]) {
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    uint8_t last[BLOCK] = {0};
    size_t bits = (BLOCK + n) * 8;
    memcpy(last, tail, n);
    last[n] = 0x80;
    last[BLOCK - 2] = (uint8_t)(bits >> 8);
    last[BLOCK - 1] = (uint8_t)bits;
    sha1_block(state, head);
    sha1_block(state, last);
    for (int i = 0; i < DIGEST; i++) digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static void hmac_sha1(const struct secret *key, const uint8_t *message, size_t n, uint8_t mac[DIGEST]) {
    uint8_t inner[BLOCK], outer[BLOCK], digest[DIGEST];
    for (size_t i = 0; i < BLOCK; i++) {
        uint8_t byte = i < key->length ? key->bytes[i] : 0;
        inner[i] = byte ^ 0x36;
        outer[i] = byte ^ 0x5c;
    }
    sha1(inner, message, n, digest);
    sha1(outer, digest, DIGEST, mac);
}

const char *secret_from_hex(struct secret *secret, const char *hex, char stop) {
    secret->length = 0;
    while (*hex && *hex != stop) {
        unsigned byte;
        int used = 0;
        if (secret->length == sizeof secret->bytes) return NULL;
        if (sscanf(hex, "%2x%n", &byte, &used) != 1 || used != 2) return NULL;
        secret->bytes[secret->length++] = (uint8_t)byte;
        hex += 2;
    }
    return secret->length ? hex : NULL;
}

void hotp_code(const struct secret *secret, uint64_t counter, char code[CODE_SIZE]) {
    uint8_t message[8], mac[DIGEST];
    for (int i = 0; i < 8; i++) message[i] = (uint8_t)(counter >> (56 - 8 * i));
    hmac_sha1(secret, message, sizeof message, mac);
    uint32_t value = big_endian(mac + (mac[DIGEST - 1] & 15)) & 0x7fffffff;
    snprintf(code, CODE_SIZE, "%06u", value % 1000000u);
}

int totp_self_test(void) {
    static const char *const expected[] = {"755224", "287082", "359152", "969429", "338314",
                                           "254676", "287922", "162583", "399871", "520489"};
    struct secret secret = {.length = 20};
    memcpy(secret.bytes, "12345678901234567890", 20);
    for (uint64_t counter = 0; counter < 10; counter++) {
        char code[CODE_SIZE];
        hotp_code(&secret, counter, code);
        if (strcmp(code, expected[counter]) != 0) return -1;
    }
    return 0;
}
