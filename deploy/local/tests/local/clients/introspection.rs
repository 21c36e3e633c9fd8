//! The service in Python of `shared/PYTHON.md`, as it stands there.

use super::SCRIPTS;
use serde_json::{Value, json};
use std::{path::Path, process::Stdio};
use testing::{
    Kind,
    auth::SERVICE_TOKEN,
    pair::{PARTNER_USER, Pair},
    tools,
};
use tokio::process::Command;

/// Runs the tools' Python in a folder.
async fn python(folder: &Path, arguments: &[&str]) -> String {
    let mut python = Command::new(tools::find("python"));
    python
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = python.output().await.expect("`.ci/test` installs it");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The modules of Python that gRPC generates.
async fn generate(folder: &Path) {
    let proto = tools::workspace().join("proto");
    let include = format!("-I{}", proto.display());
    let files = testing::tree::files(&[".proto"]).into_iter();
    let files = files.filter(|file| file.path.starts_with("proto/ticketing/"));
    let files = files.map(|file| tools::workspace().join(file.path).display().to_string());
    let files: Vec<_> = files.collect();
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    let own = [
        "-m",
        "grpc_tools.protoc",
        &include,
        "--python_out=.",
        "--grpc_python_out=.",
    ];
    python(folder, &[&own, files.as_slice()].concat()).await;
}

/// Generates by the template for other languages, with a plugin that is on this machine in place of
/// those that run at buf.build.
#[tokio::test]
async fn buf_generates_clients_by_the_template() {
    let template = tools::workspace().join("proto/buf.gen.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    for plugin in ["grpc/go", "bufbuild/es", "grpc/python"] {
        let line = format!("- remote: buf.build/{plugin}\n");
        assert!(template.contains(&line), "{plugin}");
    }
    let (managed, _) = template.split_once("plugins:").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let python = tools::find("python");
    let plugin = format!(
        "plugins: [{{protoc_builtin: python, protoc_path: [{}, -m, grpc_tools.protoc], out: {}}}]",
        python.display(),
        folder.path().display()
    );
    let local = folder.path().join("buf.gen.yaml");
    std::fs::write(&local, format!("{managed}{plugin}\n")).unwrap();
    let mut buf = Command::new(tools::find("buf"));
    buf.args(["generate", "proto", "--template"]).arg(&local);
    buf.current_dir(tools::workspace()).kill_on_drop(true);
    let output = buf.output().await.expect("`.ci/test` installs it");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let generated = folder.path().join("ticketing/auth/v1/auth_service_pb2.py");
    assert!(generated.is_file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_in_python_checks_tokens_and_decodes_errors() {
    let pair = Pair::start(Kind::Sqlite).await;
    let token = pair.log_in(PARTNER_USER).await;
    let folder = tempfile::tempdir().unwrap();
    let document = std::fs::read_to_string(tools::workspace().join("shared/PYTHON.md")).unwrap();
    let (_, code) = document
        .split_once("```python\n")
        .expect("a service in Python");
    let (code, _) = code.split_once("```").unwrap();
    std::fs::write(folder.path().join("service.py"), code).unwrap();
    let script = tools::workspace().join(SCRIPTS).join("introspection.py");
    std::fs::copy(script, folder.path().join("introspection.py")).unwrap();
    generate(folder.path()).await;

    let auth = format!("http://{}", pair.auth.replica.internal);
    let requests = pair.public.to_string();
    let arguments = ["introspection.py", &auth, &requests, SERVICE_TOKEN, &token];
    let told: Value = serde_json::from_str(&python(folder.path(), &arguments).await).unwrap();
    assert_eq!(told["user"]["username"], PARTNER_USER);
    assert_eq!(told["user"]["partner_id"], 1);
    assert_eq!(told["forged"], Value::Null);
    assert_eq!(told["stranger"], "no answer");
    assert_eq!(told["away"], "no answer");
    assert_eq!(told["numbers"].as_array().unwrap().len(), 1);
    assert_eq!(
        told["refused"],
        json!(["UNAUTHENTICATED", "TOKEN_MALFORMED"])
    );
}
