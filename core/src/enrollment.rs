//! How a credential comes to be: offered, then confirmed by a first code.

use thiserror::Error;

use crate::code::Code;
use crate::credential::{Credential, CredentialId, Factor, UnknownCredential};
use crate::issued::{Issued, IssuedCode};
use crate::otp::Reach;
use crate::record::Record;
use crate::recovery::{RecoveryCode, RecoverySet};
use crate::throttle::Throttle;
use crate::time::Timestamp;

impl Record {
    /// The most credentials that a user may hold.
    pub const MOST_CREDENTIALS: usize = 16;

    /// The record with a new credential, which proves nothing until it is confirmed.
    ///
    /// An earlier offer that was never confirmed makes room for it.
    ///
    /// # Errors
    ///
    /// If the user holds the most there may be, or that secret already: held twice, each of its
    /// codes would be good twice.
    pub fn offer(
        mut self,
        factor: Factor,
        label: &str,
        now: Timestamp,
    ) -> Result<(Self, CredentialId), NotOffered> {
        self.credentials.retain(Credential::is_confirmed);
        if self.credentials.len() >= Self::MOST_CREDENTIALS {
            return Err(NotOffered::TooMany);
        }
        if self
            .credentials
            .iter()
            .any(|held| held.factor().is_about(&factor))
        {
            return Err(NotOffered::KnownSecret);
        }
        let credential = Credential {
            label: label.to_owned(),
            created: now,
            ..self.credential(factor)
        };
        let id = credential.id;
        self.credentials.push(credential);
        self.next_id = self.next_id.saturating_add(1);
        Ok((self, id))
    }

    /// The record with the offered credential confirmed by its first code, which is used up.
    ///
    /// # Errors
    ///
    /// If there is no such offer, or the code does not fit it. Nothing counts against the
    /// throttle: whoever has the offer has the secret.
    pub fn confirm(
        mut self,
        id: CredentialId,
        code: &Code,
        now: Timestamp,
    ) -> Result<Self, NotConfirmed> {
        let offer = self
            .credentials
            .iter_mut()
            .find(|credential| credential.id == id && !credential.confirmed)
            .ok_or(NotConfirmed::NoOffer)?;

        let (_, after) = offer
            .factor
            .check(std::slice::from_ref(code), now, Reach::Near);
        offer.factor = after.ok_or(NotConfirmed::WrongCode)?;
        offer.confirmed = true;
        offer.last_used = Some(now);
        Ok(self)
    }

    /// The record with the offered credential taken on trust, as provisioning does.
    ///
    /// # Errors
    ///
    /// If there is no such credential.
    pub fn trust(mut self, id: CredentialId) -> Result<Self, UnknownCredential> {
        let offer = self
            .credentials
            .iter_mut()
            .find(|credential| credential.id == id)
            .ok_or(UnknownCredential)?;
        offer.confirmed = true;
        Ok(self)
    }

    /// The record without a credential. Without the last one the recovery codes go too: they
    /// stand in for a factor, and are none.
    ///
    /// # Errors
    ///
    /// If there is no such credential.
    pub fn remove(mut self, id: CredentialId) -> Result<Self, UnknownCredential> {
        let before = self.credentials.len();
        self.credentials.retain(|credential| credential.id != id);
        if self.credentials.len() == before {
            return Err(UnknownCredential);
        }
        if !self.is_enrolled() {
            self.recovery = RecoverySet::default();
            self.scratch = self.scratch.void();
        }
        Ok(self)
    }

    /// The record with a credential called otherwise.
    ///
    /// # Errors
    ///
    /// If there is no such credential.
    pub fn rename(mut self, id: CredentialId, label: &str) -> Result<Self, UnknownCredential> {
        let mut held = self.credentials.iter_mut();
        let named = held.find(|credential| credential.id == id);
        label.clone_into(&mut named.ok_or(UnknownCredential)?.label);
        Ok(self)
    }

    /// The record with new recovery codes, and those; the old ones are void, and so are scratch
    /// codes that came from elsewhere.
    #[must_use]
    pub fn renew_recovery_codes(
        mut self,
        entropy: &[u8; RecoverySet::ENTROPY],
    ) -> (Self, Vec<RecoveryCode>) {
        let (set, codes) = RecoverySet::from_entropy(entropy);
        self.recovery = set;
        self.scratch = self.scratch.void();
        (self, codes)
    }

    /// The record with a code that is good once, from now until just before `expires`, and that
    /// code; an earlier one is void. `None` if it cannot be hashed.
    #[must_use]
    pub fn issue(
        mut self,
        entropy: &[u8; IssuedCode::ENTROPY],
        now: Timestamp,
        expires: Timestamp,
    ) -> Option<(Self, IssuedCode)> {
        let (issued, code) = Issued::from_entropy(entropy, now, expires)?;
        self.issued = Some(issued);
        Some((self, code))
    }

    /// The record with all wrong responses forgotten, and the origins that were known.
    #[must_use]
    pub fn unlock(mut self) -> Self {
        self.throttle = Throttle::default();
        self
    }

    pub(crate) fn credential(&self, factor: Factor) -> Credential {
        Credential {
            id: CredentialId(self.next_id),
            label: String::new(),
            factor,
            confirmed: false,
            created: Timestamp::default(),
            last_used: None,
        }
    }
}

/// No credential was offered.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotOffered {
    /// The user holds as many credentials as there may be.
    #[error("the user holds 16 credentials already: remove one first")]
    TooMany,
    /// The user holds that secret.
    #[error("the user holds that secret already: remove that credential first")]
    KnownSecret,
}

/// An offer was not confirmed.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum NotConfirmed {
    /// There is nothing of that id to confirm.
    #[error("there is no such credential waiting for its first code")]
    NoOffer,
    /// The code is not one of the offered secret's.
    #[error("the code does not fit the secret")]
    WrongCode,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otp::{Algorithm, Digits};
    use crate::secret::Secret;
    use crate::throttle::{Backoff, Origin};
    use crate::time::{Period, Step};
    use crate::totp::Totp;

    #[test]
    fn an_offer_proves_nothing_until_its_first_code() {
        let (alice, id) = nobody().offer(factor(1), "phone", NOW).unwrap();
        let offer = &alice.credentials()[0];
        assert_eq!((offer.id(), offer.label()), (id, "phone"));
        assert_eq!((offer.created(), offer.last_used()), (NOW, None));
        assert!(!offer.is_confirmed());
        assert!(!alice.is_enrolled());
        assert_eq!(alice.code_lengths(), [6]);

        let alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
        assert!(alice.is_enrolled());
        assert_eq!(alice.credentials()[0].last_used(), Some(NOW));
        assert_eq!(alice.code_lengths(), [6]);
    }

    #[test]
    fn the_first_code_is_used_up() {
        let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
        let alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
        assert_eq!(spent(&alice), [Some(step(0))]);
    }

    #[test]
    fn a_code_that_does_not_fit_confirms_nothing() {
        let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
        for wrong in [code(2, 0), code(1, -2), code(1, 2)] {
            let refused = alice.clone().confirm(id, &wrong, NOW);
            assert_eq!(refused.unwrap_err(), NotConfirmed::WrongCode);
        }
        assert!(alice.confirm(id, &code(1, 1), NOW).is_ok());
    }

    #[test]
    fn only_an_offer_can_be_confirmed() {
        let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
        let stranger = alice.clone().confirm(CredentialId(9), &code(1, 0), NOW);
        assert_eq!(stranger.unwrap_err(), NotConfirmed::NoOffer);
        let alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
        let again = alice.confirm(id, &code(1, 1), NOW);
        assert_eq!(again.unwrap_err(), NotConfirmed::NoOffer);
    }

    #[test]
    fn a_new_offer_replaces_one_that_was_not_confirmed() {
        let (alice, first) = nobody().offer(factor(1), "", NOW).unwrap();
        let (alice, second) = alice.offer(factor(2), "", NOW).unwrap();
        assert_ne!(first, second);
        assert_eq!(ids(&alice), [second]);
        let refused = alice.clone().confirm(first, &code(1, 0), NOW);
        assert_eq!(refused.unwrap_err(), NotConfirmed::NoOffer);
        assert!(alice.confirm(second, &code(2, 0), NOW).is_ok());
    }

    #[test]
    fn an_offer_leaves_what_is_enrolled_as_it_was() {
        let alice = enrolled(2);
        let (offered, id) = alice.clone().offer(factor(9), "", NOW).unwrap();
        let without = offered.remove(id).unwrap();
        assert_eq!(ids(&without), ids(&alice));
        assert!(without.is_enrolled());
    }

    #[test]
    fn a_user_holds_sixteen_credentials_at_most() {
        let alice = enrolled(15);
        // A sixteenth that was never confirmed is in nobody's way.
        let (alice, _) = alice.offer(factor(16), "", NOW).unwrap();
        let (alice, id) = alice.offer(factor(17), "", NOW).unwrap();
        let alice = alice.trust(id).unwrap();
        assert_eq!(alice.credentials().len(), Record::MOST_CREDENTIALS);
        let refused = alice.clone().offer(factor(18), "", NOW);
        assert_eq!(refused.unwrap_err(), NotOffered::TooMany);

        let (alice, _) = alice
            .remove(id)
            .unwrap()
            .offer(factor(18), "", NOW)
            .unwrap();
        assert_eq!(alice.credentials().len(), Record::MOST_CREDENTIALS);
    }

    #[test]
    fn no_secret_is_enrolled_twice() {
        let alice = enrolled(2);
        let refused = alice.clone().offer(factor(1), "", NOW);
        assert_eq!(refused.unwrap_err(), NotOffered::KnownSecret);
        let secret = Secret::from_entropy(&[1; 20]);
        let digits = Digits::new(8).unwrap();
        let other = Totp::new(secret, Algorithm::Sha256, digits, Period::DEFAULT);
        let refused = alice.clone().offer(Factor::totp(other), "", NOW);
        assert_eq!(refused.unwrap_err(), NotOffered::KnownSecret);

        // It can be offered again while it is not confirmed, and once it was removed.
        let (alice, _) = alice.offer(factor(2), "", NOW).unwrap();
        let (alice, _) = alice.offer(factor(2), "", NOW).unwrap();
        let first = ids(&alice)[0];
        assert!(
            alice
                .remove(first)
                .unwrap()
                .offer(factor(0), "", NOW)
                .is_ok()
        );
    }

    #[test]
    fn an_id_is_never_given_twice() {
        let mut alice = enrolled(0);
        let mut given = Vec::new();
        for name in 1..40 {
            let (offered, id) = alice.offer(factor(name), "", NOW).unwrap();
            assert!(!given.contains(&id), "{id} again");
            given.push(id);
            alice = match name % 3 {
                0 => offered,
                1 => offered.remove(id).unwrap(),
                _ => offered.trust(id).unwrap().remove(id).unwrap(),
            };
        }
    }

    #[test]
    fn what_is_taken_on_trust_counts_as_confirmed_and_unused() {
        let (alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
        let alice = alice.trust(id).unwrap();
        assert!(alice.is_enrolled());
        assert_eq!(spent(&alice), [None]);
        assert_eq!(alice.credentials()[0].last_used(), None);
        assert_eq!(alice.trust(CredentialId(9)).unwrap_err(), UnknownCredential);
    }

    #[test]
    fn the_last_credential_takes_the_recovery_codes_with_it() {
        let (alice, codes) = enrolled(2).renew_recovery_codes(&ENTROPY);
        assert_eq!((codes.len(), alice.recovery_codes_left()), (10, 10));
        let ids = ids(&alice);
        let alice = alice.remove(ids[0]).unwrap();
        assert_eq!(alice.recovery_codes_left(), 10);
        let refused = alice.clone().remove(ids[0]);
        assert_eq!(refused.unwrap_err(), UnknownCredential);

        let alice = alice.remove(ids[1]).unwrap();
        assert_eq!(alice.recovery_codes_left(), 0);
        assert!(!alice.is_enrolled());
    }

    #[test]
    fn new_recovery_codes_void_the_old_ones() {
        let (alice, old) = enrolled(1).renew_recovery_codes(&ENTROPY);
        let (alice, new) = alice.renew_recovery_codes(&[7; RecoverySet::ENTROPY]);
        assert_eq!(alice.recovery_codes_left(), 10);
        assert!(alice.recovery.spend(&old[0]).is_none());
        assert!(alice.recovery.spend(&new[0]).is_some());
    }

    #[test]
    fn unlocking_forgets_wrong_responses_and_no_used_code() {
        let (mut alice, id) = nobody().offer(factor(1), "", NOW).unwrap();
        alice = alice.confirm(id, &code(1, 0), NOW).unwrap();
        for _ in 0..20 {
            let throttle = alice.throttle;
            alice.throttle = throttle.after_failure(&Backoff::DEFAULT, Origin::Seat, NOW, 1);
        }
        let codes = |record: &Record| {
            let demand = record.throttle.demand(&Backoff::DEFAULT, Origin::Seat, NOW);
            demand.codes()
        };
        assert_eq!(codes(&alice), 2);
        let alice = alice.unlock();
        assert_eq!(codes(&alice), 1);
        assert_eq!(spent(&alice), [Some(step(0))]);
    }

    const NOW: Timestamp = Timestamp::from_unix(1_750_000_007);
    const ENTROPY: [u8; RecoverySet::ENTROPY] = [0x5a; RecoverySet::ENTROPY];

    fn nobody() -> Record {
        Record::new(1000, "alice")
    }

    fn enrolled(credentials: u8) -> Record {
        (0..credentials).fold(nobody(), |alice, name| {
            let (alice, id) = alice.offer(factor(name), "", NOW).unwrap();
            alice.trust(id).unwrap()
        })
    }

    fn factor(name: u8) -> Factor {
        Factor::totp(totp(name))
    }

    fn totp(name: u8) -> Totp {
        let secret = Secret::from_entropy(&[name; 20]);
        Totp::new(secret, Algorithm::Sha1, Digits::DEFAULT, Period::DEFAULT)
    }

    fn step(offset: i64) -> Step {
        let Step(now) = Period::DEFAULT.step_at(NOW);
        Step(now.checked_add_signed(offset).unwrap())
    }

    fn code(name: u8, offset: i64) -> Code {
        totp(name).code_at(step(offset)).parse().unwrap()
    }

    fn ids(record: &Record) -> Vec<CredentialId> {
        record.credentials().iter().map(Credential::id).collect()
    }

    fn spent(record: &Record) -> Vec<Option<Step>> {
        let held = record.credentials().iter();
        held.map(|credential| match credential.factor() {
            Factor::Totp { spent, .. } => *spent,
            Factor::Hotp { next, .. } => Some(Step(next.value())),
        })
        .collect()
    }
}
