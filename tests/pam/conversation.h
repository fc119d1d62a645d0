/* The conversation of a terminal program, and ways to get one wrong. */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <security/pam_appl.h>
#include <stdbool.h>

/* How the conversation function behaves; each but ANSWER is seen in some application. */
enum behaviour {
    ANSWER,        /* as Linux-PAM asks */
    NULL_REPLIES,  /* success, and a NULL array of replies, whatever was asked */
    NULL_FOR_INFO, /* the same, but only when nothing was asked */
    NULL_RESPONSE, /* success, and an array in which no reply has a text */
    FAIL_PROMPTS,  /* PAM_CONV_ERR when something is asked */
    FAIL_INFO,     /* PAM_CONV_ERR when something is told */
    IGNORE,        /* PAM_IGNORE, always */
    NO_FUNCTION,   /* no conversation function at all, as in cron */
    GDM,           /* as ANSWER, and lists to choose from, as GDM's worker shows them */
};

struct conversation {
    enum behaviour behaviour;
    bool verbose; /* one line of stdout per message, with its style */
};

/* Sets the behaviour by its name on the command line; false if there is none of that name. */
bool behaviour_from_name(enum behaviour *behaviour, const char *name);

/* What pam_start() wants. The conversation must live as long as the handle. */
struct pam_conv conversation_for_pam(struct conversation *conversation);

#endif
