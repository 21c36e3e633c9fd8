//! Makes two tests of each function, `name::english` and `name::arabic`.

/// The language that a browser prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Arabic,
}

impl Language {
    pub(crate) const BOTH: [Self; 2] = [Self::English, Self::Arabic];

    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Arabic => "ar",
        }
    }
}

/// Runs each body with a browser of either language.
macro_rules! in_both_languages {
    ($(async fn $name:ident($language:ident: $type:ty) $body:block)+) => {$(
        async fn $name($language: $type) $body

        mod $name {
            use $crate::two_languages::Language;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn english() {
                testing::within_the_limit(super::$name(Language::English)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn arabic() {
                testing::within_the_limit(super::$name(Language::Arabic)).await;
            }
        }
    )+};
}

pub(crate) use in_both_languages;
