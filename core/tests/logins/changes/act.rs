//! What may be done to a user's record, and by whom.

use std::ops::Range;

use countersign_core::pass::Per;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::passes::{SPOTS_COUNT, Stay};
use crate::store::Fate;
use crate::user::SCRATCH;

/// A change, and what befalls it.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) what: What,
    pub(super) fate: Fate,
    /// Whether somebody else changes the record between its being read and saved.
    pub(super) overtaken: bool,
    /// How many seconds go by before it.
    pub(super) pause: i64,
}

/// Names of secrets: those of even ones are apps', the others tokens'.
pub(super) type Name = u8;

/// A credential, or none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which {
    Id(u32),
    /// The one that was there so many before the last.
    Back(u32),
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Offer(Name),
    /// An offer, by the code so many steps from now or counters on.
    Confirm {
        which: Which,
        offset: i64,
    },
    Trust(Which),
    Rename(Which, String),
    Remove(Which),
    /// All is forgotten.
    Reset,
    Unlock,
    /// A code that is good for so many seconds.
    Issue(u64),
    RenewRecoveryCodes,
    Import {
        /// With how many steps from now, or counters, being used up.
        credentials: Vec<(Name, i64)>,
        scratch_codes: Vec<usize>,
    },
    /// A login, and how it is to be remembered.
    LogIn(By, Option<Stay>),
    /// No login is remembered.
    Forget,
    /// The machine is down for a while, and then up for a while.
    Reboot {
        down: u64,
        up: u64,
    },
    /// The clock is set, or was wrong by so much.
    SetClock(i64),
    /// What there is now is what a later restore brings back.
    BackUp,
    Restore {
        /// Whether the record that there is now was lost before.
        lost: bool,
        /// Whether recovery codes are known not to have been used since.
        trusted: bool,
    },
}

/// What a login is answered with.
#[derive(Clone, Debug)]
pub(super) enum By {
    /// Two codes of a credential, confirmed or not, the first so many steps from now or counters
    /// on.
    Codes {
        name: Name,
        offset: i64,
    },
    ScratchCode(usize),
    IssuedCode,
    RecoveryCode(usize),
}

impl Change {
    /// One that is saved, a minute after the last.
    pub(super) const fn of(what: What) -> Self {
        Self {
            what,
            fate: Fate::Saved,
            overtaken: false,
            pause: 60,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        match self.what {
            What::Offer(_) => "offer",
            What::Confirm { .. } => "confirm",
            What::Trust(_) => "trust",
            What::Rename(..) => "rename",
            What::Remove(_) => "remove",
            What::Reset => "reset",
            What::Unlock => "unlock",
            What::Issue(_) => "issue",
            What::RenewRecoveryCodes => "renew recovery codes",
            What::Import { .. } => "import",
            What::BackUp => "back up",
            What::Restore { .. } => "restore",
            What::Forget => "forget",
            What::Reboot { .. } => "reboot",
            What::SetClock(_) => "set the clock",
            What::LogIn(By::Codes { .. }, _) => "log in by codes",
            What::LogIn(By::ScratchCode(_), _) => "log in by scratch code",
            What::LogIn(By::IssuedCode, _) => "log in by issued code",
            What::LogIn(By::RecoveryCode(_), _) => "log in by recovery code",
        }
    }
}

/// Changes of a new user's record, or of that of one who has everything there is.
pub(super) fn any_changes(many: Range<usize>) -> impl Strategy<Value = Vec<Change>> {
    let everything = [
        What::RenewRecoveryCodes,
        What::Import {
            credentials: vec![(0, -1), (1, 0)],
            scratch_codes: (0..SCRATCH.len()).collect(),
        },
        What::BackUp,
        What::Issue(900),
        What::LogIn(
            By::Codes { name: 0, offset: 0 },
            Some(Stay {
                spot: 0,
                per: Per::LoginSession,
                seconds: 43_200,
            }),
        ),
    ];
    let everything = everything.map(Change::of).to_vec();
    let first = prop_oneof![1 => Just(Vec::new()), 2 => Just(everything)];
    (first, vec(any_change(), many)).prop_map(|(first, rest)| [first, rest].concat())
}

fn any_change() -> impl Strategy<Value = Change> {
    let fate = prop_oneof![
        8 => Just(Fate::Saved),
        1 => Just(Fate::Fails),
        1 => Just(Fate::AnswerLost),
    ];
    let pause = prop_oneof![8 => 0..90_i64, 1 => -90..0_i64, 1 => 0..86_400_i64];
    (any_what(), fate, prop::bool::weighted(0.1), pause).prop_map(
        |(what, fate, overtaken, pause)| Change {
            what,
            fate,
            overtaken,
            pause,
        },
    )
}

fn any_what() -> impl Strategy<Value = What> {
    let name = || 0..3_u8;
    let which = || prop_oneof![4 => Just(0_u32), 1 => 0..4_u32].prop_map(Which::Back);
    let near = prop_oneof![3 => 0..=1_i64, 1 => -3..=8_i64];
    let used = prop_oneof![3 => -3..=3_i64, 1 => -30..=30_i64];
    let credentials = vec((name(), used), 0..3);
    let scratch_codes = vec(0..SCRATCH.len(), 0..3);
    prop_oneof![
        4 => name().prop_map(What::Offer),
        8 => (which(), near).prop_map(|(which, offset)| What::Confirm { which, offset }),
        1 => which().prop_map(What::Trust),
        1 => (which(), "[a-z]{0,3}").prop_map(|(which, label)| What::Rename(which, label)),
        2 => which().prop_map(What::Remove),
        1 => Just(What::Reset),
        1 => Just(What::Unlock),
        2 => (0..900_u64).prop_map(What::Issue),
        1 => Just(What::RenewRecoveryCodes),
        3 => (credentials, scratch_codes)
            .prop_map(|(credentials, scratch_codes)| What::Import { credentials, scratch_codes }),
        3 => Just(What::BackUp),
        2 => any::<(bool, bool)>()
            .prop_map(|(lost, trusted)| What::Restore { lost, trusted }),
        16 => (any_login(), any_stay()).prop_map(|(by, stay)| What::LogIn(by, stay)),
        1 => Just(What::Forget),
        1 => (0..90_u64, 0..7_200_u64).prop_map(|(down, up)| What::Reboot { down, up }),
        2 => prop_oneof![-70..=70_i64, -90_000..90_000_i64].prop_map(What::SetClock),
    ]
}

fn any_stay() -> impl Strategy<Value = Option<Stay>> {
    let per = select(vec![Per::Origin, Per::LoginSession]);
    let stay = (0..SPOTS_COUNT, per, select(vec![60, 3_600, 43_200]))
        .prop_map(|(spot, per, seconds)| Stay { spot, per, seconds });
    prop::option::weighted(0.8, stay)
}

fn any_login() -> impl Strategy<Value = By> {
    let near = prop_oneof![6 => 0..=2_i64, 1 => -7..=18_i64];
    prop_oneof![
        8 => (0..3_u8, near).prop_map(|(name, offset)| By::Codes { name, offset }),
        2 => (0..SCRATCH.len()).prop_map(By::ScratchCode),
        2 => Just(By::IssuedCode),
        1 => (0..10_usize).prop_map(By::RecoveryCode),
    ]
}
