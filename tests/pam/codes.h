/* Which code a login types: computed, or given; shared by all the processes of a run. */
#ifndef CODES_H
#define CODES_H

#include "totp.h"

#include <stdbool.h>

enum code_kind {
    FIXED,       /* fixed:TEXT       always the same */
    TOTP,        /* totp:HEX         of the current step, used or not */
    TOTP_UNUSED, /* unused:HEX       of the earliest step in -1, 0, +1 later than the user's last */
    HOTP,        /* hotp:HEX:COUNTER each counter once per user, from COUNTER on */
};

struct codes {
    enum code_kind kind;
    struct secret secret;
    const char *fixed;
    uint64_t first;
    uint64_t *used; /* per user number, in shared memory: the last step, or how many counters are used */
};

/* Reads KIND:… as above; false if it is malformed. */
bool codes_parse(struct codes *codes, const char *text);

/* Makes room for the users 0 to `users` - 1. With `path` it is kept in that file, so that a later run
 * knows which steps are used; false with errno on failure. */
bool codes_allocate(struct codes *codes, unsigned users, const char *path);

/* The next code of a user. With TOTP_UNUSED it waits for a step that is not used; waited_us grows by
 * the time that took. */
void codes_next(const struct codes *codes, unsigned user, char code[], size_t size, double *waited_us);

#endif
