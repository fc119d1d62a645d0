#include "codes.h"

#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool codes_parse(struct codes *codes, const char *text) {
    const char *colon = strchr(text, ':');
    if (!colon) return false;
    size_t length = (size_t)(colon - text);
    const char *value = colon + 1;
    if (length == 5 && strncmp(text, "fixed", length) == 0) {
        codes->kind = FIXED;
        codes->fixed = value;
        return true;
    }
    if (length == 4 && strncmp(text, "totp", length) == 0) codes->kind = TOTP;
    else if (length == 6 && strncmp(text, "unused", length) == 0) codes->kind = TOTP_UNUSED;
    else if (length == 4 && strncmp(text, "hotp", length) == 0) codes->kind = HOTP;
    else return false;

    const char *end = secret_from_hex(&codes->secret, value, ':');
    if (!end) return false;
    if (codes->kind != HOTP) return *end == '\0';
    if (*end != ':') return false;
    char *rest;
    codes->first = strtoull(end + 1, &rest, 10);
    return *rest == '\0';
}

bool codes_allocate(struct codes *codes, unsigned users, const char *path) {
    size_t size = users * sizeof *codes->used;
    int fd = -1, flags = MAP_SHARED | MAP_ANONYMOUS;
    if (path) {
        struct stat file;
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || fstat(fd, &file) != 0) return false;
        if (file.st_size < (off_t)size && ftruncate(fd, (off_t)size) != 0) return false; /* a hole reads as zeros */
        flags = MAP_SHARED;
    }
    codes->used = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (fd >= 0) close(fd);
    return codes->used != MAP_FAILED;
}

static uint64_t current_step(void) { return (uint64_t)time(NULL) / TOTP_PERIOD; }

/* The verifier takes the steps -1, 0 and +1, each once and only upwards. A code that would be too old
 * in MARGIN seconds is not used: it might be judged only then. */
static uint64_t unused_step(uint64_t *last, double *waited_us) {
    enum { MARGIN = 2 };
    double began = 0;
    for (;;) {
        uint64_t now = (uint64_t)time(NULL), next = *last + 1, oldest = (now + MARGIN) / TOTP_PERIOD - 1;
        if (next < oldest) next = oldest;
        if (next <= now / TOTP_PERIOD + 1) {
            if (began > 0) *waited_us += monotonic_us() - began;
            return *last = next;
        }
        if (began == 0) began = monotonic_us();
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000 * 1000}, NULL);
    }
}

void codes_next(const struct codes *codes, unsigned user, char code[], size_t size, double *waited_us) {
    char digits[CODE_SIZE];
    switch (codes->kind) {
    case FIXED: snprintf(code, size, "%s", codes->fixed); return;
    case TOTP: hotp_code(&codes->secret, current_step(), digits); break;
    case TOTP_UNUSED: hotp_code(&codes->secret, unused_step(&codes->used[user], waited_us), digits); break;
    case HOTP: hotp_code(&codes->secret, codes->first + codes->used[user]++, digits); break;
    }
    snprintf(code, size, "%s", digits);
}
