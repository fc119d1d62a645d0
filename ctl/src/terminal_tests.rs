//! Questions asked on a pseudo-terminal, with the test in the person's place.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::thread;

use nix::pty::openpty;
use nix::sys::pthread::{pthread_kill, pthread_self};

use super::*;

const PROMPT: &str = "Code: ";

fn input(bytes: &[u8]) -> File {
    let (reader, writer) = io::pipe().unwrap();
    (&writer).write_all(bytes).unwrap();
    File::from(OwnedFd::from(reader))
}

fn next(input: &File) -> Option<String> {
    read_line(input).unwrap().map(|line| line.to_string())
}

/// A terminal, and the person's side of it.
fn terminal() -> (Terminal, File) {
    let pty = openpty(None, None).unwrap();
    let keyboard = File::from(pty.slave);
    let screen = Some(keyboard.try_clone().unwrap());
    (Terminal { keyboard, screen }, File::from(pty.master))
}

fn shows_typing(terminal: &Terminal) -> bool {
    let settings = tcgetattr(&terminal.keyboard).unwrap();
    settings.local_flags.contains(LocalFlags::ECHO)
}

/// Reads what the terminal shows, up to and with `end`.
fn seen_until(person: &mut File, end: &str) -> String {
    let mut seen = String::new();
    let mut byte = [0];
    while !seen.ends_with(end) {
        person.read_exact(&mut byte).unwrap();
        seen.push(char::from(byte[0]));
    }
    seen
}

#[test]
fn lines_are_read_one_at_a_time_and_trimmed() {
    let input = input(b"JBSWY3DP\r\n 123456 \n\nlast");
    assert_eq!(next(&input).as_deref(), Some("JBSWY3DP"));
    assert_eq!(next(&input).as_deref(), Some("123456"));
    assert_eq!(next(&input).as_deref(), Some(""));
    assert_eq!(next(&input).as_deref(), Some("last"));
    assert_eq!(next(&input), None);
}

#[test]
fn a_line_without_an_end_is_refused() {
    let input = input(&[b'A'; LONGEST + 1]);
    assert!(read_line(&input).is_err());
}

#[test]
fn a_hidden_answer_is_not_shown_and_the_terminal_is_as_before() {
    let (terminal, mut person) = terminal();
    assert!(shows_typing(&terminal));
    thread::scope(|scope| {
        let answer = scope.spawn(|| terminal.ask(PROMPT, Echo::Off).unwrap());
        assert_eq!(seen_until(&mut person, PROMPT), PROMPT);
        assert!(!shows_typing(&terminal));
        person.write_all(b"123456\n").unwrap();
        assert_eq!(answer.join().unwrap().as_str(), "123456");
        assert_eq!(seen_until(&mut person, "\n"), "\r\n");
    });
    assert!(shows_typing(&terminal));
}

#[test]
fn a_shown_answer_is_shown() {
    let (terminal, mut person) = terminal();
    thread::scope(|scope| {
        let answer = scope.spawn(|| terminal.ask(PROMPT, Echo::On).unwrap());
        assert_eq!(seen_until(&mut person, PROMPT), PROMPT);
        person.write_all(b"yes\n").unwrap();
        assert_eq!(answer.join().unwrap().as_str(), "yes");
        assert_eq!(seen_until(&mut person, "\n"), "yes\r\n");
    });
}

#[test]
fn the_end_of_input_ends_the_question() {
    let (terminal, mut person) = terminal();
    thread::scope(|scope| {
        let answer = scope.spawn(|| terminal.ask(PROMPT, Echo::Off));
        seen_until(&mut person, PROMPT);
        person.write_all(b"\x04").unwrap();
        let outcome = answer.join().unwrap();
        assert!(matches!(outcome, Err(Error::Interrupted)));
    });
    assert!(shows_typing(&terminal));
}

#[test]
fn a_signal_ends_the_question_and_leaves_the_terminal_as_before() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let (terminal, mut person) = terminal();
        let (tell, asker) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let terminal = &terminal;
            let answer = scope.spawn(move || {
                tell.send(pthread_self()).unwrap();
                terminal.ask(PROMPT, Echo::Off)
            });
            seen_until(&mut person, PROMPT);
            assert!(!shows_typing(terminal));
            pthread_kill(asker.recv().unwrap(), signal).unwrap();
            let outcome = answer.join().unwrap();
            assert!(matches!(outcome, Err(Error::Interrupted)), "{signal}");
        });
        assert!(shows_typing(&terminal), "{signal}");
    }
}
