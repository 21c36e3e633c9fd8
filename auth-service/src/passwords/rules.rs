//! Rules for new passwords: a minimum and a maximum length, and not one of the first passwords that
//! an attacker would try (OWASP ASVS 5.0, 6.2.1, 6.2.4, 6.2.9 and 6.2.11). Every
//! character is allowed, and no kind of character is required (6.2.5).

use super::{Algorithm, BCRYPT_BYTES, PasswordError};
use std::{collections::HashSet, sync::LazyLock};
use unicode_normalization::UnicodeNormalization as _;

/// The smallest number of characters.
const MIN_CHARACTERS: usize = 8;
/// The largest number of characters, for Argon2id.
const MAX_CHARACTERS: usize = 128;
/// Words of the service itself.
const OF_THE_SERVICE: [&str; 2] = ["ticketing", "ticketing-auth"];

/// In lower case and NFC. `common_passwords.md` names the source.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// What others know about the owner of a password. None of it may be the password.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owner<'a> {
    /// Display name.
    pub name: &'a str,
    /// The e-mail for log-ins.
    pub email: &'a str,
    /// Telephone number.
    pub phone: &'a str,
}

impl Owner<'_> {
    fn is_known_by(&self, password: &str) -> bool {
        let before_at = self.email.split('@').next().unwrap_or_default();
        let known = [self.name, self.email, before_at, self.phone];
        known.iter().any(|word| folded(word) == password)
    }
}

/// Refuses a new password, with the first rule that it violates.
pub(super) fn check(
    algorithm: Algorithm,
    password: &str,
    owner: Owner<'_>,
) -> Result<(), PasswordError> {
    let characters = match algorithm {
        Algorithm::Argon2id => password.nfc().count(),
        Algorithm::Bcrypt => password.chars().count(),
    };
    let folded = folded(password);
    let broken = if characters < MIN_CHARACTERS {
        "must have at least 8 characters"
    } else if algorithm == Algorithm::Argon2id && characters > MAX_CHARACTERS {
        "must have at most 128 characters"
    } else if algorithm == Algorithm::Bcrypt && password.len() > BCRYPT_BYTES {
        "must have at most 72 bytes"
    } else if COMMON.contains(folded.as_str()) {
        "must not be one of the most common passwords; several words make a good one"
    } else if owner.is_known_by(&folded) || OF_THE_SERVICE.contains(&folded.as_str()) {
        "must not be your name, e-mail or telephone number, or the service's name"
    } else {
        return Ok(());
    };
    Err(PasswordError::Rejected(broken))
}

fn folded(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SARA: Owner<'_> = Owner {
        name: "Sara Ali Café",
        email: "sara.ali@example.com",
        phone: "+966 50 000 0000",
    };

    fn broken(password: &str) -> Option<&'static str> {
        match check(Algorithm::Argon2id, password, SARA) {
            Ok(()) => None,
            Err(PasswordError::Rejected(rule)) => Some(rule),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_list_has_what_the_standard_asks_for_in_the_form_that_is_compared() {
        let lines: Vec<_> = include_str!("common_passwords.txt").lines().collect();
        assert!(lines.len() >= 3_000, "ASVS 6.2.4");
        assert!(lines.is_sorted());
        for line in lines {
            assert_eq!(folded(line), line);
            assert!(line.chars().count() >= MIN_CHARACTERS, "{line}");
        }
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in [
            "password",
            "PassWord1",
            "1q2w3e4r5t",
            "QWERTYUIOP",
            "iloveyou",
        ] {
            assert!(broken(common).unwrap().contains("common"), "{common}");
        }
    }

    #[test]
    fn a_password_that_others_know_of_the_owner_is_refused() {
        for known in [
            "SARA.ALI",
            "sara.ali@EXAMPLE.com",
            "sara ali cafe\u{301}",
            "+966 50 000 0000",
            "Ticketing",
        ] {
            assert!(broken(known).unwrap().contains("your name"), "{known}");
        }
    }

    #[test]
    fn anything_else_of_any_characters_is_allowed() {
        for fine in [
            "demo password",
            "a quiet harbour",
            "correct horse battery",
            "aaaaaaaa aaaaaaaa",
            "كلمة سر طويلة",
            "🐎🔋📎🐎🔋📎🐎🔋",
            "sara.ali and a harbour",
        ] {
            assert_eq!(broken(fine), None, "{fine}");
        }
        let nobody = Owner::default();
        assert_eq!(check(Algorithm::Bcrypt, "a quiet harbour", nobody), Ok(()));
    }
}
