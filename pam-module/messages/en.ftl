### What a person sees in a login, in English.
###
### A language is one such file, named after it. The build turns them into code, and fails if one
### lacks a key of this one, has another, or another value in it. Of Fluent it understands text of
### one line, and values: { $left }.
###
### Room, in columns, of which a Hangul syllable takes two: the tests hold every language to it.
### No control characters, and none of "<", ">" and "&": some dialogs drop them.

## Prompts: 23 columns, since a colon and a blank are put behind them.
## The English words are a contract: scripts and OpenVPN's clients wait for them.

prompt-code = One-time code
prompt-first-code = This code
prompt-next-code = And the next one
prompt-recovery-code = Recovery code
prompt-enroll = First code from the app
# In one field, for programs that have no second one. $codes: 2 or 3, typed in a row.
prompt-appended = Password and code
prompt-appended-codes = Password and { $codes } codes
prompt-appended-recovery-code = Password, recovery code

## A list that GDM shows in front of a prompt: 23 columns, and 18 for what is chosen from.

choose = Log in with
choose-code = Code from app
choose-recovery-code = Recovery code

## A prompt on terminals only: 60 columns.

prompt-keep = Press Enter when you have written them down

## What went wrong: 40 columns, for dialogs have one short line. It is told in front of a prompt,
## which some hide for it, so it names what to type.

# $left: how many answers are left, 0 to 9.
wrong-code = Wrong one-time code. Try again ({ $left } left).
used-code = Code already used. Wait for a new one.
two-codes = Too many wrong codes. Type two in a row.
# In letters this would be two columns too long.
three-codes = Too many wrong codes. Type 3 in a row.
wrong-recovery-code = Wrong recovery code. Try again ({ $left } left).
# $wait: one of the spans of time below.
recovery-wait = Too many wrong codes. Wait { $wait }.
recovery-wait-unknown = Too many wrong codes. Wait a while.
unavailable = Code check unavailable. Ask your admin.
code-needed = This login needs a one-time code.
enroll-elsewhere = Set up a second factor elsewhere first.
# On terminals only. $left: how many answers are left.
wrong-first-code = Code does not fit. Try again ({ $left } left).

## What is good to know: 76 columns, on terminals only.

type-recovery-code = Type one of the recovery codes you saved.
await-next-code = Wait until the app shows the next code (up to 30 s).
# $left: how many recovery codes are left.
recovery-code-used = Recovery code used. { $left } left.
recovery-code-used-few = Recovery code used. { $left } left. Make new ones: countersignctl recovery-codes
few-recovery-codes = Recovery codes: { $left } left. Make new ones: countersignctl recovery-codes

## Setting up a second factor in a login: 76 columns, on terminals only. Lines follow each, of which
## each is a message of its own.

enroll = You need a second factor here: codes from an authenticator app.
# The key in letters follows.
add-key = Add this key to the app (time-based):
# The key as an address follows, which begins with otpauth.
open-address = Or open this address on the device with the app:
# A QR code follows, the last thing before the prompt: it must not scroll away.
scan-picture = Or scan this with the app:
# The codes follow.
keep-recovery-codes = Second factor set up. Keep these recovery codes, for when the app is lost:

## Spans of time, for recovery-wait.

seconds = { $count } s
minutes = { $count } min
hours = { $count } h
many-hours = over 1000 h
