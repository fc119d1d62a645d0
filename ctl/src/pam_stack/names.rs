//! Which files of a directory of services are services.

/// Whether a file of this name is one: not what an editor or a package manager leaves behind.
pub(super) fn is_service(name: &str) -> bool {
    let leftover = [
        ".dpkg-", ".ucf-", ".rpmnew", ".rpmsave", ".pam-old", ".bak", ".orig", ".swp",
    ];
    !name.starts_with('.')
        && !name.ends_with('~')
        && !leftover.iter().any(|ending| name.contains(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_was_left_behind_is_no_service() {
        for name in ["sshd", "su-l", "gdm-password", "polkit-1", "common-auth"] {
            assert!(is_service(name), "{name}");
        }
        for name in [
            "sshd~",
            "sshd.bak",
            "sshd.dpkg-old",
            "sshd.dpkg-dist",
            ".sshd.swp",
            "common-auth.pam-old",
        ] {
            assert!(!is_service(name), "{name}");
        }
    }
}
