/* HOTP and TOTP codes (RFC 4226, RFC 6238): SHA-1, six digits, 30 s. */
#ifndef TOTP_H
#define TOTP_H

#include <stddef.h>
#include <stdint.h>

#define TOTP_PERIOD 30
#define CODE_SIZE 7 /* six digits and the NUL */

struct secret {
    uint8_t bytes[64]; /* one SHA-1 block: longer keys are not needed here */
    size_t length;
};

/* Reads hexadecimal digits up to the end or to `stop`. Returns where it ended, NULL if malformed. */
const char *secret_from_hex(struct secret *secret, const char *hex, char stop);

/* The code of a counter; for TOTP the counter is the step, seconds / TOTP_PERIOD. */
void hotp_code(const struct secret *secret, uint64_t counter, char code[CODE_SIZE]);

/* Checks the vectors of RFC 4226 appendix D; 0 when all fit. */
int totp_self_test(void);

#endif
