/* pam-login: one login through a PAM service of any configuration directory, as a terminal program
 * does it. It needs no root. See usage() for its options.
 *
 *   pam-login -c CONFDIR -s SERVICE -u USER [-b HEX|@FILE] [-r RHOST] [-t TTY] [-R RUSER]
 *             [-n] [-a] [-e] [-q] [-v] [-x BEHAVIOUR] [STEP]...
 *
 * Prompts on the terminal with the echo off, or takes one line of stdin for each prompt where that
 * is no terminal. What a person is told goes to stderr, with -v to stdout. Prints the result of
 * pam_authenticate by name on stdout: PAM_SUCCESS, PAM_AUTH_ERR, …
 * With STEPs it does these, in this order and with one handle, and prints the result of each.
 * Exit status: 0 success of all that was asked for, 1 refused, 2 usage or pam_start failed. */
#include "conversation.h"
#include "results.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct request {
    const char *confdir, *service, *rhost, *tty, *ruser;
    char *user; /* NULL: the stack asks for it */
    bool authenticate, account, credentials;
    int flags;
};

static void usage(void) {
    fputs("usage: pam-login -c CONFDIR -s SERVICE [-u USER | -b HEX | -b @FILE] [options]\n"
          "  -c CONFDIR    directory of PAM services, in place of /etc/pam.d\n"
          "  -b HEX|@FILE  the user name as hexadecimal bytes, or as the bytes of a file\n"
          "  -r RHOST -t TTY -R RUSER   further PAM items\n"
          "  -n            no pam_authenticate, as sshd after a public key\n"
          "  -a            pam_acct_mgmt too        -e  pam_setcred too\n"
          "  -q            PAM_SILENT               -v  print each message on a line, with its style\n"
          "  -x BEHAVIOUR  answer | null | nullinfo | nullresp | fail | failinfo | ignore | none | gdm\n"
          "                (what the conversation function does wrong; see conversation.h)\n"
          "steps: authenticate | account | credentials | user=NAME | service=NAME\n"
          "       fork (what follows is done by a child, and then by its parent too)\n",
          stderr);
    exit(2);
}

static char *user_from_file(const char *path) {
    FILE *file = fopen(path, "rb");
    char *user = NULL;
    size_t size = 0;
    if (!file || getdelim(&user, &size, '\0', file) < 0) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return user;
}

static char *user_from_hex(const char *hex) {
    size_t length = strlen(hex);
    char *user = calloc(1, length / 2 + 1);
    if (!user || length % 2) usage();
    for (size_t i = 0; i < length / 2; i++) {
        unsigned byte;
        int used = 0;
        if (sscanf(hex + 2 * i, "%2x%n", &byte, &used) != 1 || used != 2 || byte == 0) usage();
        user[i] = (char)byte;
    }
    return user;
}

static void set_item(pam_handle_t *handle, int item, const char *value) {
    if (!value) return;
    int result = pam_set_item(handle, item, value);
    if (result == PAM_SUCCESS) return;
    fprintf(stderr, "pam_set_item: %s\n", result_name(result));
    exit(2);
}

/* pam_authenticate, pam_acct_mgmt, pam_setcred, as far as asked for; stops at the first refusal. */
static int log_in(pam_handle_t *handle, const struct request *request) {
    int result = PAM_SUCCESS;
    if (request->authenticate) {
        result = pam_authenticate(handle, request->flags);
        printf("%s\n", result_name(result));
    }
    if (request->account && result == PAM_SUCCESS) {
        result = pam_acct_mgmt(handle, request->flags);
        printf("pam_acct_mgmt: %s\n", result_name(result));
    }
    if (request->credentials && result == PAM_SUCCESS) {
        result = pam_setcred(handle, PAM_ESTABLISH_CRED | request->flags);
        printf("pam_setcred: %s\n", result_name(result));
    }
    fflush(stdout);
    return result;
}

static int step(pam_handle_t *handle, const char *name, int flags) {
    if (strcmp(name, "authenticate") == 0) return pam_authenticate(handle, flags);
    if (strcmp(name, "account") == 0) return pam_acct_mgmt(handle, flags);
    if (strcmp(name, "credentials") == 0) return pam_setcred(handle, PAM_ESTABLISH_CRED | flags);
    if (strncmp(name, "user=", 5) == 0) return pam_set_item(handle, PAM_USER, name + 5);
    if (strncmp(name, "service=", 8) == 0) return pam_set_item(handle, PAM_SERVICE, name + 8);
    usage();
    return PAM_SYSTEM_ERR;
}

/* Each step, whatever came of the one before; the result is the last one's. */
static int run_steps(pam_handle_t *handle, char **steps, int flags) {
    int result = PAM_SUCCESS;
    const char *who = "";
    for (; *steps; steps++) {
        if (strcmp(*steps, "fork") == 0) {
            fflush(stdout);
            pid_t child = fork();
            if (child < 0) {
                perror("fork");
                exit(2);
            }
            who = child == 0 ? "child " : "parent ";
            if (child != 0) waitpid(child, NULL, 0);
            continue;
        }
        result = step(handle, *steps, flags);
        printf("%s%s: %s\n", who, *steps, result_name(result));
        fflush(stdout);
    }
    return result;
}

int main(int argc, char **argv) {
    struct request request = {.authenticate = true};
    struct conversation conversation = {.behaviour = ANSWER};
    for (int option; (option = getopt(argc, argv, "c:s:u:b:r:t:R:naeqvx:")) != -1;) switch (option) {
        case 'c': request.confdir = optarg; break;
        case 's': request.service = optarg; break;
        case 'u': request.user = optarg; break;
        case 'b': request.user = *optarg == '@' ? user_from_file(optarg + 1) : user_from_hex(optarg); break;
        case 'r': request.rhost = optarg; break;
        case 't': request.tty = optarg; break;
        case 'R': request.ruser = optarg; break;
        case 'n': request.authenticate = false; break;
        case 'a': request.account = true; break;
        case 'e': request.credentials = true; break;
        case 'q': request.flags |= PAM_SILENT; break;
        case 'v': conversation.verbose = true; break;
        case 'x':
            if (!behaviour_from_name(&conversation.behaviour, optarg)) usage();
            break;
        default: usage();
        }
    if (!request.service) usage();

    struct pam_conv pam = conversation_for_pam(&conversation);
    pam_handle_t *handle = NULL;
    int result = pam_start_confdir(request.service, request.user, &pam, request.confdir, &handle);
    if (result != PAM_SUCCESS) {
        fprintf(stderr, "pam_start_confdir: %s\n", result_name(result));
        return 2;
    }
    set_item(handle, PAM_RHOST, request.rhost);
    set_item(handle, PAM_TTY, request.tty);
    set_item(handle, PAM_RUSER, request.ruser);
    result = argv[optind] ? run_steps(handle, argv + optind, request.flags) : log_in(handle, &request);
    pam_end(handle, result);
    return result == PAM_SUCCESS ? 0 : 1;
}
