#include "host.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long entries(const char *path) {
    DIR *directory = opendir(path);
    long n = 0;
    if (!directory) return -1;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.') n++;
    closedir(directory);
    return n;
}

long host_tasks(void) { return entries("/proc/self/task"); }

void host_memory(long *resident_kib, long *anonymous_kib) {
    char text[64] = "";
    long resident = -1, files = -1, page_kib = sysconf(_SC_PAGESIZE) / 1024;
    *resident_kib = *anonymous_kib = -1;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (read(fd, text, sizeof text - 1) > 0 && sscanf(text, "%*d %ld %ld", &resident, &files) == 2) {
        *resident_kib = resident * page_kib;
        *anonymous_kib = (resident - files) * page_kib;
    }
    close(fd);
}

static void read_status(struct host *host) {
    const struct { const char *name; long *kib; uint64_t *mask; } fields[] = {
        {"VmHWM:", &host->peak_kib, NULL},  {"VmSize:", &host->virtual_kib, NULL}, {"SigBlk:", NULL, &host->blocked},
        {"SigIgn:", NULL, &host->ignored}, {"SigCgt:", NULL, &host->caught},
    };
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    if (!file) return;
    while (fgets(line, sizeof line, file))
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
            size_t length = strlen(fields[i].name);
            if (strncmp(line, fields[i].name, length) != 0) continue;
            if (fields[i].kib) *fields[i].kib = strtol(line + length, NULL, 10);
            else *fields[i].mask = strtoull(line + length, NULL, 16);
        }
    fclose(file);
}

static void count_mappings(struct host *host) {
    char line[1024];
    FILE *file = fopen("/proc/self/maps", "re");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        host->mappings++;
        if (strstr(line, "/pam_")) host->module_mappings++;
    }
    fclose(file);
}

static uint64_t hash_environment(void) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (char **variable = environ; variable && *variable; variable++) {
        const char *p = *variable;
        do hash = (hash ^ (unsigned char)*p) * 1099511628211u;
        while (*p++);
    }
    return hash;
}

struct host host_now(void) {
    struct host host = {.tasks = host_tasks(), .environment = hash_environment()};
    host.descriptors = entries("/proc/self/fd") - 1; /* less the one that reads the directory */
    host_memory(&host.resident_kib, &host.anonymous_kib);
    read_status(&host);
    count_mappings(&host);
    host.umask = umask(0);
    umask(host.umask);
    const char *locale = setlocale(LC_ALL, NULL);
    snprintf(host.locale, sizeof host.locale, "%s", locale ? locale : "");
    if (!getcwd(host.directory, sizeof host.directory)) host.directory[0] = '\0';
    return host;
}

void host_print(FILE *out, const struct host *host) {
    fprintf(out,
            "{\"tasks\":%ld,\"descriptors\":%ld,\"mappings\":%ld,\"module_mappings\":%ld,\"resident_kib\":%ld,"
            "\"anonymous_kib\":%ld,\"peak_kib\":%ld,\"virtual_kib\":%ld,\"blocked\":\"%016jx\",\"ignored\":\"%016jx\",\"caught\":\"%016jx\","
            "\"umask\":\"%04o\",\"environment\":\"%016jx\",\"locale\":\"%s\",\"directory\":\"%s\"}",
            host->tasks, host->descriptors, host->mappings, host->module_mappings, host->resident_kib,
            host->anonymous_kib, host->peak_kib, host->virtual_kib, (uintmax_t)host->blocked, (uintmax_t)host->ignored, (uintmax_t)host->caught, host->umask,
            (uintmax_t)host->environment, host->locale, host->directory);
}

void host_print_difference(FILE *out, const struct host *before, const struct host *after) {
    const struct { const char *name; bool differs; } fields[] = {
        {"tasks", before->tasks != after->tasks},
        {"descriptors", before->descriptors != after->descriptors},
        {"blocked", before->blocked != after->blocked},
        {"ignored", before->ignored != after->ignored},
        {"caught", before->caught != after->caught},
        {"umask", before->umask != after->umask},
        {"environment", before->environment != after->environment},
        {"locale", strcmp(before->locale, after->locale) != 0},
        {"directory", strcmp(before->directory, after->directory) != 0},
    };
    const char *comma = "";
    fputc('[', out);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!fields[i].differs) continue;
        fprintf(out, "%s\"%s\"", comma, fields[i].name);
        comma = ",";
    }
    fputc(']', out);
}

static double seconds_to_us(struct timeval time) { return (double)time.tv_sec * 1e6 + (double)time.tv_usec; }

double own_cpu_us(void) {
    struct rusage self, children;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    return seconds_to_us(self.ru_utime) + seconds_to_us(self.ru_stime) + seconds_to_us(children.ru_utime) +
           seconds_to_us(children.ru_stime);
}

/* The sum of schedstat over its tasks: nanoseconds, where stat counts in hundredths of a second. */
double process_cpu_us(int pid) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    double total = 0;
    if (!tasks) return 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        unsigned long long nanoseconds = 0;
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "re");
        if (!file) continue;
        if (fscanf(file, "%llu", &nanoseconds) == 1) total += (double)nanoseconds / 1e3;
        fclose(file);
    }
    closedir(tasks);
    return total;
}

double monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}
