//! Who is asking, and what they may ask. One function a question.

use countersign_bus::Error;

/// Who asks something of the daemon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// Through the root door: a peer that the kernel says is root.
    Root,
    /// Through the public door: whoever the bus says it is. Root through that door is a user as
    /// any other.
    User {
        /// Vouched for by the bus; never taken from a message.
        uid: u32,
        /// The bus's name of the connection.
        connection: String,
    },
}

impl Caller {
    /// Which door this came through, for the log.
    pub const fn door(&self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User { .. } => "public",
        }
    }

    /// Whether both are the same user, perhaps on different connections.
    pub fn is_same_user(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Root, Self::Root) => true,
            (Self::User { uid, .. }, Self::User { uid: other, .. }) => uid == other,
            (Self::Root, Self::User { .. }) | (Self::User { .. }, Self::Root) => false,
        }
    }

    /// May ask and change things of the user with this uid?
    ///
    /// # Errors
    ///
    /// [`Error::NotPermitted`], with the same words whether or not that user is there.
    pub fn concerns(&self, user: u32) -> Result<(), Error> {
        match self {
            Self::Root => Ok(()),
            Self::User { uid, .. } if *uid == user => Ok(()),
            Self::User { .. } => Err(Error::NotPermitted("that is another user".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_concerned_with_nobody_else() {
        let alice = Caller::User {
            uid: 1000,
            connection: ":1.7".to_owned(),
        };
        assert_eq!(alice.concerns(1000), Ok(()));
        for other in [0, 999, 1001, u32::MAX] {
            assert!(
                matches!(alice.concerns(other), Err(Error::NotPermitted(_))),
                "{other}"
            );
        }
    }

    #[test]
    fn root_through_the_public_door_is_a_user_as_any_other() {
        let root = Caller::User {
            uid: 0,
            connection: ":1.8".to_owned(),
        };
        assert!(root.concerns(1000).is_err());
        assert!(!root.is_same_user(&Caller::Root));
    }
}
