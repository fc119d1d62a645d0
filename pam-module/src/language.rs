//! The language of a login: the messages of `messages/*.ftl`, which `build/` has made methods of.

include!(concat!(env!("OUT_DIR"), "/language.rs"));
