/* A run of logins: what is asked for, and what came of it. */
#ifndef LOAD_H
#define LOAD_H

#include "codes.h"

#include <pthread.h>
#include <stdatomic.h>

struct plan {
    const char *confdir, *service, *rhost;
    const char *user_format; /* "alice", or "u%06u" with the user's number */
    unsigned first_user, users;
    unsigned logins, warmup, workers;
    bool fresh_process;    /* each login in a program started for it */
    bool worker_threads;   /* the workers are threads of this process, else processes */
    bool thread_per_login; /* each login in a thread started for it */
    bool account;          /* pam_acct_mgmt too, where pam_authenticate succeeds (not in fresh_process) */
    bool one_answer;       /* hang up at the second prompt */
    bool sample;           /* look at this process from within each login */
    bool race;             /* all workers log in at once as one user with one code, round after round */
    unsigned alarm_us;     /* interrupt the process so often; 0: never */
    struct codes codes;
};

/* Filled by all workers; in shared memory. */
struct record {
    double *latency_us;     /* per login */
    unsigned char *results; /* per login: PAM's, or DIED */
    atomic_long most_tasks, most_resident_kib, most_anonymous_kib;
    double *waited_us; /* per worker: time spent waiting for an unused step, part of no latency */
    pthread_barrier_t barrier;
    char code[64]; /* of this round of a race */
};

enum { DIED = 255 };

/* Room for a run's figures; ends the program where there is none. */
struct record *record_new(const struct plan *plan);

/* `n` logins one after another by this process that no figure counts. */
void run_warmup(const struct plan *plan, struct record *record);

/* All logins of the plan. */
void run(const struct plan *plan, struct record *record);

/* The program that plan.fresh_process starts: CONFDIR SERVICE USER CODE [RHOST]; returns PAM's result. */
int run_one(int argc, char **argv);

#endif
