//! What a page documents is what there is: nothing is missing, nothing is made up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use countersign_tests::programs::{programs, root};
use regex_lite::Regex;

pub(crate) type Names = BTreeSet<String>;

/// Options that every program has, and no page explains.
const EVERYWHERE: [&str; 2] = ["help", "version"];
/// Options that every command of countersignctl takes; they have a section of their own.
const DOORS: [&str; 2] = ["socket", "bus"];

fn page(name: &str) -> String {
    fs::read_to_string(root().join("packaging/man").join(name)).expect(name)
}

/// All that the pattern's group finds.
pub(crate) fn found(pattern: &str, text: &str) -> Names {
    let pattern = Regex::new(pattern).expect("a pattern");
    let group = |found: regex_lite::Captures<'_>| found.get(1).map(|text| text.as_str().to_owned());
    pattern.captures_iter(text).filter_map(group).collect()
}

/// The long options that a page's text names.
fn documented(text: &str) -> Names {
    found(r"\bFl -([a-z][a-z-]*)", text)
}

/// What `--help` says behind these words.
pub(crate) fn help(program: &Path, words: &[&str]) -> String {
    let output = Command::new(program)
        .args(words)
        .arg("--help")
        .output()
        .expect("a program");
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// What `--help` says of a command, or of each command below it, with its name.
fn leaves(program: &Path, command: &str) -> Vec<(Option<String>, String)> {
    let own = help(program, &[command]);
    let below = listed(&own);
    if below.is_empty() {
        return vec![(None, own)];
    }
    let leaf = |name: String| {
        let help = help(program, &[command, &name]);
        (Some(name), help)
    };
    below.into_iter().map(leaf).collect()
}

/// The long options that a help text explains.
fn offered(help: &str) -> Names {
    let mut options = found(r"(?m)^ +(?:-\w, )?--([a-z][a-z-]*)", help);
    options.retain(|option| !EVERYWHERE.contains(&option.as_str()));
    options
}

/// The commands that a help text lists.
pub(crate) fn listed(help: &str) -> Names {
    let (_, list) = help.split_once("Usage:").expect("a usage");
    let (list, _) = list.split_once("Options:").expect("options");
    let mut commands = found(r"(?m)^  ([a-z][a-z-]*) +\S", list);
    commands.remove("help");
    commands
}

/// The commands that countersignctl(8) explains, each with its line and all the text below it.
fn explained(page: &str) -> BTreeMap<String, (String, String)> {
    let mut commands: BTreeMap<String, (String, String)> = BTreeMap::new();
    let (mut here, mut depth, mut current) = (false, 0, None);
    for line in page.lines() {
        if line.starts_with(".Ss") || line.starts_with(".Sh") {
            here = line.starts_with(".Ss Commands");
            current = None;
        }
        match line.split(' ').next() {
            Some(".Bl") => depth += 1,
            Some(".El") => depth -= 1,
            Some(".It") if here && depth == 1 => {
                let name = line.strip_prefix(".It Cm ").expect(line);
                let name = name.split(' ').next().expect(line).to_owned();
                let (lines, text) = commands.entry(name.clone()).or_default();
                // Several ways to write it stand one below the other.
                assert!(text == lines, "{name} is there twice");
                lines.push_str(line);
                lines.push('\n');
                current = Some(name);
            }
            Some(_) | None => {}
        }
        if let Some((_, text)) = current.as_ref().and_then(|name| commands.get_mut(name)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    commands
}

#[test]
fn every_command_of_countersignctl_is_explained_with_its_options_and_arguments() {
    let ctl = &programs().ctl;
    let page = page("countersignctl.8");
    let explained = explained(&page);
    let names: Names = explained.keys().cloned().collect();
    assert_eq!(names, listed(&help(ctl, &[])));
    for (command, (lines, text)) in &explained {
        let mut options = Names::new();
        for (name, help) in leaves(ctl, command) {
            options.extend(offered(&help));
            let mut named = name.iter().map(|name| format!("Cm {name} "));
            assert!(
                named.all(|name| lines.contains(&name)),
                "{command} {name:?}"
            );
            let usage = help.lines().find(|line| line.starts_with("Usage:"));
            for argument in found(r"[\[<]([A-Z][A-Z_]*)[\]>]", usage.expect("a usage")) {
                let name = format!("Ar {}", argument.to_lowercase());
                assert!(
                    argument == "OPTIONS" || lines.contains(&name),
                    "{command}: {argument} in {lines}"
                );
            }
        }
        options.retain(|option| !DOORS.contains(&option.as_str()));
        assert_eq!(documented(text), options, "{command}");
    }
    let everywhere = documented(&page);
    assert!(DOORS.iter().all(|option| everywhere.contains(*option)));
}

#[test]
fn every_option_of_countersignd_is_explained_and_no_other() {
    let daemon = &programs().daemon;
    let top = help(daemon, &[]);
    let mut options = offered(&top);
    let text = page("countersignd.8");
    let commands: Names = top
        .lines()
        .skip_while(|line| *line != "Commands:")
        .take_while(|line| !line.is_empty())
        .flat_map(|line| found(r"^  ([a-z-]+) ", line))
        .filter(|command| command != "help")
        .collect();
    assert!(commands.len() > 1, "{top}");
    for command in &commands {
        assert!(text.contains(&format!(".It Cm {command}")), "{command}");
        options.extend(offered(&help(daemon, &[command])));
    }
    assert_eq!(documented(&text), options);
}

/// The names that the configuration knows in front of, or below, `text`: an unknown one is
/// answered with all that there are.
fn known_in(text: &str) -> Names {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), text).expect("a file");
    let output = Command::new(&programs().daemon)
        .arg("check-config")
        .arg(file.path())
        .output()
        .expect("countersignd");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let (_, known) = said
        .split_once("expected")
        .unwrap_or_else(|| panic!("{said}"));
    found(r"`([a-z-]+)`", known)
}

#[test]
fn every_setting_is_explained_and_no_other() {
    let page = page("countersign.toml.5");
    let sections = known_in("[no-such-section]\n");
    assert_eq!(found(r"(?m)^\.Ss \[+([a-z-]+)\]", &page), sections);
    for section in &sections {
        let heading = match section.as_str() {
            "rule" => "[[rule]]".to_owned(),
            _ => format!("[{section}]"),
        };
        let settings = known_in(&format!("{heading}\nno-such-setting = 1\n"));
        let (_, text) = page.split_once(&format!(".Ss {heading}")).expect(section);
        let text = text.split("\n.S").next().expect(section);
        assert_eq!(
            found(r"(?m)^\.It Cm ([a-z-]+)", text),
            settings,
            "{section}"
        );
    }
}

#[test]
fn every_argument_of_the_module_is_explained_and_no_other() {
    let source = fs::read_to_string(root().join("pam-module/src/options.rs")).expect("a file");
    let mut arguments = found(r#"Some\(\("([a-z]+)","#, &source);
    arguments.extend(found(r#"text == "([a-z]+)""#, &source));
    let page = page("pam_countersign.8");
    let (_, text) = page.split_once(".Bl").expect("a list");
    let text = text.split("\n.S").next().expect("an end");
    assert_eq!(found(r"(?m)^\.It Cm ([a-z]+)", text), arguments);
}

#[test]
fn every_member_on_the_bus_is_explained_with_its_arguments_and_no_other() {
    let file = root().join("packaging/dbus/org.countersign.Countersign1.xml");
    let xml = fs::read_to_string(file).expect("a file");
    let page = page("org.countersign.Countersign1.5");
    for interface in xml.split("<interface name=\"").skip(1) {
        let (name, body) = interface.split_once('"').expect("a name");
        let members: Names = body
            .split("<method name=\"")
            .skip(1)
            .map(signature)
            .collect();
        let heading = format!(".Sh INTERFACE {name}\n");
        let (_, text) = page
            .split_once(&heading)
            .unwrap_or_else(|| panic!("{name}"));
        let text = text.split("\n.Sh").next().expect("an end");
        assert_eq!(found(r"(?m)^\.It Sy (.*)$", text), members, "{name}");
    }
}

/// A method in XML, as the page writes it.
fn signature(method: &str) -> String {
    let (name, body) = method.split_once('"').expect("a name");
    let body = body.split("</method>").next().expect("an end");
    let arguments = |direction: &str| {
        let pattern = format!(r#"<arg name="([^"]+)" type="([^"]+)" direction="{direction}""#);
        let pattern = Regex::new(&pattern).expect("a pattern");
        let arguments = pattern
            .captures_iter(body)
            .map(|found| format!("{} {}", &found[2], &found[1]));
        arguments.collect::<Vec<_>>().join(", ")
    };
    match arguments("out").as_str() {
        "" => format!("{name} Ns No ({})", arguments("in")),
        out => format!(r"{name} Ns No ({}) \(-> ({out})", arguments("in")),
    }
}

#[test]
fn every_entry_of_a_dictionary_on_the_bus_is_explained() {
    let page = page("org.countersign.Countersign1.5");
    let explained: Names = page
        .lines()
        .filter_map(|line| {
            line.strip_prefix('.')?
                .trim_start_matches("It ")
                .strip_prefix("Li ")
        })
        .flat_map(|line| found(r"(?:^|, )([a-z-]+) ", line))
        .collect();
    let sources = sources_below(&root().join("bus/src"));
    assert!(sources.len() > 10, "not all of them are there");
    for source in sources {
        let dictionaries = source.split("signature = \"dict\"").skip(1);
        for dictionary in dictionaries.filter_map(|text| text.split("\n}").next()) {
            for field in found(r"(?m)^    pub ([a-z_]+): Option", dictionary) {
                let entry = field.replace('_', "-");
                assert!(explained.contains(&entry), "{entry} in {dictionary}");
            }
        }
    }
}

fn sources_below(directory: &Path) -> Vec<String> {
    let paths = fs::read_dir(directory).expect("a directory");
    let paths = paths.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => sources_below(&path),
            false => vec![fs::read_to_string(path).expect("text")],
        })
        .collect()
}

/// A page's text: what its lines say, without the escape that lets one begin with a dot.
fn prose(lines: &str) -> String {
    let lines = lines.lines().map(|line| line.trim_start_matches(r"\&"));
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_check_of_doctor_is_explained_in_its_own_words_and_no_other() {
    let output = Command::new(&programs().ctl)
        .args(["doctor", "--list", "--json"])
        .output()
        .expect("countersignctl");
    let checks: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let page = page("countersign-doctor.7");
    let (_, list) = page.split_once(".Sh CHECKS").expect("a section");
    let list = list.split("\n.El").next().expect("an end");
    let explained: BTreeMap<_, _> = list
        .split(".It Sy ")
        .skip(1)
        .map(|item| item.split_once('\n').expect("a text"))
        .map(|(heading, text)| (heading.to_owned(), prose(text)))
        .collect();
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().expect(key).to_owned();
    let there: BTreeMap<_, _> = checks
        .as_array()
        .expect("a list")
        .iter()
        .map(|check| {
            let heading = format!("{} Pq {}", text(check, "id"), text(check, "severity"));
            let finds = text(check, "finds");
            let (means, mends) = (text(check, "means"), text(check, "mends"));
            (heading, format!("Finds {finds}. {means} {mends}."))
        })
        .collect();
    assert!(there.len() >= 25);
    assert_eq!(explained, there);
}

#[test]
fn every_page_of_ours_that_a_page_names_is_there() {
    let pages: Names = fs::read_dir(root().join("packaging/man"))
        .expect("a directory")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    for name in &pages {
        let pattern = Regex::new(r"(?m)^\.Xr (\S*countersign\S*) (\d)").expect("a pattern");
        for named in pattern.captures_iter(&page(name)) {
            let named = format!("{}.{}", &named[1], &named[2]);
            assert!(pages.contains(&named), "{named} in {name}");
        }
    }
}
