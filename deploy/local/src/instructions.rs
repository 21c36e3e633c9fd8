//! The text on the terminal: addresses, log-ins, and lines to paste into bash, in order. The lines
//! are a script, in which everything except commands is a comment.

use crate::demo;
use server::serve::WebOrigins;
use std::{fmt, net::SocketAddr, path::PathBuf};

/// The last line, which tells the reader of a pipe that the text is complete.
const END: &str = "# Ctrl-C stops both services.";

/// The values in the text.
pub(crate) struct Instructions {
    pub(crate) page: SocketAddr,
    pub(crate) auth: SocketAddr,
    pub(crate) auth_internal: SocketAddr,
    pub(crate) requests: SocketAddr,
    pub(crate) metrics: [SocketAddr; 2],
    pub(crate) service_token: PathBuf,
    pub(crate) web_origins: WebOrigins,
    pub(crate) demo: demo::Presence,
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# Open in a browser:  http://{}/partner/requests",
            self.page
        )?;
        if self.demo == demo::Presence::OtherData {
            writeln!(
                f,
                "# The database has users of its own: log in as one of them."
            )?;
            self.addresses(f)?;
            return writeln!(f, "{END}");
        }
        writeln!(
            f,
            "# Demo log-ins, all with the password {:?}:",
            demo::PASSWORD
        )?;
        for user in demo::USERS {
            writeln!(f, "#   {:32} {}", user.email, user.what)?;
        }
        self.addresses(f)?;
        writeln!(f, "# Paste into bash:")?;
        self.lines_by_http(f)?;
        writeln!(
            f,
            "\n# By gRPC, with grpcurl: https://github.com/fullstorydev/grpcurl/releases"
        )?;
        self.lines(f)?;
        writeln!(f, "\n{END}")
    }
}

impl Instructions {
    fn addresses(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            auth,
            auth_internal,
            requests,
            metrics: [auth_metrics, requests_metrics],
            service_token,
            web_origins,
            ..
        } = self;
        writeln!(f, "#")?;
        writeln!(
            f,
            "# auth-service:      {auth} (for services: {auth_internal})"
        )?;
        writeln!(f, "# requests-service:  {requests}")?;
        writeln!(
            f,
            "# metrics:           http://{auth_metrics}/metrics http://{requests_metrics}/metrics"
        )?;
        writeln!(f, "# service token:     {}", service_token.display())?;
        if web_origins.is_empty() {
            writeln!(
                f,
                "# other pages:       none may call; --web-origins names their origins"
            )?;
        } else {
            writeln!(f, "# other pages:       of {web_origins} may call")?;
        }
        writeln!(f, "#")
    }

    /// What is pasted for whoever has curl alone.
    fn lines_by_http(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            auth,
            auth_internal,
            requests,
            service_token,
            ..
        } = self;
        writeln!(
            f,
            "\n# log in, by JSON\n\
             TOKEN=$(curl -s http://{auth}/ticketing.auth.v1.AuthService/CreateSession \
             --json '{{\"email\": \"{}\", \"password\": \"{}\"}}' \
             | sed 's/.*\"accessToken\":\"\\([^\"]*\\)\".*/\\1/')",
            demo::USERS[0].email,
            demo::PASSWORD,
        )?;
        writeln!(
            f,
            "\n# list, by JSON\n\
             curl -s http://{requests}/ticketing.requests.v1.PartnerRequestsService/ListPartnerRequests \
             -H \"authorization: Bearer $TOKEN\" --json '{{\"pageSize\": 2}}'"
        )?;
        writeln!(
            f,
            "\n# whose token it is, by introspection\n\
             curl -s http://{auth_internal}/oauth2/introspect \
             -H \"authorization: Bearer $(cat {})\" -d \"token=$TOKEN\"",
            quoted(&service_token.display().to_string())
        )
    }

    /// What is pasted: a comment and its commands, each a paragraph.
    fn lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            auth,
            auth_internal,
            requests,
            service_token,
            ..
        } = self;
        let log_in = format!(
            "TOKEN=$(grpcurl -plaintext -d '{{\"email\": \"{}\", \"password\": \"{}\"}}' {auth} \
             ticketing.auth.v1.AuthService/CreateSession \
             | sed -n 's/.*\"accessToken\": \"\\(.*\\)\".*/\\1/p')",
            demo::USERS[0].email,
            demo::PASSWORD,
        );
        let call = |method: &str, message: &str| {
            format!(
                "grpcurl -plaintext -H \"authorization: Bearer $TOKEN\" -d {message} {requests} \
                 ticketing.requests.v1.PartnerRequestsService/{method}"
            )
        };
        let list = call("ListPartnerRequests", "'{\"pageSize\": 2}'");
        let filter = "\"pageSize\": 2, \"filter\": {\"statuses\": \
                      [\"PARTNER_REQUEST_STATUS_ASSIGNED\"]}";
        let filtered = call("ListPartnerRequests", &format!("'{{{filter}}}'"));
        let escaped = filter.replace('"', "\\\"");
        let next = call(
            "ListPartnerRequests",
            &format!("\"{{{escaped}, \\\"pageToken\\\": \\\"$PAGE\\\"}}\""),
        );
        let one = call("GetPartnerRequest", "\"{\\\"number\\\": \\\"$NUMBER\\\"}\"");
        let text_of =
            |field: &str| format!("sed -n 's/.*\"{field}\": \"\\(.*\\)\".*/\\1/p' | head -n 1");

        writeln!(f, "\n# log in\n{log_in}")?;
        writeln!(f, "\n# list\n{list}")?;
        writeln!(f, "\n# filter by status\n{filtered}")?;
        writeln!(
            f,
            "\n# next page\nPAGE=$({filtered} | {})\n{next}",
            text_of("nextPageToken")
        )?;
        writeln!(
            f,
            "\n# one request\nNUMBER=$({list} | {})\n{one}",
            text_of("number")
        )?;
        writeln!(
            f,
            "\n# whose token it is, as other services ask\n\
             grpcurl -plaintext -H \"authorization: Bearer $(cat {})\" \
             -d \"{{\\\"accessToken\\\": \\\"$TOKEN\\\"}}\" {auth_internal} \
             ticketing.auth.v1.SessionValidationService/ValidateSession",
            quoted(&service_token.display().to_string())
        )?;
        writeln!(
            f,
            "\n# log out\n\
             grpcurl -plaintext -d \"{{\\\"token\\\": \\\"$TOKEN\\\"}}\" {auth} \
             ticketing.auth.v1.AuthService/RevokeSession"
        )?;
        writeln!(f, "\n# list, and be refused\n{list}")?;
        writeln!(f, "\n# log in again, and list\n{log_in}\n{list}")?;
        writeln!(
            f,
            "\n# how many, by status\n{}",
            call("CountPartnerRequests", "'{}'")
        )?;
        let id = "sed -n 's/.*\"requestId\": \\([0-9]*\\),/\\1/p' | head -n 1";
        let confirm = call(
            "UpdatePartnerRequestStatus",
            "'{\"requestId\": '$ID', \"change\": \"PARTNER_REQUEST_CHANGE_CONFIRM\"}'",
        );
        writeln!(
            f,
            "\n# confirm one that waits for it\nID=$({filtered} | {id})\n{confirm}"
        )
    }
}

/// Quotes a text as one word for a shell.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    if text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
