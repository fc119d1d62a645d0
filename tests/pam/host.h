/* What a login may leave behind in the process that made it, and what it costs other processes. */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>
#include <stdio.h>

/* The state of this process. Two are equal in every field but the sizes when nothing was left. */
struct host {
    long tasks, descriptors, mappings, module_mappings; /* counts */
    long resident_kib, anonymous_kib, peak_kib, virtual_kib;
    uint64_t blocked, ignored, caught; /* signal masks */
    unsigned umask;
    uint64_t environment; /* a hash of all variables */
    char locale[64], directory[256];
};

struct host host_now(void);

/* {"tasks":1,…} without a newline. */
void host_print(FILE *out, const struct host *host);

/* The names of what differs, sizes and mappings left out: ["tasks"], or [] as it should be. */
void host_print_difference(FILE *out, const struct host *before, const struct host *after);

/* The tasks of this process, and its memory: all that is resident, and what of that is no file's.
 * Cheap enough to be asked in each login. */
long host_tasks(void);
void host_memory(long *resident_kib, long *anonymous_kib);

/* Processor time in microseconds: of this process and its ended children; of another process. */
double own_cpu_us(void);
double process_cpu_us(int pid);

double monotonic_us(void);

#endif
