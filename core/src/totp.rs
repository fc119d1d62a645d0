//! Time-based one-time codes, RFC 6238.

use std::ops::RangeInclusive;

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::code::Code;
use crate::otp::{Algorithm, Check, Digits, Otp, Reach};
use crate::secret::Secret;
use crate::time::{Period, Skew, Step, Timestamp};

/// What an authenticator app and the verifier agree on.
#[derive(Clone, Debug, Decode, Encode)]
pub struct Totp {
    #[n(0)]
    otp: Otp,
    #[n(1)]
    period: Period,
    #[n(2)]
    skew: Skew,
}

impl Totp {
    const FURTHER_IN_A_ROW: u64 = 2;

    /// A credential's parameters around `secret`, with the usual skew.
    pub const fn new(secret: Secret, algorithm: Algorithm, digits: Digits, period: Period) -> Self {
        Self {
            otp: Otp::new(secret, algorithm, digits),
            period,
            skew: Skew::DEFAULT,
        }
    }

    /// The same, with another skew.
    #[must_use]
    pub fn with_skew(self, skew: Skew) -> Self {
        Self { skew, ..self }
    }

    /// What `codes`, typed one after the other, prove at `now`, if all steps up to `spent` are
    /// used up and the device's clock is off by `drift`.
    ///
    /// A single code must be one of the steps within the skew of where the device's clock should
    /// be; of several in a row, the last one may be two steps further off. [`Reach::Far`] goes to
    /// wherever the drift may get: that is how a clock is found again that went astray.
    pub fn check(
        &self,
        codes: &[Code],
        now: Timestamp,
        (spent, drift): (Option<Step>, Drift),
        reach: Reach,
    ) -> Check {
        let Step(now) = self.period.step_at(now);
        let unused_from = spent.map_or(0, |Step(spent)| spent.saturating_add(1));
        let before = (codes.len() as u64).saturating_sub(1);
        let (earliest, latest) = match (reach, before) {
            (Reach::Near, 0) => drift.window(now, self.skew, 0),
            (Reach::Near, _) => drift.window(now, self.skew, Self::FURTHER_IN_A_ROW),
            (Reach::Far, _) => Drift::reach(now),
        }
        .into_inner();
        let firsts = earliest.saturating_sub(before)..=latest.saturating_sub(before);
        self.otp.search(codes, firsts, unused_from)
    }

    /// The last step whose code would be accepted by itself at `now`.
    pub(crate) fn latest(&self, now: Timestamp, drift: Drift) -> Step {
        let Step(now) = self.period.step_at(now);
        Step(*drift.window(now, self.skew, 0).end())
    }

    /// The step that `code` belongs to, if that is at most `reach` steps from the one at `at`.
    ///
    /// For a code that another verifier accepted about then.
    pub fn step_of(&self, code: &Code, at: Timestamp, reach: u64) -> Option<Step> {
        let Step(at) = self.period.step_at(at);
        let steps = at.saturating_sub(reach)..=at.saturating_add(reach);
        match self.otp.search(std::slice::from_ref(code), steps, 0) {
            Check::Fresh(step) => Some(Step(step)),
            Check::Used | Check::Wrong => None,
        }
    }

    /// The code for `step`. For tests and for enrolling a device that cannot show one.
    #[must_use]
    pub fn code_at(&self, step: Step) -> String {
        self.otp.code(step.0).to_string()
    }

    /// What makes its codes.
    pub const fn otp(&self) -> &Otp {
        &self.otp
    }

    /// RFC 6238's `X`.
    pub const fn period(&self) -> Period {
        self.period
    }

    /// How far from where its clock should be a device's code may be.
    pub const fn skew(&self) -> Skew {
        self.skew
    }
}

/// How far a device's clock was ahead of ours when its codes were last accepted, or, below zero,
/// behind: RFC 6238 section 6. The next code is looked for around there.
///
/// Kept in half steps, and moved by one at a time, only for a code at the edge of the window: a
/// device whose codes come from three neighbouring steps, as they do where somebody types now
/// quickly and now slowly, is followed to where all three are accepted, and never away from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Drift(i8);

impl Drift {
    /// The most steps that a clock may be off, either way: ten minutes, as most codes go.
    pub const MOST: i8 = 20;
    /// A clock that agrees with ours.
    pub const NONE: Self = Self(0);

    /// A drift of `steps`.
    ///
    /// # Errors
    ///
    /// If it is more than [`MOST`](Self::MOST).
    pub fn from_steps(steps: i64) -> Result<Self, TooMuchDrift> {
        i8::try_from(steps)
            .ok()
            .filter(|steps| (-Self::MOST..=Self::MOST).contains(steps))
            .map(|steps| Self(2 * steps))
            .ok_or(TooMuchDrift(steps))
    }

    /// How many whole steps.
    pub const fn steps(self) -> i64 {
        (self.0 / 2) as i64
    }

    /// The steps that a code may be of at the step `now`, so many `further` than the skew.
    fn window(self, now: u64, skew: Skew, further: u64) -> RangeInclusive<u64> {
        let below = i64::from(self.0).div_euclid(2);
        let above = below + i64::from(self.0).rem_euclid(2);
        let earliest = now.saturating_add_signed(below);
        let latest = now.saturating_add_signed(above);
        let either_way = skew.steps().saturating_add(further);
        earliest.saturating_sub(either_way)..=latest.saturating_add(either_way)
    }

    /// The steps that a code may be of at the step `now`, wherever the clock went.
    const fn reach(now: u64) -> RangeInclusive<u64> {
        let most = Self::MOST.unsigned_abs() as u64;
        now.saturating_sub(most)..=now.saturating_add(most)
    }

    /// The drift after a single code of `step` was accepted at `now`.
    pub(crate) fn followed(self, Step(step): Step, Step(now): Step, skew: Skew) -> Self {
        let beyond = Self::half_steps(step, now) - i128::from(self.0);
        if beyond.abs() < 2 * i128::from(skew.steps()) {
            return self;
        }
        Self::within_bounds(i128::from(self.0) + beyond.signum())
    }

    /// The drift after several codes in a row, the last of `step`, were accepted at `now`.
    pub(crate) fn found(Step(step): Step, Step(now): Step) -> Self {
        Self::within_bounds(Self::half_steps(step, now))
    }

    fn half_steps(step: u64, now: u64) -> i128 {
        2 * (i128::from(step) - i128::from(now))
    }

    fn within_bounds(half_steps: i128) -> Self {
        let most = 2 * i128::from(Self::MOST);
        // At most 40 either way, so nothing is cut off.
        Self(half_steps.clamp(-most, most) as i8)
    }
}

impl<C> Encode<C> for Drift {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.i8(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Drift {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        match decoder.i8()? {
            half_steps @ -40..=40 => Ok(Self(half_steps)),
            _ => Err(minicbor::decode::Error::message("drift")),
        }
    }
}

/// A clock is off by more than is ever made up for.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("its clock is off by {0} steps, and at most 20 are made up for")]
pub struct TooMuchDrift(i64);

#[cfg(test)]
mod tests;
