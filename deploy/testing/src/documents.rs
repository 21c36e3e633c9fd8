//! The documents: what they mention, and the shell commands that they give.
//!
//! Every fence of `sh` is run. The suite of `deploy/local` runs it beside both services,
//! the blocks of a document one after the other in one bash. A comment on the line before
//! the fence says otherwise: `<!-- run: NAME -->` leaves it to the test that asks
//! [`commands`] for the name, `<!-- not run: REASON -->` says why no test can run it.
//!
//! The next fence of `text` or `json` is what the commands print, on both outputs.

use crate::tree::{File, files};

/// The commands of one fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The path of its document.
    pub document: String,
    /// Who runs it.
    pub run: Run,
    /// One or more lines.
    pub commands: String,
    /// What the document says they print, if it does.
    pub output: Option<String>,
}

/// Who runs a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// The suite that has both services.
    BesideTheServices,
    /// The test that asks for this name.
    ByName(String),
    /// Nobody, for this reason.
    Not(String),
}

impl Run {
    /// Reads the line before a fence.
    fn read(before: &str) -> Self {
        let within = |start| before.strip_prefix(start)?.strip_suffix(" -->");
        let by_name = within("<!-- run: ").map(|name| Self::ByName(name.to_owned()));
        let not = within("<!-- not run: ").map(|reason| Self::Not(reason.to_owned()));
        by_name.or(not).unwrap_or(Self::BesideTheServices)
    }
}

/// All documents of the workspace.
#[must_use]
pub fn documents() -> Vec<File> {
    files(&[".md"])
}

/// The blocks of a document, in its order.
#[must_use]
pub fn blocks(document: &File) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut before = "";
    let mut lines = document.text.lines();
    while let Some(line) = lines.next().map(str::trim) {
        let Some(language) = line.strip_prefix("```") else {
            before = if line.is_empty() { before } else { line };
            continue;
        };
        let text: Vec<_> = lines
            .by_ref()
            .take_while(|line| line.trim() != "```")
            .collect();
        let text = text.join("\n");
        match (language, blocks.last_mut()) {
            ("sh", _) => blocks.push(Block {
                document: document.path.clone(),
                run: Run::read(before),
                commands: text,
                output: None,
            }),
            (
                "text" | "json",
                Some(Block {
                    output: output @ None,
                    ..
                }),
            ) => *output = Some(text),
            // nothing would run these, or compare them
            ("" | "bash" | "shell" | "console" | "text" | "json", _) => panic!(
                "{}: commands stand in a fence of `sh`, and the next of `text` or `json` is what \
                 they print; this is neither:\n{text}",
                document.path
            ),
            _ => (),
        }
        before = "";
    }
    blocks
}

/// The commands that the documents leave to the test that asks for this name.
#[must_use]
pub fn commands(name: &str) -> Vec<String> {
    let blocks = documents().iter().flat_map(blocks).collect::<Vec<_>>();
    let named = |block: &Block| block.run == Run::ByName(name.to_owned());
    let commands = blocks.into_iter().filter(named).map(|block| block.commands);
    let commands: Vec<_> = commands.collect();
    assert!(!commands.is_empty(), "no document has <!-- run: {name} -->");
    commands
}

/// Whether a text has a word, alone and not as a part of another.
#[must_use]
pub fn mentions(text: &str, word: &str) -> bool {
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(is_of_word) && !text[at + word.len()..].starts_with(is_of_word)
    })
}
