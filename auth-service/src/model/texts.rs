//! Closed sets of texts, as the audit log, the sessions and the metrics hold them.

/// Defines an enum whose values are texts. Each value stands in one line, from which the
/// list of all values and both conversions follow. A newer build may have written others.
macro_rules! texts {
    ($(#[$doc:meta])+ $set:ident { $($(#[$value_doc:meta])+ $value:ident = $text:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $set {
            $($(#[$value_doc])+ $value,)+
        }

        impl $set {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value,)+];

            /// As it is written down.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text,)+
                }
            }

            /// What was written down; `None` if this build does not know it.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }
    };
}

pub(super) use texts;
