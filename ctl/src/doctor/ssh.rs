//! sshd: by which methods it lets somebody in, and which of them ask PAM.

mod checks;
mod config;
mod effective;
#[cfg(test)]
mod tests;

use self::checks::*;
use self::config::{Config, MAIN};
use self::effective::{Context, Effective, contexts};
use super::finding::{Check, Finding};
use super::scene::{Scene, place};
use super::{Group, Report, pam};
use crate::protect::sshd::PROGRAM as SSHD;

/// From which version on sshd knows KbdInteractiveAuthentication.
const KNOWS: (u32, u32) = (8, 7);

pub(super) const GROUP: Group = Group {
    checks: &[
        &CONFIG_WRONG,
        &WITHOUT_PAM,
        &KEY_ALONE,
        &OTHER_ALONE,
        &REFUSED_UNASKED,
        &NOBODY_ASKED,
        &PASSWORD_METHOD,
        &ROOT_LOGIN,
        &EMPTY_PASSWORDS,
        &GRACE,
        &TRIES,
        &STARTUPS,
        &OLD,
    ],
    examine,
};

fn examine(scene: &Scene<'_>, report: &mut Report) {
    // Where sshd is not asked, that is said of PAM's configuration.
    if !scene.files.exists(SSHD) || !pam::asking(scene).iter().any(|service| service == "sshd") {
        return;
    }
    version(scene, report);
    let config = Config::read(&scene.files);
    for (path, error) in &config.unread {
        report.not_checked(GROUP.checks, format!("{path} cannot be read: {error}"));
    }
    for context in contexts(scene, &config, report) {
        let settings = match effective::settings(scene, &context) {
            Ok(settings) => settings,
            Err(why) => {
                refused(&config, &why, report);
                continue;
            }
        };
        let look = Look {
            scene,
            config: &config,
            context: &context,
            settings: &settings,
        };
        look.at_methods(report);
        look.at_limits(report);
    }
}

fn version(scene: &Scene<'_>, report: &mut Report) {
    let said = scene.programs.run(SSHD, &["-V"]);
    let said = said.map(|said| format!("{}{}", said.stdout, said.stderr));
    match said.as_deref().map(effective::version) {
        Ok(Some(version)) if version < KNOWS => {
            let found = format!("sshd is OpenSSH {}.{}.", version.0, version.1);
            report.find(OLD.found(found).in_file(SSHD));
        }
        Ok(Some(_)) => {}
        Ok(None) => report.not_checked(&[&OLD], format!("{SSHD} does not tell its version")),
        Err(error) => report.not_checked(&[&OLD], format!("{SSHD} cannot be run: {error}")),
    }
}

/// sshd does not say what its settings are: because one is wrong, or for a reason of its own.
fn refused(config: &Config, why: &str, report: &mut Report) {
    let why = why.trim_end_matches('.');
    if let Some((file, line)) = effective::located(why) {
        let finding = CONFIG_WRONG.found(format!("{why}."));
        report.find(finding.at(&place(&file, line)).fix("sshd -t"));
    } else if why.contains("Disabled method") {
        // It demands a method that is off, and does not start so.
        let finding = NOBODY_ASKED.found(format!("{why}."));
        let keywords = ["kbdinteractiveauthentication", "authenticationmethods"];
        let mut places = keywords
            .iter()
            .filter_map(|keyword| config.place_of(keyword, None));
        let finding = match places.next() {
            Some(place) => finding.at(place),
            None => finding.in_file(MAIN),
        };
        report.find(finding.fix("KbdInteractiveAuthentication yes"));
    }
    let others = GROUP
        .checks
        .iter()
        .filter(|check| !report.has(check) && check.id != OLD.id);
    let others: Vec<_> = others.copied().collect();
    report.not_checked(&others, format!("{SSHD} -T says: {why}"));
}

/// One kind of login, and what is in force for it.
struct Look<'a> {
    scene: &'a Scene<'a>,
    config: &'a Config,
    context: &'a Context,
    settings: &'a Effective,
}

impl Look<'_> {
    /// A finding where a keyword is set; where it is not, in its block, or in the main file.
    fn at(&self, finding: Finding, keywords: &[&str]) -> Finding {
        let block = self.context.block;
        let mut places = keywords
            .iter()
            .filter_map(|keyword| self.config.place_of(keyword, block));
        let own = block
            .and_then(|block| self.config.blocks.get(block))
            .map(|block| &block.place);
        match places.next().or(own) {
            Some(place) => finding.at(place),
            None => finding.in_file(MAIN),
        }
    }

    fn found(&self, check: &Check, what: &str) -> Finding {
        match &self.context.label {
            Some(label) => check.found(format!("{label}: {what}.")),
            None => check.found(format!("{what}.")),
        }
    }

    /// Whether the policy demands a factor of these logins.
    fn is_demanded(&self) -> bool {
        match &self.context.user {
            Some(user) => self.scene.demand(user, "sshd").is_enforced(),
            None => self.scene.is_demanded_at("sshd"),
        }
    }

    fn at_methods(&self, report: &mut Report) {
        if !self.settings.is("usepam", "yes") {
            let finding = self.found(&WITHOUT_PAM, "UsePAM is off");
            return report.find(self.at(finding, &["usepam"]).fix("UsePAM yes"));
        }
        if !self.is_demanded() {
            return;
        }
        let asks = |list: &&Vec<String>| list.iter().any(|method| effective::asks_pam(method));
        let lists = self.settings.sufficient();
        for list in lists.iter().filter(|list| !asks(list)) {
            self.unasked(list, report);
        }
        if lists
            .iter()
            .any(|list| list.iter().any(|method| method == "password"))
        {
            let finding = self.found(&PASSWORD_METHOD, "The method \"password\" is on");
            let finding = self.at(finding, &["passwordauthentication"]);
            report.find(
                finding
                    .fix("PasswordAuthentication no")
                    .fix("KbdInteractiveAuthentication yes"),
            );
        } else if !lists.iter().any(|list| asks(&list)) && lists.is_empty() {
            let finding = self.found(&NOBODY_ASKED, "No method is on that can ask for a code");
            let keywords = [
                "kbdinteractiveauthentication",
                "challengeresponseauthentication",
            ];
            report.find(
                self.at(finding, &keywords)
                    .fix("KbdInteractiveAuthentication yes"),
            );
        }
    }

    /// A login by these methods gets in, or to the guard, and nobody asked for a code.
    fn unasked(&self, list: &[String], report: &mut Report) {
        let methods = list.join(" and ");
        let guarded = pam::has_firm_guard(self.scene, "sshd");
        let other = list.iter().any(|method| effective::is_foreign(method));
        let (check, what) = match (guarded, other) {
            (true, _) => (
                &REFUSED_UNASKED,
                format!("A login by {methods} alone is taken, and then refused"),
            ),
            (false, true) => (&OTHER_ALONE, format!("A login by {methods} alone gets in")),
            (false, false) => (&KEY_ALONE, format!("A login by {methods} alone gets in")),
        };
        let finding = self.at(self.found(check, &what), &["authenticationmethods"]);
        // Where PAM asks for the password too, that and the code are two.
        report.find(finding.fix(match pam::asks_password(self.scene, "sshd") {
            true => "AuthenticationMethods keyboard-interactive:pam",
            false => "AuthenticationMethods publickey,keyboard-interactive:pam",
        }));
    }

    fn at_limits(&self, report: &mut Report) {
        let number = |keyword: &str| self.settings.number(keyword);
        let mut find = |check: &'static Check, keyword: &str, fix: &str| {
            let value = self.settings.value(keyword).unwrap_or_default();
            let finding = self.found(check, &format!("{} is {value}", check_name(keyword)));
            report.find(self.at(finding, &[keyword]).fix(fix));
        };
        if self.settings.is("permitrootlogin", "yes")
            && self
                .context
                .user
                .as_deref()
                .is_none_or(|user| user == "root")
        {
            find(&ROOT_LOGIN, "permitrootlogin", "PermitRootLogin no");
        }
        if self.settings.is("permitemptypasswords", "yes") {
            find(
                &EMPTY_PASSWORDS,
                "permitemptypasswords",
                "PermitEmptyPasswords no",
            );
        }
        if number("logingracetime").is_some_and(|seconds| (1..60).contains(&seconds)) {
            find(&GRACE, "logingracetime", "LoginGraceTime 120");
        }
        if number("maxauthtries").is_some_and(|tries| tries < 3) {
            find(&TRIES, "maxauthtries", "MaxAuthTries 6");
        }
        if number("maxstartups").is_some_and(|logins| logins < 10) {
            find(&STARTUPS, "maxstartups", "MaxStartups 10:30:100");
        }
    }
}

/// A keyword as people write it.
fn check_name(keyword: &str) -> &str {
    match keyword {
        "permitrootlogin" => "PermitRootLogin",
        "permitemptypasswords" => "PermitEmptyPasswords",
        "logingracetime" => "LoginGraceTime",
        "maxauthtries" => "MaxAuthTries",
        "maxstartups" => "MaxStartups",
        other => other,
    }
}
