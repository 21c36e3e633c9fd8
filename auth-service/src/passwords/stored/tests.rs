use super::*;

const CHEAP: Argon2Costs = Argon2Costs {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};
const SALT_AND_HASH: &str = "AQcWV+SLrFdVXAuAwk3EVg$LlUcGdAbQwYVINlqZxVVhAXTR6Plss0OfcmOJaNaL2E";

fn text(text: impl Into<String>) -> PasswordHash {
    PasswordHash::new(text.into())
}

fn argon2(variant: &str, costs: &str) -> PasswordHash {
    text(format!("${variant}$v=19${costs}${SALT_AND_HASH}"))
}

fn bcrypt_of_cost(cost: u32) -> PasswordHash {
    let rest = "ryRRs9kFi7sIrNfD9d.Z/.A2ashAgqsIUuS4A.tpp48pUm8e/kM5a";
    text(format!("$2b${cost:02}${rest}"))
}

#[tokio::test]
async fn a_hash_of_absurd_cost_is_not_computed() {
    let passwords = Passwords::new(1, Argon2Costs::default());
    for absurd in [
        argon2("argon2id", "m=4194304,t=1,p=1"),
        argon2("argon2id", "m=4294967295,t=4294967295,p=1"),
        argon2("argon2id", "m=19456,t=1000000,p=1"),
        argon2("argon2id", "m=8,t=4294967295,p=1"),
        argon2("argon2d", "m=1048576,t=1,p=4"),
        argon2("argon2id", "m=8,t=1,p=16777215"),
        bcrypt_of_cost(15),
        bcrypt_of_cost(31),
        bcrypt_of_cost(99),
    ] {
        assert!(!passwords.can_verify(&absurd), "{}", absurd.expose());
        let guess = Password::new("any".to_owned());
        let matches = passwords.verify(&guess, Some(&absurd), || ()).await;
        assert_eq!(matches, Ok(false));
    }
    for fine in [
        argon2("argon2id", "m=65536,t=3,p=4"),
        argon2("argon2i", "m=77824,t=2,p=1"),
        argon2("argon2id", "m=8,t=1,p=1"),
        bcrypt_of_cost(4),
        bcrypt_of_cost(14),
    ] {
        assert!(passwords.can_verify(&fine), "{}", fine.expose());
    }
}

#[test]
fn the_costs_that_are_verified_grow_with_the_costs_that_are_written() {
    let costs = Argon2Costs {
        memory_kib: 262_144,
        ..Argon2Costs::default()
    };
    let large = argon2("argon2id", "m=1048576,t=2,p=1");
    assert!(Passwords::new(1, costs).can_verify(&large));
    assert!(!Passwords::new(1, Argon2Costs::default()).can_verify(&large));
}

#[test]
fn only_what_is_weaker_than_what_is_written_is_hashed_anew() {
    let passwords = Passwords::new(1, Argon2Costs::default());
    let wanted = |written, hash| {
        passwords.is_weak(written, &Password::new("a quiet harbour".to_owned()), &hash)
    };
    let old_version = text(format!("$argon2id$v=16$m=65536,t=3,p=4${SALT_AND_HASH}"));
    for weak in [
        argon2("argon2id", "m=8,t=1,p=1"),
        argon2("argon2id", "m=19456,t=1,p=1"),
        // more work in less memory than OWASP asks for
        argon2("argon2id", "m=4096,t=40,p=1"),
        argon2("argon2i", "m=65536,t=3,p=4"),
        old_version,
        bcrypt_of_cost(12),
        bcrypt_of_cost(14),
    ] {
        assert!(
            wanted(Algorithm::Argon2id, weak.clone()),
            "{}",
            weak.expose()
        );
    }
    for strong in [
        argon2("argon2id", "m=19456,t=2,p=1"),
        argon2("argon2id", "m=19456,t=2,p=4"),
        argon2("argon2id", "m=65536,t=3,p=4"),
        argon2("argon2id", "m=47104,t=1,p=1"),
        text("plain"),
    ] {
        assert!(
            !wanted(Algorithm::Argon2id, strong.clone()),
            "{}",
            strong.expose()
        );
    }
    assert!(wanted(Algorithm::Bcrypt, bcrypt_of_cost(10)));
    assert!(!wanted(Algorithm::Bcrypt, bcrypt_of_cost(12)));
    assert!(!wanted(Algorithm::Bcrypt, bcrypt_of_cost(14)));
    assert!(!wanted(
        Algorithm::Bcrypt,
        argon2("argon2id", "m=8,t=1,p=1")
    ));
}

#[test]
fn a_password_that_bcrypt_may_have_cut_is_not_hashed_anew() {
    let passwords = Passwords::new(1, CHEAP);
    let wanted = |written, text: &str| {
        passwords.is_weak(written, &Password::new(text.to_owned()), &bcrypt_of_cost(4))
    };
    for written in [Algorithm::Argon2id, Algorithm::Bcrypt] {
        assert!(wanted(written, &"p".repeat(71)));
        assert!(!wanted(written, &"p".repeat(72)));
        // 75 bytes as sent and 50 in NFC; and 69, which are 138
        assert!(!wanted(written, &"e\u{301}".repeat(25)));
        assert!(!wanted(written, &"\u{958}".repeat(23)));
    }
    // either of two forms may be what bcrypt verified
    assert!(wanted(Algorithm::Argon2id, "cafe\u{301} au lait"));
    assert!(!wanted(Algorithm::Bcrypt, "cafe\u{301} au lait"));
    // Argon2 reads all
    let weak = argon2("argon2d", "m=8,t=1,p=1");
    let long = Password::new("p".repeat(500));
    assert!(passwords.is_weak(Algorithm::Argon2id, &long, &weak));
}

#[tokio::test]
async fn every_form_of_a_password_that_logged_in_still_does() {
    let passwords = Passwords::new(1, CHEAP);
    let (decomposed, composed) = ("cafe\u{301} au lait", "caf\u{e9} au lait");
    for (stored, sent) in [
        (decomposed, decomposed),
        (composed, composed),
        (composed, decomposed),
    ] {
        let old = text(bcrypt::hash(stored, 4).unwrap());
        let password = Password::new(sent.to_owned());
        assert!(passwords.is_weak(Algorithm::Argon2id, &password, &old));
        let new = passwords
            .stronger(Algorithm::Argon2id, &password)
            .await
            .unwrap();
        assert!(new.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        for form in [decomposed, composed] {
            let form = Password::new(form.to_owned());
            let matches = passwords.verify(&form, Some(&new), || ()).await;
            assert_eq!(matches, Ok(true));
        }
        let other = Password::new("cafe au lait".to_owned());
        let matches = passwords.verify(&other, Some(&new), || ()).await;
        assert_eq!(matches, Ok(false));
    }
}

#[tokio::test]
async fn a_weak_hash_stays_while_hashing_is_overloaded() {
    let passwords = Passwords::new(1, CHEAP);
    let all = u32::try_from(passwords.waiting.available_permits()).unwrap();
    let _all = std::sync::Arc::clone(&passwords.waiting)
        .try_acquire_many_owned(all)
        .unwrap();
    let password = Password::new("a quiet harbour".to_owned());
    let old = bcrypt_of_cost(4);
    assert!(passwords.is_weak(Algorithm::Argon2id, &password, &old));
    assert!(
        passwords
            .stronger(Algorithm::Argon2id, &password)
            .await
            .is_none()
    );
}
