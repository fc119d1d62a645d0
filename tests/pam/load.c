/* pam-load: drives a PAM service and measures it; one line of JSON per run on stdout.
 * usage() lists the options. Exit status: 0 every login ended as expected (in a race: every round had
 * one winner), 1 some did not, 2 usage or the run could not be made. */
#include "load.h"

#include "host.h"
#include "results.h"

#include <getopt.h>
#include <locale.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PEERS = 16 };

static void usage(void) {
    fputs("usage: pam-load -c CONFDIR -s SERVICE -u USER -k CODE [options]\n"
          "  -u USER      a name, or a format with one %u or %06u for the user's number\n"
          "  -N USERS -f FIRST   how many users take turns, and the number of the first (1, 0)\n"
          "  -k CODE      fixed:TEXT        the same always\n"
          "               totp:HEX          of the current step, again and again\n"
          "               unused:HEX        TOTP of steps -1, 0, +1, each once per user; waits when none is left\n"
          "               hotp:HEX:COUNTER  each counter once per user\n"
          "  -S FILE      remember in FILE what each user has used, for the next run (64 bits a user number)\n"
          "  -n LOGINS -w WARMUP   how many are measured, and how many come before (100, 0)\n"
          "  -p           each login in a program of its own; else all in this process\n"
          "  -P WORKERS   so many at once, in processes; with -T in threads\n"
          "  -t           each login in a thread of its own\n"
          "  -R           race: WORKERS log in at once with one code, LOGINS / WORKERS times\n"
          "  -a           pam_acct_mgmt too, which should return the same (not with -p)\n"
          "  -1           hang up at the second prompt; else every prompt gets the same answer\n"
          "  -r RHOST     PAM_RHOST\n"
          "  -e RESULT    what pam_authenticate should return (PAM_SUCCESS)\n"
          "  -C PID,PID   report what these processes (daemon, bus) used of the processor\n"
          "  -A USEC      interrupt this process by SIGALRM so often, without SA_RESTART\n"
          "  -L           report this process before, within and after; \"left\" names what differs between\n"
          "               after the warm-up and the end (libpam itself opens syslog at the first login)\n",
          stderr);
    exit(2);
}

struct options {
    struct plan plan;
    const char *state;
    int expected, peers[MOST_PEERS];
    unsigned peer_count;
    bool leaks;
};

static unsigned number(const char *text, unsigned least) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (!*text || *end || value < least || value > 100000000) usage();
    return (unsigned)value;
}

/* A format is handed to printf(): none but one plain unsigned number may stand in it. */
static void check_user_format(const char *format) {
    const char *percent = strchr(format, '%');
    if (!percent) return;
    const char *end = percent + 1 + strspn(percent + 1, "0123456789");
    if (*end != 'u' || strchr(end, '%')) usage();
}

static void parse_peers(struct options *options, char *list) {
    for (char *pid = strtok(list, ","); pid; pid = strtok(NULL, ",")) {
        if (options->peer_count == MOST_PEERS) usage();
        options->peers[options->peer_count++] = (int)number(pid, 1);
    }
}

static void parse(struct options *options, int argc, char **argv) {
    struct plan *plan = &options->plan;
    const char *code = NULL;
    for (int option; (option = getopt(argc, argv, "c:s:u:N:f:k:S:n:w:pP:TtRa1r:e:C:A:L")) != -1;) switch (option) {
        case 'c': plan->confdir = optarg; break;
        case 's': plan->service = optarg; break;
        case 'u': plan->user_format = optarg; break;
        case 'N': plan->users = number(optarg, 1); break;
        case 'f': plan->first_user = number(optarg, 0); break;
        case 'k': code = optarg; break;
        case 'S': options->state = optarg; break;
        case 'n': plan->logins = number(optarg, 1); break;
        case 'w': plan->warmup = number(optarg, 0); break;
        case 'p': plan->fresh_process = true; break;
        case 'P': plan->workers = number(optarg, 1); break;
        case 'T': plan->worker_threads = true; break;
        case 't': plan->thread_per_login = true; break;
        case 'R': plan->race = true; break;
        case 'a': plan->account = true; break;
        case '1': plan->one_answer = true; break;
        case 'r': plan->rhost = optarg; break;
        case 'e': options->expected = result_from_name(optarg); break;
        case 'C': parse_peers(options, optarg); break;
        case 'A': plan->alarm_us = number(optarg, 1); break;
        case 'L': options->leaks = plan->sample = true; break;
        default: usage();
        }
    if (optind != argc || !plan->confdir || !plan->service || !plan->user_format || !code) usage();
    if (options->expected < 0 || plan->alarm_us >= 1000000 || !codes_parse(&plan->codes, code)) usage();
    check_user_format(plan->user_format);
    if (!plan->race && plan->workers > 1 && plan->users > 1 && plan->users % plan->workers != 0) {
        fputs("pam-load: -N must be a multiple of -P, or two workers would use one user's code\n", stderr);
        exit(2);
    }
    if (plan->race) plan->logins = (plan->logins + plan->workers - 1) / plan->workers * plan->workers;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_latency(double *latency, unsigned n) {
    double sum = 0;
    for (unsigned i = 0; i < n; i++) sum += latency[i];
    qsort(latency, n, sizeof *latency, ascending);
    const unsigned percent[] = {50, 95, 99};
    for (int i = 0; i < 3; i++) printf(",\"p%u_us\":%.1f", percent[i], latency[(size_t)(n - 1) * percent[i] / 100]);
    printf(",\"max_us\":%.1f,\"mean_us\":%.1f", latency[n - 1], sum / n);
}

/* Prints how often each result was had; returns how many were not the expected one. */
static unsigned print_results(const struct options *options, const unsigned char *results) {
    unsigned counts[DIED + 1] = {0}, unexpected = 0;
    for (unsigned i = 0; i < options->plan.logins; i++) {
        counts[results[i]]++;
        if (results[i] != options->expected) unexpected++;
    }
    const char *comma = "";
    fputs(",\"results\":{", stdout);
    for (int i = 0; i <= DIED; i++) {
        if (!counts[i]) continue;
        printf("%s\"%s\":%u", comma, i == DIED ? "died" : result_name(i), counts[i]);
        comma = ",";
    }
    putchar('}');
    return unexpected;
}

/* Prints how many each round accepted; returns how many rounds had not exactly one winner. */
static unsigned print_race(const struct plan *plan, const unsigned char *results) {
    unsigned wrong = 0;
    fputs(",\"accepted\":[", stdout);
    for (unsigned round = 0; round < plan->logins / plan->workers; round++) {
        unsigned accepted = 0;
        for (unsigned worker = 0; worker < plan->workers; worker++)
            if (results[round * plan->workers + worker] == PAM_SUCCESS) accepted++;
        if (accepted != 1) wrong++;
        printf("%s%u", round ? "," : "", accepted);
    }
    putchar(']');
    return wrong;
}

static void print_leaks(const struct host *start, const struct host *warm, const struct host *end,
                        struct record *record) {
    printf(",\"inside\":{\"most_tasks\":%ld,\"most_resident_kib\":%ld,\"most_anonymous_kib\":%ld},\"start\":",
           atomic_load(&record->most_tasks), atomic_load(&record->most_resident_kib),
           atomic_load(&record->most_anonymous_kib));
    host_print(stdout, start);
    fputs(",\"warm\":", stdout);
    host_print(stdout, warm);
    fputs(",\"end\":", stdout);
    host_print(stdout, end);
    fputs(",\"left\":", stdout);
    host_print_difference(stdout, warm, end);
}

static double peers_cpu_us(const struct options *options) {
    double total = 0;
    for (unsigned i = 0; i < options->peer_count; i++) total += process_cpu_us(options->peers[i]);
    return total;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "one") == 0) return run_one(argc - 2, argv + 2);
    if (totp_self_test() != 0) return fputs("pam-load: its HOTP fails RFC 4226's vectors\n", stderr), 2;

    struct options options = {.expected = PAM_SUCCESS, .plan = {.users = 1, .logins = 100, .workers = 1}};
    struct plan *plan = &options.plan;
    setlocale(LC_ALL, "");
    parse(&options, argc, argv);
    if (!codes_allocate(&plan->codes, plan->first_user + plan->users, options.state)) {
        perror(options.state ? options.state : "mmap");
        return 2;
    }
    struct record *record = record_new(plan);

    struct host start = host_now();
    run_warmup(plan, record);
    struct host warm = host_now();
    double waited = -record->waited_us[0], peers = -peers_cpu_us(&options), cpu = -own_cpu_us();
    double wall = -monotonic_us();
    run(plan, record);
    wall += monotonic_us();
    cpu += own_cpu_us();
    peers += peers_cpu_us(&options);
    struct host end = host_now();
    for (unsigned i = 0; i < plan->workers; i++) waited += record->waited_us[i];

    unsigned n = plan->logins;
    double busy = wall - waited / plan->workers; /* a worker that waits for an unused step makes no load */
    printf("{\"service\":\"%s\",\"process\":\"%s\",\"workers\":%u,\"users\":%u,\"n\":%u,\"per_s\":%.1f,\"cpu_us\":%.1f,"
           "\"peers_cpu_us\":%.1f,\"waited_s\":%.2f",
           plan->service, plan->fresh_process ? "fresh" : "same", plan->workers, plan->users, n, n / busy * 1e6, cpu / n,
           peers / n, waited / 1e6);
    unsigned unexpected = print_results(&options, record->results);
    if (plan->race) unexpected = print_race(plan, record->results);
    print_latency(record->latency_us, n);
    if (options.leaks) print_leaks(&start, &warm, &end, record);
    printf(",\"unexpected\":%u}\n", unexpected);
    return unexpected != 0;
}
