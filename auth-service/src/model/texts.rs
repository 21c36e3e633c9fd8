//! Enums whose values are texts in the database, on the wire, in metrics and in logs.

/// Defines an enum whose values have names. Each value has one line, from which the list of all
/// values and the conversions follow. `stored "…"` is the text in the database, if that is an
/// earlier name: older replicas write it, and the audit log is append-only.
macro_rules! texts {
    ($(#[$doc:meta])+ $set:ident {
        $($(#[$value_doc:meta])+ $value:ident = $name:literal $(stored $stored:literal)?,)+
    }) => {
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $set {
            $($(#[$value_doc])+ $value,)+
        }

        impl $set {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value,)+];

            /// The name on the wire, in metrics and in logs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }

            /// The text in the database.
            #[must_use]
            pub const fn stored(self) -> &'static str {
                match self {
                    $(Self::$value => texts!(@stored $name $($stored)?),)+
                }
            }

            /// The value of a name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == name)
            }

            /// The value of a text in the database; `None` if only a newer build knows it.
            #[must_use]
            pub fn parse_stored(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.stored() == text)
            }
        }
    };
    (@stored $name:literal) => { $name };
    (@stored $name:literal $stored:literal) => { $stored };
}

pub(super) use texts;
