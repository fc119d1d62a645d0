//! An interactive shell at a terminal, with the completions that a package installs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::programs::programs;
use crate::terminal::Terminal;

/// A shell that completes commands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// With bash-completion, which loads what a command needs when it is first completed.
    Bash,
    /// Its functions are loaded in the same way.
    Zsh,
    /// Likewise.
    Fish,
}

/// A shell at a terminal. Killed when dropped.
#[derive(Debug)]
pub struct Shell {
    kind: Kind,
    terminal: Terminal,
}

impl Shell {
    /// One with its files in `home`, at its prompt; `None`, and the reason printed, if it is not
    /// installed.
    pub fn start(kind: Kind, home: &Path) -> Option<Self> {
        let (program, arguments) = match kind {
            Kind::Bash => ("bash", &["--noprofile", "-i"][..]),
            Kind::Zsh => ("zsh", &["-d", "-i"][..]),
            Kind::Fish => ("fish", &["-i"][..]),
        };
        if !Path::new("/usr/bin").join(program).exists() {
            println!("skipped: {program} is not installed");
            return None;
        }
        install(kind, home);
        let ctl = programs().ctl.parent().expect("a directory").display();
        let home = home.display();
        let mut command = Command::new("env");
        command
            .args(["-i", "TERM=dumb", "LC_ALL=C.UTF-8"])
            .arg(format!("PATH={ctl}:/usr/bin:/bin"))
            .args([format!("HOME={home}"), format!("ZDOTDIR={home}")])
            .arg(format!("XDG_DATA_HOME={home}/data"))
            .arg(format!("XDG_CONFIG_HOME={home}/config"))
            .arg(program)
            .args(arguments);
        let mut terminal = Terminal::start(&command, (200, 40));
        terminal.press("echo rea''dy\r");
        terminal.until("ready");
        Some(Self { kind, terminal })
    }

    /// Presses Tab behind `line`, and gives the line that the shell makes of it.
    pub fn completed(&mut self, line: &str) -> String {
        self.terminal.press(&format!("{line}\t"));
        // To the beginning, past what is there, to the end: the line becomes echo's argument. The
        // quotes are in what is typed and not in what is said.
        self.terminal.press("\x01echo 'li''ne': \x05 :'e''nd'\r");
        self.terminal.until("line:");
        let rest = self.terminal.until(":end");
        rest.trim_end_matches(":end").trim().to_owned()
    }

    /// Presses Tab behind `line` for a list of what could come, and gives it up to `last`.
    pub fn listed(&mut self, line: &str, last: &str) -> String {
        self.terminal.press(&match self.kind {
            // The first one rings the bell.
            Kind::Bash => format!("{line}\t\t"),
            Kind::Zsh => format!("{line}\t"),
            // On a terminal as plain as this one it draws no list, but tells what it would draw.
            Kind::Fish => format!("complete --do-complete '{line}'\r"),
        });
        let list = self.terminal.until(last);
        // Ctrl-C would take along what is typed behind it.
        self.terminal.press("\x15\r");
        list
    }
}

/// Puts the completions where this shell looks for its user's own.
fn install(kind: Kind, home: &Path) {
    let (shell, place, (settings, text)) = match kind {
        Kind::Bash => (
            "bash",
            "data/bash-completion/completions/countersignctl",
            (".bashrc", ". /usr/share/bash-completion/bash_completion\n"),
        ),
        Kind::Zsh => (
            "zsh",
            "functions/_countersignctl",
            (
                ".zshrc",
                "bindkey -e; fpath=(~/functions $fpath); autoload -U compinit; compinit -u\n",
            ),
        ),
        Kind::Fish => (
            "fish",
            "config/fish/completions/countersignctl.fish",
            ("config/fish/config.fish", "set fish_greeting\n"),
        ),
    };
    let script = Command::new(&programs().ctl)
        .args(["completions", shell])
        .output()
        .expect("countersignctl");
    for (file, text) in [(place, script.stdout), (settings, text.into())] {
        let file = home.join(file);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(file, text).expect("a file");
    }
}
