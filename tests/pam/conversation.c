#include "conversation.h"

#include <endian.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

bool behaviour_from_name(enum behaviour *behaviour, const char *name) {
    static const char *const names[] = {
        [ANSWER] = "answer",       [NULL_REPLIES] = "null", [NULL_FOR_INFO] = "nullinfo", [NULL_RESPONSE] = "nullresp",
        [FAIL_PROMPTS] = "fail",   [FAIL_INFO] = "failinfo", [IGNORE] = "ignore",         [NO_FUNCTION] = "none",
        [GDM] = "gdm",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *behaviour = (enum behaviour)i;
            return true;
        }
    return false;
}

static bool is_prompt(int style) { return style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON; }

/* One message, one line: whatever is not printable ASCII is shown as an escape. */
static void print_escaped(const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '\n') fputs("\\n", stdout);
        else if (*p == '\\') fputs("\\\\", stdout);
        else if (*p < ' ' || *p > '~') printf("\\x%02x", *p);
        else putchar(*p);
    }
    putchar('\n');
    fflush(stdout);
}

static void show(const struct conversation *conversation, const struct pam_message *message) {
    if (conversation->verbose) {
        const char *style = "unknown: ";
        switch (message->msg_style) {
        case PAM_PROMPT_ECHO_OFF: style = "prompt(off): "; break;
        case PAM_PROMPT_ECHO_ON: style = "prompt(on): "; break;
        case PAM_TEXT_INFO: style = "info: "; break;
        case PAM_ERROR_MSG: style = "error: "; break;
        }
        fputs(style, stdout);
        print_escaped(message->msg);
    } else if (is_prompt(message->msg_style)) {
        fputs(message->msg, stderr);
    } else {
        fprintf(stderr, "%s\n", message->msg); /* stdout is for the results */
    }
}

/* One line of stdin without its newline, read byte by byte so that nothing of the next is taken.
 * NULL at the end of the input and when a signal interrupts. */
static char *read_line(void) {
    size_t used = 0, size = 64;
    char *line = malloc(size);
    while (line) {
        ssize_t n = read(STDIN_FILENO, line + used, 1);
        if (n < 0 || (n == 0 && used == 0)) break;
        if (n == 0 || line[used] == '\n') {
            line[used] = '\0';
            return line;
        }
        if (++used == size) {
            char *bigger = realloc(line, size *= 2);
            if (!bigger) break;
            line = bigger;
        }
    }
    free(line);
    return NULL;
}

static void interrupted(int signal) { (void)signal; } /* it ends the read(), nothing more */

/* Shows a prompt and reads the answer, from the terminal or from stdin where that is none. */
static char *ask(const struct conversation *conversation, const struct pam_message *prompt) {
    struct termios before, quiet;
    bool hidden = prompt->msg_style == PAM_PROMPT_ECHO_OFF;
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        show(conversation, prompt);
        return read_line();
    }
    struct sigaction catch = {.sa_handler = interrupted}, old;
    sigaction(SIGINT, &catch, &old); /* no SA_RESTART: the terminal must be put right before we go */
    quiet = before;
    if (hidden) quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    show(conversation, prompt); /* only now: whoever sees it may type at once */
    char *answer = read_line();
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    sigaction(SIGINT, &old, NULL);
    if (hidden) fputc('\n', stderr);
    return answer;
}

/* A list to choose from, as gdm-choice-list-pam-extension.h has it, and what GDM makes of it. */
struct choice_list {
    uint32_t length;
    unsigned char type;
    const char *prompt;
    size_t count;
    struct { const char *key, *text; } items[];
};
struct choice {
    uint32_t length;
    unsigned char type;
    char *key;
};

/* Shows a list and reads the key of a choice, or whatever is typed. */
static char *choose(const struct conversation *conversation, const struct pam_message *message) {
    const struct choice_list *list = (const void *)message->msg;
    size_t size = offsetof(struct choice_list, items) + list->count * sizeof *list->items;
    if (be32toh(list->length) != size) return NULL;
    if (conversation->verbose) {
        printf("prompt(list %u): %s", list->type, list->prompt);
        for (size_t i = 0; i < list->count; i++) printf("|%s=%s", list->items[i].key, list->items[i].text);
        putchar('\n');
        fflush(stdout);
    }
    struct choice *choice = calloc(1, sizeof *choice);
    if (!choice) return NULL;
    choice->length = htobe32(sizeof *choice);
    choice->type = list->type;
    choice->key = read_line();
    if (choice->key) return (char *)choice;
    free(choice);
    return NULL;
}

static void discard(struct pam_response *replies, int n) {
    for (int i = 0; replies && i < n; i++)
        if (replies[i].resp) {
            explicit_bzero(replies[i].resp, strlen(replies[i].resp));
            free(replies[i].resp);
        }
    free(replies);
}

static bool answers(enum behaviour behaviour) {
    return behaviour == ANSWER || behaviour == NULL_FOR_INFO || behaviour == FAIL_INFO || behaviour == GDM;
}

/* What a behaviour says before anything is read; PAM_SUCCESS to go on. */
static int misbehave(enum behaviour behaviour, bool asks, bool tells) {
    switch (behaviour) {
    case FAIL_PROMPTS: return asks ? PAM_CONV_ERR : PAM_SUCCESS;
    case FAIL_INFO: return tells ? PAM_CONV_ERR : PAM_SUCCESS;
    case IGNORE: return PAM_IGNORE;
    case ANSWER:
    case NULL_REPLIES:
    case NULL_FOR_INFO:
    case NULL_RESPONSE:
    case NO_FUNCTION:
    case GDM: break;
    }
    return PAM_SUCCESS;
}

static int converse(int n, const struct pam_message **messages, struct pam_response **replies, void *data) {
    const struct conversation *conversation = data;
    enum behaviour behaviour = conversation->behaviour;
    bool asks = false, tells = false;
    if (n < 1 || n > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
    if (conversation->verbose && n != 1) printf("messages in one call: %d\n", n);
    for (int i = 0; i < n; i++) {
        if (is_prompt(messages[i]->msg_style)) asks = true;
        else tells = true;
    }

    *replies = NULL;
    struct pam_response *filled = calloc((size_t)n, sizeof *filled);
    if (!filled) return PAM_BUF_ERR;
    for (int i = 0; i < n; i++) {
        int style = messages[i]->msg_style;
        if (is_prompt(style) && answers(behaviour)) {
            filled[i].resp = ask(conversation, messages[i]);
            if (filled[i].resp) continue;
        } else if (style == PAM_BINARY_PROMPT && behaviour == GDM) {
            filled[i].resp = choose(conversation, messages[i]);
            if (filled[i].resp) continue;
        } else {
            show(conversation, messages[i]);
            if (is_prompt(style) || style == PAM_TEXT_INFO || style == PAM_ERROR_MSG) continue;
        }
        discard(filled, n);
        return PAM_CONV_ERR;
    }

    int result = misbehave(behaviour, asks, tells);
    bool no_array = behaviour == NULL_REPLIES || (behaviour == NULL_FOR_INFO && !asks);
    if (result != PAM_SUCCESS || no_array) discard(filled, n);
    else *replies = filled;
    return result;
}

struct pam_conv conversation_for_pam(struct conversation *conversation) {
    struct pam_conv pam = {.conv = converse, .appdata_ptr = conversation};
    if (conversation->behaviour == NO_FUNCTION) pam.conv = NULL;
    return pam;
}
