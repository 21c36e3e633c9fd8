//! nginx, which keeps all that it writes in a folder.

use crate::{program::Program, tools};
use std::path::Path;

/// Starts it with a configuration that has `events` and `http`. Relative paths in it, such as those
/// of `include`, are of the folder.
#[must_use]
pub fn start(folder: &Path, configuration: &str) -> Program {
    let at = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {at}/{name};"))
        .concat();
    let own = format!("http {{ access_log off; {temporary}");
    let configuration = configuration.replacen("http {", &own, 1);
    let file = folder.join("nginx.conf");
    let text = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/errors;\n{configuration}"
    );
    std::fs::write(&file, text).expect("a file");
    let arguments = ["-c", &file.display().to_string(), "-p", &at.to_string()];
    let arguments = arguments.map(str::to_owned);
    Program::start(&tools::find("nginx"), &arguments, &folder.join("log"))
}
