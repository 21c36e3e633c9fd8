//! The Dockerfile's steps, run one by one in a clean directory that holds what the build
//! would be sent. Nothing is compiled, which takes minutes: where the Dockerfile says
//! `cargo build`, a stand-in resolves the same packages and leaves empty programs; then
//! all files of our crates are looked for.

use super::{dockerfile, file, list, text};
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};
use testing::tools;

/// Resolves what it is asked to build, and leaves the programs there with nothing in them.
const CARGO: &str = r#"#!/usr/bin/env bash
set -euo pipefail
[[ $1 == build ]]
shift
packages=()
while (($#)); do
    case $1 in
    --profile) profile=$2 && shift ;;
    -p) packages+=("$2") && shift ;;
    --locked | --bins) ;;
    *) exit 1 ;;
    esac
    shift
done
grep "^\[profile\.$profile\]" Cargo.toml >/dev/null || {
    echo "there is no profile $profile" >&2
    exit 1
}
"$CARGO" fetch --offline --locked --target "$("$CARGO" -vV | sed -n 's/^host: //p')"
mkdir -p "$CARGO_TARGET_DIR/$profile"
for package in "${packages[@]}"; do
    for program in $PROGRAMS; do
        [[ $program != "$package="* ]] || touch "$CARGO_TARGET_DIR/$profile/${program#*=}"
    done
done
"#;

/// Each file in a folder of a crate, whatever it is: from the workspace's root.
fn sources() -> Vec<PathBuf> {
    fn walk(at: &Path, found: &mut Vec<PathBuf>) {
        if at.is_dir() {
            for entry in fs::read_dir(at).unwrap() {
                walk(&entry.unwrap().path(), found);
            }
        } else {
            found.push(at.strip_prefix(tools::workspace()).unwrap().to_owned());
        }
    }
    let mut found = Vec::new();
    for package in list(&dockerfile::metadata()["packages"]) {
        let manifest = Path::new(text(&package["manifest_path"]));
        walk(manifest.parent().expect("a folder"), &mut found);
    }
    found
}

/// What .dockerignore keeps from the build.
struct Ignored(Vec<String>);

impl Ignored {
    fn read() -> Self {
        let text = file(".dockerignore");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.map(str::to_owned).collect())
    }

    fn has(&self, path: &Path) -> bool {
        self.0
            .iter()
            .any(|pattern| match pattern.strip_prefix("**/*") {
                Some(ending) => path.to_string_lossy().ends_with(ending),
                None => path == Path::new(pattern),
            })
    }
}

/// Copies a file, or a directory with what is in it.
fn copy(from: &Path, to: &Path, is_left_out: &dyn Fn(&Path) -> bool) {
    if is_left_out(from) {
    } else if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()), is_left_out);
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Instructions with their words, lines joined and comments dropped.
fn instructions(dockerfile: &str) -> Vec<(String, String)> {
    let lines = dockerfile.lines().filter(|line| !line.starts_with('#'));
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let instructions = joined
        .lines()
        .filter_map(|line| line.trim().split_once(' '));
    instructions
        .map(|(name, words)| (name.to_owned(), words.trim().to_owned()))
        .collect()
}

/// Runs the steps of the stage "build", on the workspace without one file of it.
fn build(case: &str, dockerfile: &str, without: &str) -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("image")
        .join(case);
    let _ = fs::remove_dir_all(&root);
    let (context, bin) = (root.join("context"), root.join("bin"));
    fs::create_dir_all(&bin).unwrap();
    let ignored = Ignored::read();
    copy(tools::workspace(), &context, &|path| {
        let path = path.strip_prefix(tools::workspace()).unwrap();
        (!without.is_empty() && path == Path::new(without)) || ignored.has(path)
    });
    fs::write(bin.join("cargo"), CARGO).unwrap();
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();

    let mut directory = root.clone();
    let mut target = PathBuf::new();
    let in_root = |path: &str| root.join(path.trim_start_matches('/'));
    let instructions = instructions(dockerfile);
    let stage = instructions.iter().skip(1);
    for (instruction, words) in stage.take_while(|(instruction, _)| instruction != "FROM") {
        match instruction.as_str() {
            "WORKDIR" => {
                directory = in_root(words);
                fs::create_dir_all(&directory).unwrap();
            }
            "ENV" => target = in_root(words.strip_prefix("CARGO_TARGET_DIR=").expect("the one")),
            "COPY" => {
                let words: Vec<_> = words.split(' ').collect();
                let (to, from) = words.split_last().expect("a destination");
                for from in from.iter().map(|from| context.join(from)) {
                    if !from.exists() {
                        return Err(format!("COPY: {} is not there", from.display()));
                    }
                    let name = from.file_name().filter(|_| from.is_file());
                    let to = name.map_or(directory.join(to), |name| directory.join(to).join(name));
                    fs::create_dir_all(to.parent().unwrap()).unwrap();
                    copy(&from, &to, &|_| false);
                }
            }
            "RUN" => run(words, &root, &directory, &target)?,
            other => panic!("{other} is not in a stage that builds"),
        }
    }
    let mut sources = sources().into_iter().filter(|source| !ignored.has(source));
    match sources.find(|source| !directory.join(source).exists()) {
        Some(source) => Err(format!("{} is not there", source.display())),
        None => Ok(root),
    }
}

fn run(words: &str, root: &Path, directory: &Path, target: &Path) -> Result<(), String> {
    let path = std::env::var("PATH").unwrap();
    let root_text = root.display();
    let script = words
        .replace(" /target", &format!(" {root_text}/target"))
        .replace(" /programs", &format!(" {root_text}/programs"));
    let programs: Vec<_> = dockerfile::programs()
        .into_iter()
        .map(|(package, program)| format!("{package}={program}"))
        .collect();
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(directory)
        .env("PATH", format!("{root_text}/bin:{path}"))
        .env("CARGO", env!("CARGO"))
        .env("CARGO_TARGET_DIR", target)
        .env("PROGRAMS", programs.join(" "))
        .output()
        .expect("sh");
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn the_steps_of_the_image_lead_to_its_programs() {
    let dockerfile = file("deploy/Dockerfile");
    let root = build("whole", &dockerfile, "").unwrap_or_else(|error| panic!("{error}"));
    for program in dockerfile::installed() {
        assert!(root.join("programs").join(&program).is_file(), "{program}");
    }
    // the dependencies' layer has nothing of ours that a change of ours would make stale
    let before = dockerfile.split_once("COPY . .").expect("all of it").0;
    for (_, words) in instructions(before)
        .iter()
        .filter(|(name, _)| name == "COPY")
    {
        assert!(words.contains("Cargo."), "{words}");
    }
}

/// What is taken from the Dockerfile, what stands there instead, the file that the
/// workspace lacks, and what is said of it.
const FAULTS: [(&str, &str, &str, &str); 9] = [
    ("Cargo.toml Cargo.lock ./", "Cargo.toml ./", "", "lock file"),
    (
        "COPY migrations/Cargo.toml migrations/",
        "",
        "",
        "migrations",
    ),
    (" auth-service/benches/log_ins.rs", "", "", "log_ins"),
    (" deploy/local/benches/deployed/main.rs", "", "", "deployed"),
    ("--profile dist", "--profile shipped", "", "no profile"),
    (" -p migrations", "", "", "migrate"),
    ("", "", "proto/ticketing", "is not there"),
    ("", "", "proto/Cargo.toml", "COPY: "),
    ("", "", "shared/src/time.rs", "time.rs is not there"),
];

#[test]
fn a_step_that_lacks_something_fails() {
    let whole = file("deploy/Dockerfile");
    for (number, (taken, instead, without, error)) in FAULTS.iter().enumerate() {
        assert!(whole.contains(taken), "{taken}");
        let dockerfile = match *taken {
            "" => whole.clone(),
            taken => whole.replace(taken, instead),
        };
        let found = build(&number.to_string(), &dockerfile, without);
        let found = found.expect_err("it lacks something");
        assert!(found.contains(error), "{taken}{without}: {found}");
    }
}
