#include "load.h"

#include "host.h"

#include <security/pam_appl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct login {
    const struct plan *plan;
    struct record *record; /* NULL: nothing is sampled */
    char user[64], code[64];
    unsigned answers;
    int result;
};

static void die(const char *what) {
    perror(what);
    exit(2);
}

static void raise_to(atomic_long *most, long value) {
    long seen = atomic_load(most);
    while (value > seen && !atomic_compare_exchange_weak(most, &seen, value)) {}
}

static int answer(int n, const struct pam_message **messages, struct pam_response **replies, void *data) {
    struct login *login = data;
    if (login->record && login->plan->sample) {
        long resident, anonymous;
        host_memory(&resident, &anonymous);
        raise_to(&login->record->most_tasks, host_tasks());
        raise_to(&login->record->most_resident_kib, resident);
        raise_to(&login->record->most_anonymous_kib, anonymous);
    }
    *replies = calloc((size_t)n, sizeof **replies);
    if (!*replies) return PAM_BUF_ERR;
    for (int i = 0; i < n; i++) {
        int style = messages[i]->msg_style;
        if (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON) continue;
        if (login->answers++ == 0 || !login->plan->one_answer) (*replies)[i].resp = strdup(login->code);
        if ((*replies)[i].resp) continue;
        for (int j = 0; j < i; j++) free((*replies)[j].resp);
        free(*replies);
        *replies = NULL;
        return PAM_CONV_ERR;
    }
    return PAM_SUCCESS;
}

static void *log_in_here(void *data) {
    struct login *login = data;
    struct pam_conv conversation = {.conv = answer, .appdata_ptr = login};
    pam_handle_t *handle = NULL;
    const struct plan *plan = login->plan;
    int result = pam_start_confdir(plan->service, login->user, &conversation, plan->confdir, &handle);
    if (result == PAM_SUCCESS && plan->rhost) result = pam_set_item(handle, PAM_RHOST, plan->rhost);
    if (result == PAM_SUCCESS) result = pam_authenticate(handle, 0);
    if (result == PAM_SUCCESS && plan->account) result = pam_acct_mgmt(handle, 0);
    if (handle) pam_end(handle, result);
    login->result = result;
    return NULL;
}

/* In a program of its own. The code is on its command line: it is a test's, and soon used. */
static void log_in_fresh(struct login *login) {
    const struct plan *plan = login->plan;
    char *argv[] = {"pam-load", "one", (char *)plan->confdir, (char *)plan->service, login->user, login->code,
                    (char *)plan->rhost, NULL};
    pid_t pid;
    int status;
    if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ) != 0) die("posix_spawn");
    if (waitpid(pid, &status, 0) != pid) die("waitpid");
    login->result = WIFEXITED(status) ? WEXITSTATUS(status) : DIED;
}

static void log_in(struct login *login) {
    login->answers = 0;
    if (login->plan->fresh_process) {
        log_in_fresh(login);
    } else if (login->plan->thread_per_login) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, log_in_here, login) != 0) die("pthread_create");
        pthread_join(thread, NULL);
    } else {
        log_in_here(login);
    }
}

static unsigned user_of(const struct plan *plan, unsigned login) { return plan->first_user + login % plan->users; }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* main() checks the format */
static void name_user(struct login *login, unsigned user) {
    snprintf(login->user, sizeof login->user, login->plan->user_format, user);
}
#pragma GCC diagnostic pop

static void measure(struct login *login, struct record *record, unsigned index) {
    double began = monotonic_us();
    log_in(login);
    record->latency_us[index] = monotonic_us() - began;
    record->results[index] = (unsigned char)login->result;
}

static void *shared(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    memset(memory, 0, size); /* every page is there before the first login, and is not taken for its leak */
    return memory;
}

struct record *record_new(const struct plan *plan) {
    struct record *record = shared(sizeof *record);
    record->latency_us = shared(plan->logins * sizeof *record->latency_us);
    record->results = shared(plan->logins);
    record->waited_us = shared(plan->workers * sizeof *record->waited_us);
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (pthread_barrier_init(&record->barrier, &attributes, plan->workers) != 0) die("pthread_barrier_init");
    return record;
}

static void nothing(int signal) { (void)signal; }

static void start_alarm(const struct plan *plan) {
    if (!plan->alarm_us) return;
    struct sigaction action = {.sa_handler = nothing}; /* no SA_RESTART: system calls end with EINTR */
    struct itimerval timer = {{0, plan->alarm_us}, {0, plan->alarm_us}};
    if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &timer, NULL) != 0) die("setitimer");
}

void run_warmup(const struct plan *plan, struct record *record) {
    struct login login = {.plan = plan};
    start_alarm(plan);
    for (unsigned i = 0; i < plan->warmup; i++) {
        unsigned user = user_of(plan, i);
        name_user(&login, user);
        codes_next(&plan->codes, user, login.code, sizeof login.code, &record->waited_us[0]);
        log_in(&login);
    }
}

static void work(const struct plan *plan, struct record *record, unsigned worker) {
    struct login login = {.plan = plan, .record = record};
    for (unsigned i = worker; i < plan->logins; i += plan->workers) {
        unsigned user = user_of(plan, plan->warmup + i);
        name_user(&login, user);
        codes_next(&plan->codes, user, login.code, sizeof login.code, &record->waited_us[worker]);
        measure(&login, record, i);
    }
}

/* Round after round: the first worker takes a code, then all start together. */
static void race(const struct plan *plan, struct record *record, unsigned worker) {
    struct login login = {.plan = plan, .record = record};
    for (unsigned round = 0; round < plan->logins / plan->workers; round++) {
        unsigned user = user_of(plan, round);
        name_user(&login, user);
        if (worker == 0) codes_next(&plan->codes, user, record->code, sizeof record->code, &record->waited_us[0]);
        pthread_barrier_wait(&record->barrier);
        memcpy(login.code, record->code, sizeof login.code);
        measure(&login, record, round * plan->workers + worker);
        pthread_barrier_wait(&record->barrier);
    }
}

struct worker {
    const struct plan *plan;
    struct record *record;
    unsigned number;
};

static void *work_in_thread(void *data) {
    struct worker *worker = data;
    (worker->plan->race ? race : work)(worker->plan, worker->record, worker->number);
    return NULL;
}

static void run_threads(struct worker *workers, unsigned n) {
    pthread_t *threads = calloc(n, sizeof *threads);
    if (!threads) die("calloc");
    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, work_in_thread, &workers[i]) != 0) die("pthread_create");
    for (unsigned i = 0; i < n; i++) pthread_join(threads[i], NULL);
    free(threads);
}

static void run_processes(struct worker *workers, unsigned n) {
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid < 0) die("fork");
        if (pid > 0) continue;
        start_alarm(workers[i].plan); /* a timer is not inherited */
        work_in_thread(&workers[i]);
        _exit(0);
    }
    for (int status; wait(&status) > 0;)
        if (status != 0) fprintf(stderr, "pam-load: a worker died: wait status %d\n", status);
}

void run(const struct plan *plan, struct record *record) {
    memset(record->results, DIED, plan->logins); /* a login that is never made is no success */
    struct worker *workers = calloc(plan->workers, sizeof *workers);
    if (!workers) die("calloc");
    for (unsigned i = 0; i < plan->workers; i++)
        workers[i] = (struct worker){.plan = plan, .record = record, .number = i};
    if (plan->workers == 1) work_in_thread(&workers[0]);
    else (plan->worker_threads ? run_threads : run_processes)(workers, plan->workers);
    free(workers);
}

int run_one(int argc, char **argv) {
    if (argc < 4) return DIED;
    struct plan plan = {.confdir = argv[0], .service = argv[1], .rhost = argc > 4 ? argv[4] : NULL};
    struct login login = {.plan = &plan};
    snprintf(login.user, sizeof login.user, "%s", argv[2]);
    snprintf(login.code, sizeof login.code, "%s", argv[3]);
    log_in_here(&login);
    return login.result;
}
