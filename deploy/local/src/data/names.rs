//! The names in the demo data, English and Arabic.

pub(crate) struct Partner {
    pub(crate) name: &'static str,
    pub(crate) status: &'static str,
    pub(crate) phone: &'static str,
}

pub(crate) const PARTNERS: [Partner; 3] = [
    Partner {
        name: "Swift Roadside",
        status: "active",
        phone: "+966 11 555 0100",
    },
    Partner {
        name: "Oasis Home Care",
        status: "active",
        phone: "+966 12 555 0100",
    },
    Partner {
        name: "Paused Services",
        status: "suspended",
        phone: "+966 13 555 0100",
    },
];

pub(crate) struct Branch {
    /// Position in the list of partners.
    pub(crate) partner: usize,
    pub(crate) name: &'static str,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) address: &'static str,
}

/// Two for each partner, in the partners' order.
pub(crate) const BRANCHES: [Branch; 6] = [
    Branch {
        partner: 0,
        name: "Riyadh North",
        latitude: 24.7743,
        longitude: 46.7386,
        address: "Northern Ring Road, Riyadh",
    },
    Branch {
        partner: 0,
        name: "Riyadh South",
        latitude: 24.6408,
        longitude: 46.7728,
        address: "Southern Ring Road, Riyadh",
    },
    Branch {
        partner: 1,
        name: "Jeddah Corniche",
        latitude: 21.5433,
        longitude: 39.1728,
        address: "Corniche Road, Jeddah",
    },
    Branch {
        partner: 1,
        name: "Jeddah East",
        latitude: 21.4925,
        longitude: 39.2486,
        address: "Haramain Road, Jeddah",
    },
    Branch {
        partner: 2,
        name: "Dammam",
        latitude: 26.4207,
        longitude: 50.0888,
        address: "King Fahd Road, Dammam",
    },
    Branch {
        partner: 2,
        name: "Khobar",
        latitude: 26.2172,
        longitude: 50.1971,
        address: "Prince Turki Street, Khobar",
    },
];

pub(crate) const CATEGORIES: [(&str, &str); 3] = [
    ("Roadside help", "مساعدة على الطريق"),
    ("Air conditioning", "تكييف"),
    ("Plumbing", "سباكة"),
];

/// Position of the category, English and Arabic name.
pub(crate) const SERVICES: [(usize, &str, &str); 6] = [
    (0, "Towing", "سحب المركبة"),
    (0, "Battery jump-start", "شحن البطارية"),
    (1, "AC repair", "إصلاح التكييف"),
    (1, "AC cleaning", "تنظيف التكييف"),
    (2, "Leak repair", "إصلاح التسرب"),
    (2, "Water heater", "سخان المياه"),
];

pub(crate) const PICKUP_OPTIONS: [(&str, &str); 3] = [
    ("Service at the customer's place", "الخدمة في موقع العميل"),
    ("Pick up and return", "استلام وإعادة"),
    ("Drop off at the branch", "التسليم في الفرع"),
];

/// Names of customers: given and family names, English and Arabic.
pub(crate) const NAMES: [([&str; 6], [&str; 6]); 2] = [
    (
        ["Sara", "Omar", "Layla", "Yusuf", "Hana", "Karim"],
        ["Haddad", "Rahman", "Aziz", "Mansour", "Salem", "Nasser"],
    ),
    (
        ["نورة", "خالد", "مريم", "سعد", "ريم", "فهد"],
        [
            "العتيبي",
            "الحربي",
            "الزهراني",
            "القحطاني",
            "الغامدي",
            "الشمري",
        ],
    ),
];
