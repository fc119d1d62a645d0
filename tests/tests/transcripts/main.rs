//! Each command of countersignctl, as a person types it at a terminal: the real program, the real
//! daemon, both doors; what is seen is compared with the transcripts beside this file.

mod administration;
mod changes;
mod enrollment;
mod helpdesk;
mod machine;
mod moving;
mod policy;
