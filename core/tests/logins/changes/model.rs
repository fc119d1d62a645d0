//! What a user holds, as it must be after changes, worked out independently of how they are made.

use std::collections::BTreeSet;
use std::ops::Range;

use super::act::{By, Name, What, Which};
use super::passes::Kept;
use crate::user::FIRST_COUNTER;

/// Everything that matters of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Model {
    pub(super) credentials: Vec<Held>,
    pub(super) next_id: u32,
    /// Which recovery codes were handed out last, and the places of those that are good.
    pub(super) recovery: (Edition, BTreeSet<usize>),
    /// The places of all scratch codes that came over, and whether they are good.
    pub(super) scratch: (Edition, Vec<(usize, bool)>),
    /// When the last issued code is good, unless it was used.
    pub(super) issued: Option<Range<u64>>,
    /// The logins that are remembered.
    pub(super) passes: Vec<Kept>,
}

/// Tells what was handed out or came over once from what was another time; none is 0.
pub(super) type Edition = u8;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Held {
    pub(super) id: u32,
    pub(super) name: Name,
    pub(super) label: String,
    pub(super) confirmed: bool,
    pub(super) created: u64,
    pub(super) last_used: Option<u64>,
    /// The first step or counter that is not used up.
    pub(super) unused: u64,
    /// Where an app's codes are expected, in half steps ahead of the clock.
    pub(super) ahead: i64,
    /// Whether more of a token may be used up than is known.
    pub(super) uncertain: bool,
}

pub(super) const fn is_app(name: Name) -> bool {
    name.is_multiple_of(2)
}

/// What is not used up of a secret that nobody has used.
pub(super) const fn never_used(name: Name) -> u64 {
    if is_app(name) { 0 } else { FIRST_COUNTER }
}

/// The step or counter that is so many from now or from the first.
pub(super) const fn number(name: Name, unused: u64, offset: i64, now: u64) -> u64 {
    let from = if is_app(name) { now / 30 } else { unused };
    from.saturating_add_signed(offset)
}

impl Model {
    pub(super) const fn new() -> Self {
        Self {
            credentials: Vec::new(),
            next_id: 1,
            recovery: (0, BTreeSet::new()),
            scratch: (0, Vec::new()),
            issued: None,
            passes: Vec::new(),
        }
    }

    pub(super) fn is_enrolled(&self) -> bool {
        self.credentials.iter().any(|held| held.confirmed)
    }

    pub(super) fn is_issued_code_good(&self, now: u64) -> bool {
        self.issued.as_ref().is_some_and(|good| good.contains(&now))
    }

    pub(super) fn is_scratch_code_good(&self, place: usize) -> bool {
        self.is_enrolled() && self.scratch.1.contains(&(place, true))
    }

    pub(super) fn is_recovery_code_good(&self, edition: Edition, place: usize) -> bool {
        let (there, good) = &self.recovery;
        self.is_enrolled() && edition == *there && good.contains(&place)
    }

    pub(super) fn confirmed(&self, name: Name) -> Option<&Held> {
        let mut held = self.credentials.iter();
        held.find(|held| held.name == name && held.confirmed)
    }

    /// What is not used up of a secret.
    pub(super) fn unused(&self, name: Name) -> u64 {
        let held = self.credentials.iter().find(|held| held.name == name);
        held.map_or(never_used(name), |held| held.unused)
    }

    /// The first of two codes in a row that open a login at `now`.
    pub(super) fn opens(&self, name: Name, first: u64, now: u64) -> bool {
        self.confirmed(name).is_some_and(|held| {
            let lasts = if is_app(name) {
                // Three steps either way of where it is expected.
                let step = now / 30;
                let [earliest, latest] = [held.ahead.div_euclid(2), (held.ahead + 1).div_euclid(2)];
                step.saturating_add_signed(earliest - 3)..=step.saturating_add_signed(latest + 3)
            } else {
                held.unused + 1..=held.unused + 16
            };
            first >= held.unused && lasts.contains(&(first + 1))
        })
    }

    /// What a change makes of it, but for what is remembered, and whose code opened a login;
    /// `None` if it is refused. What it hands out, or what comes over first, is of an edition of
    /// its own.
    pub(super) fn changed(
        &self,
        what: &What,
        edition: Edition,
        now: u64,
    ) -> Option<(Self, Option<u32>)> {
        let mut after = self.clone();
        match what {
            What::Offer(name) => {
                after.credentials.retain(|held| held.confirmed);
                if after.confirmed(*name).is_some() {
                    return None;
                }
                let unused = never_used(*name);
                after.add(*name, "offered", unused, now);
            }
            What::Confirm { which, offset } => after.confirm(*which, *offset, now)?,
            What::Trust(which) => after.named(*which)?.confirmed = true,
            What::Rename(which, label) => after.named(*which)?.label.clone_from(label),
            What::Remove(which) => {
                let id = after.named(*which)?.id;
                after.credentials.retain(|held| held.id != id);
                after.keep_nothing_without_a_factor();
            }
            What::Reset => after = Self::new(),
            What::Unlock => {}
            What::Issue(seconds) => after.issued = Some(now..now + seconds),
            What::RenewRecoveryCodes => {
                after.recovery = (edition, (0..10).collect());
                after.void_scratch_codes();
            }
            What::Import {
                credentials,
                scratch_codes,
            } => after.import(credentials, (edition, scratch_codes), now),
            What::BackUp
            | What::Restore { .. }
            | What::Forget
            | What::Reboot { .. }
            | What::SetClock(_) => {}
            What::LogIn(by, _) => {
                let proven = after.log_in(by, now)?;
                return Some((after, proven));
            }
        }
        Some((after, None))
    }

    fn confirm(&mut self, which: Which, offset: i64, now: u64) -> Option<()> {
        let offer = self.named(which).filter(|held| !held.confirmed)?;
        let near = if is_app(offer.name) { -1..=1 } else { 0..=5 };
        if !near.contains(&offset) {
            return None;
        }
        offer.unused = number(offer.name, offer.unused, offset, now) + 1;
        if is_app(offer.name) {
            offer.ahead = offset.signum();
        }
        offer.last_used = Some(now);
        offer.confirmed = true;
        Some(())
    }

    /// Uses up what a login does, and tells whose code it was, if it was one; `None` if it is
    /// refused.
    fn log_in(&mut self, by: &By, now: u64) -> Option<Option<u32>> {
        match by {
            By::Codes { name, offset } => {
                let first = number(*name, self.unused(*name), *offset, now);
                let opens = self.opens(*name, first, now);
                let held = self.confirmed(*name).filter(|_| opens)?.id;
                let held = self.named(Which::Id(held))?;
                held.unused = first + 2;
                held.uncertain = false;
                held.last_used = Some(now);
                if is_app(*name) {
                    let ahead = i64::try_from(first + 1).ok()? - i64::try_from(now / 30).ok()?;
                    held.ahead = 2 * ahead;
                }
                return Some(Some(held.id));
            }
            By::ScratchCode(place) => {
                let good = self.is_scratch_code_good(*place);
                let mut scratch = self.scratch.1.iter_mut().filter(|_| good);
                scratch.find(|(held, _)| held == place)?.1 = false;
            }
            By::IssuedCode => {
                let good = self.is_issued_code_good(now);
                self.issued.take().filter(|_| good)?;
            }
            By::RecoveryCode(place) => {
                let good = self.is_recovery_code_good(self.recovery.0, *place);
                self.recovery.1.take(place).filter(|_| good)?;
            }
        }
        Some(None)
    }

    fn import(
        &mut self,
        credentials: &[(Name, i64)],
        (edition, scratch_codes): (Edition, &[usize]),
        now: u64,
    ) {
        self.credentials.retain(|held| held.confirmed);
        for (name, used) in credentials {
            let unused = number(*name, FIRST_COUNTER, *used, now);
            let mut held = self.credentials.iter_mut();
            if let Some(held) = held.find(|held| held.name == *name) {
                held.unused = held.unused.max(unused);
                continue;
            }
            let id = self.next_id;
            self.add(*name, "imported", unused, now);
            if let Some(new) = self.named(Which::Id(id)) {
                new.confirmed = true;
            }
        }
        let (there, codes) = &mut self.scratch;
        if codes.is_empty() && !scratch_codes.is_empty() {
            *there = edition;
        }
        for place in scratch_codes {
            if codes.iter().all(|(held, _)| held != place) {
                codes.push((*place, true));
            }
        }
    }

    /// What there is once this is restored in place of `present`.
    pub(super) fn restored(mut self, present: Option<&Self>, trusted: bool, now: u64) -> Self {
        self.credentials.retain(|held| held.confirmed);
        for held in &mut self.credentials {
            let mut there = present.iter().flat_map(|present| &present.credentials);
            let twin = there.find(|there| there.confirmed && there.name == held.name);
            held.last_used = held.last_used.max(twin.and_then(|twin| twin.last_used));
            held.unused = held.unused.max(twin.map_or(0, |twin| twin.unused));
            if is_app(held.name) {
                // It was seen there last.
                held.ahead = twin.map_or(held.ahead, |twin| twin.ahead);
                // Up to the last that a single code may be of.
                let ahead = (held.ahead + 1).div_euclid(2) + 1;
                let latest = (now / 30).saturating_add_signed(ahead);
                held.unused = held.unused.max(latest + 1);
            } else {
                held.uncertain = twin.is_none_or(|twin| twin.uncertain);
            }
        }
        match present {
            Some(present) => self.reconcile(present),
            None if trusted => {}
            None => {
                self.recovery = (0, BTreeSet::new());
                self.void_scratch_codes();
            }
        }
        self.keep_nothing_without_a_factor();
        self.issued = None;
        self.passes.clear();
        self
    }

    /// Leaves nothing good that is not so in `present`.
    fn reconcile(&mut self, present: &Self) {
        let (edition, good) = std::mem::replace(&mut self.recovery, present.recovery.clone());
        if edition == self.recovery.0 {
            self.recovery.1.retain(|place| good.contains(place));
        }
        let (edition, codes) = std::mem::replace(&mut self.scratch, present.scratch.clone());
        let same = edition == self.scratch.0;
        for (place, good) in &mut self.scratch.1 {
            *good &= same && codes.contains(&(*place, true));
        }
        self.next_id = self.next_id.max(present.next_id);
    }

    fn keep_nothing_without_a_factor(&mut self) {
        if !self.is_enrolled() {
            self.recovery = (0, BTreeSet::new());
            self.void_scratch_codes();
        }
    }

    fn add(&mut self, name: Name, label: &str, unused: u64, now: u64) {
        self.credentials.push(Held {
            id: self.next_id,
            name,
            label: label.to_owned(),
            confirmed: false,
            created: now,
            last_used: None,
            unused,
            ahead: 0,
            uncertain: false,
        });
        self.next_id += 1;
    }

    pub(super) fn id(&self, which: Which) -> u32 {
        match which {
            Which::Id(id) => id,
            Which::Back(back) => self.next_id.saturating_sub(1 + back),
        }
    }

    fn named(&mut self, which: Which) -> Option<&mut Held> {
        let id = self.id(which);
        self.credentials.iter_mut().find(|held| held.id == id)
    }

    fn void_scratch_codes(&mut self) {
        for (_, good) in &mut self.scratch.1 {
            *good = false;
        }
    }
}
